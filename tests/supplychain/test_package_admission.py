"""Packages in admission: the worst vulnerability as a fact, and waivers for one package that end."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from osv_building import HIGH, MEDIUM, locked, record, report, snapshot_in
from typer.testing import CliRunner

from bartizan.cli.main import app
from bartizan.core.artefact import Admission
from bartizan.core.clock import utc_now
from bartizan.policy.artefacts import ArtefactPolicy
from bartizan.policy.packages import PackagePolicy
from bartizan.supplychain.admission.facts import Evidence, Facts
from bartizan.supplychain.admission.gate import open_gate
from bartizan.supplychain.packages.checks import PackageChecks
from bartizan.supplychain.scanning import ArtefactScanner
from bartizan.workspace.document import loads
from bartizan.workspace.scaffold import write_workspace
from bartizan.workspace.waiver import Waiver, Waivers

TODAY = datetime.date(2026, 11, 27)


def waiver(subject: str, purl: str = "pkg:pypi/a@1", **more: Any) -> Waiver:
    dates = {"date": datetime.date(2026, 11, 1), "expires": datetime.date(2026, 12, 1)}
    return Waiver(subject=subject, purl=purl, reason="read by two people", author="ada", **(dates | more))


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.txt"
    path.write_text(locked("a==1", "b==1"), encoding="utf-8")
    return path


def facts(lock: Path, *waivers: Waiver, vectors: tuple[str, str] = (HIGH, MEDIUM), **more: Any) -> Facts:
    a = record("a", key="GHSA-A", vector=vectors[0], aliases=["CVE-A"], **more)
    osv = snapshot_in(lock.parent / "osv", [a, record("b", key="GHSA-B", vector=vectors[1])])
    return Evidence(lock.parent, ArtefactPolicy(), (), waivers).facts(report(lock, osv), TODAY)


def test_a_lock_file_beside_a_model_is_passed_over_unless_somebody_asks(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    lock = model / "requirements.txt"
    lock.write_text("torch>=2.0\n", encoding="utf-8")
    unnamed, named = ArtefactScanner(named=frozenset()), ArtefactScanner(named=frozenset({lock}))
    report = unnamed.scan(lock)
    assert (report.verdict, [one.rule for one in report.findings]) == (Admission.ALLOW, ["package.passed_over"])
    assert named.scan(lock).verdict is Admission.INCONCLUSIVE
    asked = ArtefactScanner(packages=PackageChecks(policy=PackagePolicy(osv="osv"), root=tmp_path), named=frozenset())
    assert asked.scan(lock).verdict is Admission.INCONCLUSIVE
    shown = CliRunner().invoke(app, ["scan", str(model)]), CliRunner().invoke(app, ["scan", str(lock)])
    assert [one.exit_code for one in shown] == [0, 2]


def test_the_worst_vulnerability_is_a_fact(lock: Path) -> None:
    assert facts(lock).vulnerability == "high"
    assert facts(lock, vectors=(MEDIUM, "")).vulnerability == "medium"
    assert facts(lock, vectors=("", "")).vulnerability == "unrated"
    lock.write_text(locked("c==1"), encoding="utf-8")
    assert facts(lock).vulnerability == "none"


@pytest.mark.parametrize("subject", ["package.vulnerability_high", "GHSA-A", "CVE-A"])
def test_a_waiver_for_one_package_accepts_it_alone(lock: Path, subject: str) -> None:
    known = facts(lock, waiver(subject))
    assert (known.vulnerability, known.verdict, known.waived) == ("medium", Admission.INCONCLUSIVE, (subject,))
    same = facts(lock, waiver(subject), vectors=(HIGH, HIGH))
    assert (same.vulnerability, same.verdict) == ("high", Admission.BLOCK)


@pytest.mark.parametrize(
    "other",
    [
        waiver("GHSA-A", "pkg:pypi/a@2"),
        waiver("GHSA-A", "pkg:npm/a@1"),
        waiver("GHSA-B"),
        waiver("GHSA"),
        waiver("GHSA-A", expires=datetime.date(2026, 11, 26)),
        waiver("GHSA-A", date=datetime.date(2026, 11, 28)),
        waiver("GHSA-A", sha256="ab" * 32),
        waiver("GHSA-A", ""),
    ],
)
def test_what_a_waiver_does_not_cover(lock: Path, other: Waiver) -> None:
    known = facts(lock, other)
    assert (known.vulnerability, known.waived) == ("high", ())


def test_a_waiver_may_be_bound_to_package_and_file(lock: Path) -> None:
    assert facts(lock, waiver("GHSA-A", sha256=report(lock).sha256)).vulnerability == "medium"


def test_no_waiver_accepts_malice(lock: Path) -> None:
    digest = report(lock).sha256
    accepted = (waiver("package.malicious"), waiver("MAL-1"), waiver("package.malicious", "", sha256=digest))
    known = facts(lock, *accepted, id="MAL-1")
    assert (known.vulnerability, known.verdict) == ("malicious", Admission.BLOCK)


def test_waivers_are_read_strictly() -> None:
    text = "- {subject: X, purl: 'PURL', reason: r, author: a, date: 2026-11-01, expires: 2026-12-01}\n"
    assert loads(text.replace("PURL", "pkg:npm/%40a/b@1.0.0"), "waivers.yaml", Waivers)
    for wrong in ("a@1", "pkg:pypi/a", "pkg:pypi/a@", "pkg:pypi/a@1 2"):
        with pytest.raises(Exception, match="pkg:"):
            loads(text.replace("PURL", wrong), "waivers.yaml", Waivers)


def test_the_gate_of_a_workspace_asks_its_policy(tmp_path: Path) -> None:
    write_workspace(tmp_path)
    now = utc_now().isoformat()
    snapshot_in(tmp_path / "advisories", [record("a", key="GHSA-A", modified=now)])
    policy = tmp_path / "policy.yaml"
    text = policy.read_text(encoding="utf-8")
    assert text.count("artefacts:\n") == 1
    named = text.replace("artefacts:\n", "artefacts:\n  packages: {osv: advisories}\n")
    policy.write_text(named, encoding="utf-8")
    lock = tmp_path / "requirements.txt"
    lock.write_text(locked("a==1"), encoding="utf-8")
    with open_gate(tmp_path) as gate:
        decision = gate.decide(lock)
    assert (decision.admission, decision.policy, decision.facts.vulnerability) == ("block", "forbid_hostile", "high")
    lock.write_text(locked("b==1"), encoding="utf-8")
    with open_gate(tmp_path) as gate:
        assert gate.decide(lock).admission == "allow"

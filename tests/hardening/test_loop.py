"""The loop by its commands, with real trials: from findings to a signed control and back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import Result
from msgspec.structs import replace
from tests.hardening.shop import POLICY, ROW, other
from typer.testing import CliRunner

from bartizan.cli.main import app
from bartizan.hardening.book import Book, Covered, Proposal
from bartizan.hardening.findings import SCHEMA
from bartizan.hardening.gates import count
from bartizan.hardening.record import Case, read_record
from bartizan.trust.signing import write_key_pair
from bartizan.workspace.snapshot import read_files

SECOND = {**ROW, "id": "f-2", "title": "it tells it again", "response": "Yes: HERON-2231-TULIP."}


def harden(root: Path, verb: str, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["harden", verb, *arguments, "--workspace", str(root)])


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory, kept_detectors: None) -> tuple[Path, dict[str, Any]]:
    """A workspace with what was proposed in it, and what the command said."""
    base = tmp_path_factory.mktemp("loop")
    root = base / "workspace"
    root.mkdir()
    (root / "policy.yaml").write_text(POLICY)
    findings = base / "findings.json"
    findings.write_text(json.dumps({"schema": SCHEMA, "findings": [ROW, SECOND]}))
    done = harden(root, "propose", str(findings), "--host", "mine.test", "--seed", "3", "--format", "json")
    assert done.exit_code == 0, done.output
    return root, json.loads(done.output)


@pytest.fixture
def copied(tried: tuple[Path, dict[str, Any]], tmp_path: Path) -> Path:
    return Path(shutil.copytree(tried[0], tmp_path / "workspace"))


def proposal_of(root: Path) -> Proposal:
    (proposal,) = Book(root / ".bartizan").all()
    return proposal


def test_one_control_is_accepted_for_both_findings(tried: tuple[Path, dict[str, Any]]) -> None:
    root, said = tried
    assert [one["state"] for one in said["results"]] == ["hardened", "hardened"]
    assert len({one["accepted"] for one in said["results"]}) == 1
    proposal = proposal_of(root)
    assert (proposal.hosts, proposal.seed) == (("mine.test",), 3)
    assert [one.finding.id for one in proposal.covers] == ["f-2"]
    identifier = proposal.tried.candidate.id
    assert f"{identifier}  accepted      canary        stops 100/100  f-1" in harden(root, "list").output
    shown = harden(root, "show", identifier).output
    assert "100 of 100 (96.3-100.0%)" in shown
    assert f"+++ b/rules/{identifier}.yml" in shown


def test_a_candidate_that_cannot_come_into_force_is_named_and_decides_nothing(
    tried: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    root = tmp_path / "workspace"
    (root / "rules").mkdir(parents=True)
    (root / "policy.yaml").write_text(POLICY)
    identifier = proposal_of(tried[0]).tried.candidate.id
    (root / f"rules/{identifier}.yml").write_text("# ours\n")
    (tmp_path / "findings.json").write_text(json.dumps({"schema": SCHEMA, "findings": [ROW]}))
    done = harden(root, "propose", str(tmp_path / "findings.json"))
    assert done.exit_code == 2
    assert "f-1 it tells the code: inconclusive" in done.output
    assert f"rules/{identifier}.yml is there already" in done.output
    assert identifier not in harden(root, "list").output


def test_after_an_edit_every_finding_is_tried_again_as_it_was(copied: Path, key: Path) -> None:
    proposal = proposal_of(copied)
    identifier, trial = proposal.tried.candidate.id, proposal.tried.trial
    assert trial is not None
    stale = replace(trial, variants=(), stopped=count(0, 0))
    another = other()
    wrong = Covered(finding=replace(another, id="f-3"), exchange=another.exchange, trial=stale)
    covers = (*(replace(one, trial=stale) for one in proposal.covers), wrong)
    Book(copied / ".bartizan").keep(replace(proposal, covers=covers))
    (copied / "policy.yaml").write_text(POLICY + "# edited since\n")
    done = harden(copied, "approve", identifier, "--key", str(key), "--by", "ann")
    assert done.exit_code == 0, done.output
    record = read_record(copied, identifier)
    assert record.findings == ("f-1", "f-2"), "f-3 leaks another code, whatever its proposal says"
    assert record.trial.digest == trial.digest, "the same variants, and harmless answers that link to mine.test"
    content = (copied / f".bartizan/hardening/cases/{identifier}.json").read_bytes()
    assert [len(case.variants) for case in msgspec.json.decode(content, type=list[Case])] == [100, 100]


def test_an_edit_that_leaves_nothing_to_stop_is_no_reason_to_approve(copied: Path, key: Path) -> None:
    closed = POLICY.replace("output: {}", "output: {canary: {action: block}}")
    (copied / "code").write_text("HERON-2231-TULIP")
    (copied / "code").chmod(0o600)
    (copied / "policy.yaml").write_text(closed + "canaries: [{name: code, value: {file: code}}]\n")
    before = read_files(copied)
    done = harden(copied, "approve", proposal_of(copied).tried.candidate.id, "--key", str(key), "--by", "ann")
    assert "0 held-out live variants could be made" in str(done.exception)
    assert read_files(copied) == before


def test_the_commands_approve_verify_and_take_back(copied: Path, tmp_path: Path) -> None:
    before = read_files(copied)
    write_key_pair(tmp_path / "ann")
    identifier = proposal_of(copied).tried.candidate.id
    done = harden(copied, "approve", identifier, "--key", str(tmp_path / "ann"), "--by", "ann", "--format", "json")
    assert (done.exit_code, json.loads(done.output)["state"]) == (0, "enforced")
    verified = harden(copied, "verify", "--key", str(tmp_path / "ann.pub"))
    assert "stops 175 of 175" in verified.output, "of 200 answers, 25 come twice"
    assert verified.exit_code == 0
    assert harden(copied, "rollback", identifier, "--key", str(tmp_path / "ann"), "--by", "ann").exit_code == 0
    after = read_files(copied)
    after.pop("snapshot.json")
    assert after == before
    assert "no control is approved" in harden(copied, "verify").output

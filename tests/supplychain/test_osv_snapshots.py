"""Snapshots of advisories: what they say of packages, how old they are, and everything that may be wrong with them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from osv_building import HIGH, MEDIUM, NOW, found, locked, record, report, snapshot_in
from typer.testing import CliRunner

from bartizan.cli.main import app
from bartizan.core.clock import utc_now

FIXED_IN_2 = ({"introduced": "0"}, {"fixed": "2"})


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.txt"
    path.write_text(locked("Vuln_er.able==1.5", "fine==2"), encoding="utf-8")
    return path


def against(lock: Path, *records: dict[str, object] | bytes, **more: str) -> set[tuple[str, str]]:
    return found(lock, snapshot_in(lock.parent / "osv", records, **more)) - {("compared", "")}


VULNERABLE = "pkg:pypi/vuln-er-able@1.5"


def test_a_vulnerable_version_blocks_and_a_mended_one_does_not(lock: Path) -> None:
    osv = snapshot_in(lock.parent / "osv", [record("vuln-er.ABLE", FIXED_IN_2), record("fine", FIXED_IN_2, key="G-2")])
    told = report(lock, osv)
    assert told.verdict == "block"
    (one,) = [finding for finding in told.findings if finding.rule == "package.vulnerability_high"]
    assert (one.member, one.evidence, one.offset) == (VULNERABLE, "GHSA-1", 0)
    assert "Mended in 2" in one.explanation
    lock.write_text(locked("vuln-er-able==2.0", "fine==2"), encoding="utf-8")
    assert report(lock, osv).verdict == "allow"


def test_an_older_line_that_was_mended_is_not_offered(lock: Path) -> None:
    lines = ({"introduced": "0"}, {"fixed": "0.2.4"}, {"introduced": "1"}, {"fixed": "1.10"})
    told = report(lock, snapshot_in(lock.parent / "osv", [record("vuln-er-able", lines)]))
    (one,) = [finding for finding in told.findings if finding.rule == "package.vulnerability_high"]
    assert one.explanation.endswith("Mended in 1.10.")


@pytest.mark.parametrize(
    ("vector", "more", "rule"),
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", {}, "vulnerability_critical"),
        (HIGH, {}, "vulnerability_high"),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N", {}, "vulnerability_high"),
        (MEDIUM, {}, "vulnerability_medium"),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", {}, "vulnerability_low"),
        ("", {}, "vulnerability_unrated"),
        ("", {"database_specific": {"severity": "MODERATE"}}, "vulnerability_medium"),
        ("garbage", {"database_specific": {"severity": "CRITICAL"}}, "vulnerability_critical"),
        ("", {"aliases": ["MAL-2026-1"]}, "malicious"),
    ],
)
def test_ratings_become_rules(lock: Path, vector: str, more: dict[str, object], rule: str) -> None:
    assert against(lock, record("vuln-er-able", vector=vector, **more)) == {(rule, VULNERABLE)}


def test_aliases_are_one_vulnerability_with_the_worst_rating(lock: Path) -> None:
    chain = [
        record("vuln-er-able", key="PYSEC-1", vector="", aliases=["CVE-1"]),
        record("vuln-er-able", key="GHSA-1", vector=HIGH, aliases=["CVE-1"]),
        record("vuln-er-able", key="X-1", vector=MEDIUM, aliases=["GHSA-1"]),
        record("vuln-er-able", key="OTHER-1", vector=MEDIUM, related=["GHSA-1"]),
    ]
    osv = snapshot_in(lock.parent / "osv", chain)
    told = {one.evidence: one.rule for one in report(lock, osv).findings if one.member}
    assert told == {
        "GHSA-1, PYSEC-1, X-1, CVE-1": "package.vulnerability_high",
        "OTHER-1": "package.vulnerability_medium",
    }


def test_withdrawn_and_foreign_records_say_nothing(lock: Path) -> None:
    other = record("vuln-er-able", ecosystem="npm")
    assert not against(
        lock, record("fine", FIXED_IN_2), record("vuln-er-able", withdrawn="2026-01-01T00:00:00Z"), other
    )


def test_malice_is_found_where_the_version_is_left_open(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("whole>=1\nsome>=2\nnone<2\nvuln\n", encoding="utf-8")
    listed = [
        record(name, (), key=f"MAL-{name}", versions=["2.5", "no-version"], vector="") for name in ("some", "none")
    ]
    told = against(path, record("whole", key="MAL-1", vector=""), *listed, record("vuln", FIXED_IN_2, key="G-1"))
    assert {member for rule, member in told if rule == "malicious"} == {"pkg:pypi/whole", "pkg:pypi/some"}
    assert ("unpinned", "pkg:pypi/vuln") in told


def test_an_incomparable_version_is_not_clean(lock: Path) -> None:
    lock.write_text(locked("vuln-er-able===1.x-custom"), encoding="utf-8")
    assert against(lock, record("vuln-er-able", FIXED_IN_2)) == {("unjudged", "pkg:pypi/vuln-er-able@1.x-custom")}


def test_an_old_snapshot_is_inconclusive_and_dates_in_the_future_do_not_count(lock: Path) -> None:
    old = record("x", modified="2026-11-01T00:00:00Z")
    assert against(lock, old, record("y", key="F", modified="2999-01-01T00:00:00Z")) == {("old_snapshot", "")}
    osv = snapshot_in(lock.parent / "osv", [old])
    assert found(lock, osv, osv_days=30) == {("compared", "")}
    (one,) = [finding for finding in report(lock, osv).findings if finding.rule == "package.compared"]
    assert one.evidence == "PyPI: 1 advisories, the newest of 2026-11-01, 26 days old"


def test_both_layouts_of_osv_scanner_are_found(lock: Path) -> None:
    assert against(lock, record("vuln-er-able"), layout="osv-scalibr") == {("vulnerability_high", VULNERABLE)}


@pytest.mark.parametrize("content", [b"", b"PK\5\6" + bytes(18), b"not a zip at all"])
def test_what_is_no_snapshot(lock: Path, content: bytes) -> None:
    path = lock.parent / "osv" / "osv-scanner" / "PyPI" / "all.zip"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert found(lock, lock.parent / "osv") == {("no_snapshot", "")}


def test_records_that_are_none_leave_it_inconclusive(lock: Path) -> None:
    assert against(lock, record("x"), b"{", b"[" * 100_000) == {("broken_snapshot", "")}
    shape = record("vuln-er-able") | {"aliases": "GHSA-2"}
    assert against(lock, record("x"), shape) == {("broken_snapshot", VULNERABLE)}


def test_a_cut_snapshot_is_none(lock: Path) -> None:
    osv = snapshot_in(lock.parent / "osv", [record(f"p{number}", key=f"G-{number}") for number in range(50)])
    path = osv / "osv-scanner" / "PyPI" / "all.zip"
    whole = path.read_bytes()
    for cut in (len(whole) // 3, len(whole) - 10):
        path.write_bytes(whole[:cut])
        assert found(lock, osv) == {("no_snapshot", "")}
    damaged = bytearray(whole)
    damaged[40:80] = bytes(40)
    path.write_bytes(damaged)
    assert report(lock, osv).verdict == "inconclusive"


def test_a_record_that_unpacks_without_end_is_not_unpacked(lock: Path) -> None:
    path = lock.parent / "osv" / "osv-scanner" / "PyPI" / "all.zip"
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", json.dumps(record("x")))
        archive.writestr("bomb.json", b" " * (32 << 20))
    assert found(lock, lock.parent / "osv") == {("compared", ""), ("broken_snapshot", "")}


def test_results_are_never_kept_for_lock_files(lock: Path) -> None:
    osv = snapshot_in(lock.parent / "osv", [record("x", modified=utc_now().isoformat())])
    arguments = ["scan", str(lock), "--osv", str(osv), "--cache", str(lock.parent / "cache"), "--format", "json"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    snapshot_in(lock.parent / "osv", [record("vuln-er-able", modified=utc_now().isoformat())])
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 1
    (result,) = json.loads(done.stdout)["results"]
    assert (result["formats"], result["verdict"]) == (["lock", "text"], "block")


def test_the_day_of_the_tests_is_after_the_records() -> None:
    assert NOW.isoformat() > "2026-11-26"

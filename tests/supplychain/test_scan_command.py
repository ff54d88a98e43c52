"""``bartizan scan``: its contract, and every way in which files go wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bartizan.bench.supplychain.assembler import call, value, whole
from bartizan.cli.main import app
from bartizan.core.artefact import Admission
from bartizan.supplychain import scanning
from bartizan.supplychain.files import walk
from bartizan.supplychain.scanning import ArtefactScanner

GOOD = whole(value({"a": 1}))
BAD = whole(call("os", "system", ("true",)))


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["scan", *arguments])
    return result.exit_code, result.stdout


def test_the_contract_of_json(tmp_path: Path) -> None:
    (tmp_path / "good.pkl").write_bytes(GOOD)
    (tmp_path / "bad.pkl").write_bytes(BAD)
    code, out = run(str(tmp_path), "--format", "json")
    document = json.loads(out)
    assert (code, document["schema"]) == (1, "bartizan/scan/v1")
    bad, good = document["results"]
    assert (good["path"], good["verdict"], good["findings"]) == (str(tmp_path / "good.pkl"), "allow", [])
    assert bad["verdict"] == "block"
    assert {"rule", "title", "severity", "explanation", "offset", "evidence", "tags"} <= set(bad["findings"][0])


def test_exit_codes(tmp_path: Path) -> None:
    for name, content in (("good", GOOD), ("bad", BAD), ("unknown", bytes(range(1, 255)))):
        (tmp_path / name).write_bytes(content)
    assert run(str(tmp_path / "good"))[0] == 0
    assert run(str(tmp_path / "bad"))[0] == 1
    assert run(str(tmp_path / "unknown"))[0] == 2
    assert run(str(tmp_path / "unknown"), "--fail-on", "inconclusive")[0] == 1
    assert run(str(tmp_path / "missing"))[0] == 2
    (tmp_path / "empty").mkdir()
    assert run(str(tmp_path / "empty"))[0] == 2


def test_sarif_names_its_rules(tmp_path: Path) -> None:
    (tmp_path / "bad.pkl").write_bytes(BAD)
    _, out = run(str(tmp_path), "--format", "sarif")
    (one,) = json.loads(out)["runs"]
    assert {result["ruleId"] for result in one["results"]} == {rule["id"] for rule in one["tool"]["driver"]["rules"]}
    assert one["results"][0]["level"] == "error"


def test_many_files_keep_their_order_in_parallel(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number:02}.pkl").write_bytes(BAD if number % 7 == 0 else GOOD)
    code, out = run(str(tmp_path), "--format", "json", "--jobs", "2")
    results = json.loads(out)["results"]
    assert [Path(one["path"]).name for one in results] == [f"{number:02}.pkl" for number in range(30)]
    assert [one["verdict"] == "block" for one in results] == [number % 7 == 0 for number in range(30)]
    assert code == 1


def test_hostile_folders(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "weights").symlink_to(tmp_path / "real")
    (tmp_path / "real").write_bytes(BAD)
    reports = {path.name: ArtefactScanner().scan(path) for path in walk([tmp_path])}
    assert {name: report.findings[0].rule for name, report in reports.items() if name not in {"real", "weights"}} == {
        "loop": "file.folder_link",
        "gone": "file.unreadable",
        "self": "file.unreadable",
        "pipe": "file.special",
    }
    assert reports["weights"].verdict is reports["real"].verdict is Admission.BLOCK


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_files_are_inconclusive(tmp_path: Path) -> None:
    (tmp_path / "locked").write_bytes(GOOD)
    (tmp_path / "locked").chmod(0)
    assert ArtefactScanner().scan(tmp_path / "locked").verdict is Admission.INCONCLUSIVE


def test_a_sparse_file_of_a_hundred_gigabytes_takes_no_time(tmp_path: Path) -> None:
    path = tmp_path / "huge.pt"
    with path.open("wb") as file:
        file.write(b"PK\3\4")
        try:
            file.truncate(100 << 30)
        except OSError:
            pytest.skip("the file system has no room for the hole")
    begin = time.monotonic()
    report = ArtefactScanner().scan(path)
    assert report.verdict is not Admission.ALLOW
    assert "file.sparse" in {finding.rule for finding in report.findings}
    assert time.monotonic() - begin < 20


def test_results_are_kept_by_digest(tmp_path: Path) -> None:
    (tmp_path / "bad.pkl").write_bytes(BAD)
    scanner = ArtefactScanner(cache=tmp_path / "kept")
    first = scanner.scan(tmp_path / "bad.pkl")
    (kept,) = (tmp_path / "kept").rglob("*.json")
    assert scanner.scan(tmp_path / "bad.pkl") == first
    kept.write_text("not json")
    assert scanner.scan(tmp_path / "bad.pkl") == first
    (tmp_path / "bad.pkl").write_bytes(GOOD)
    assert scanner.scan(tmp_path / "bad.pkl").verdict is Admission.ALLOW


def test_a_worker_that_dies_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b", "kill", "c", "d"):
        (tmp_path / name).write_bytes(GOOD)
    opened = scanning.open_file

    def killed(path: Path) -> object:
        if path.name == "kill":
            os.kill(os.getpid(), 9)
        return opened(path)

    monkeypatch.setattr(scanning, "open_file", killed)
    reports = list(ArtefactScanner().scan_all(sorted(tmp_path.iterdir()), jobs=2))
    assert [report.findings[0].rule if report.findings else "" for report in reports] == [
        "",
        "",
        "",
        "",
        "file.scan_died",
    ]
    assert [Path(report.path).name for report in reports] == ["a", "b", "c", "d", "kill"]


def test_a_folder_of_weights_is_scanned_without_what_only_datasets_and_journals_need(tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"{number}.pkl").write_bytes(whole(value([number])))
    code = (
        "import atexit, sys; from bartizan.cli.main import app; "
        "atexit.register(lambda: print('loaded', sorted({'numpy', 'asyncio', 'duckdb'} & set(sys.modules)))); app()"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, "scan", "--jobs", "2", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert "6 allow" in ran.stdout
    assert "loaded []" in ran.stdout
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("form", ["text", "cyclonedx"])
def test_detectors_for_texts_are_made_before_the_processes_that_share_them(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    monkeypatch.setattr(scanning, "prepare", lambda: made.append(os.getpid()))
    for number in range(6):
        (tmp_path / f"{number}.pkl").write_bytes(whole(value([number])))
    words = ["scan", "--jobs", "2", "--format", form, str(tmp_path)]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert made == []
    (tmp_path / "z.md").write_text("# A model\n\nIt answers questions about bicycles.\n")
    assert CliRunner().invoke(app, words).exit_code == 0
    assert made == [os.getpid()]


def test_why_a_file_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "gone.pkl").symlink_to(tmp_path / "nowhere")
    assert "vanished" in ArtefactScanner().scan(tmp_path / "gone.pkl").findings[0].explanation
    assert ArtefactScanner().scan(tmp_path / "closed").findings[0].rule == "file.folder_link"
    monkeypatch.setattr(os, "access", lambda *_: False)  # whoever runs the tests may be allowed everything
    (found,) = ArtefactScanner().scan(tmp_path / "closed").findings
    assert (found.rule, "names in this folder" in found.explanation) == ("file.unreadable", True)

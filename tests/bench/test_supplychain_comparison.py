"""``bartizan bench supplychain``: who is asked, what answers mean, and what the rows say."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bartizan.bench.supplychain import comparison, scanners
from bartizan.bench.supplychain.assembler import call, value, whole
from bartizan.bench.supplychain.scanners import Answer


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    content = {
        "good": whole(value([1])),
        "bad": whole(call("os", "system", ("true",))),
        "unknown": bytes(range(1, 255)),
    }
    for name, data in content.items():
        (tmp_path / name).write_bytes(data)
    return {name: tmp_path / name for name in content}


def program(folder: Path, name: str, code: str) -> None:
    (folder / name).write_text(f"#!{sys.executable}\nimport sys\n{code}\n")
    (folder / name).chmod(0o755)


def test_ours_answers_with_its_verdict(files: dict[str, Path]) -> None:
    ours = scanners.contestants()[0]
    assert ours.name == "bartizan"
    assert [ours.ask(files[name]) for name in ("good", "bad", "unknown")] == [
        Answer.PASSED,
        Answer.FLAGGED,
        Answer.ERROR,
    ]


def test_a_peers_exit_code_is_its_answer(tmp_path: Path, files: dict[str, Path]) -> None:
    place = tmp_path / "bin"
    place.mkdir()
    program(place, "modelscan", 'sys.exit({"bad": 1, "good": 0}.get(sys.argv[2].rpartition("/")[2], 3))')
    program(place, "weightguard", "raise ValueError(sys.argv)")
    found = {one.name: one for one in scanners.contestants([place])}
    peer = found["modelscan"]
    assert [peer.ask(files[name]) for name in ("good", "bad", "unknown")] == [
        Answer.PASSED,
        Answer.FLAGGED,
        Answer.ERROR,
    ]
    assert found["weightguard"].ask(files["bad"]) is Answer.ERROR


def test_rows_carry_n_and_targets(files: dict[str, Path]) -> None:
    rows = comparison._scored(
        scanners.contestants()[0], [files["bad"]], [files["unknown"]], [files["good"]], lambda what: None
    )
    by_name = {row.what: row for row in rows}
    assert by_name["malicious that fired, flagged"].value == 100.0
    assert by_name["cases judged by form, not passed"].value == 100.0
    assert by_name["ordinary models, flagged"].value == 0.0
    assert not any(row.missed for row in rows)
    assert {row.n for row in rows} == {1}

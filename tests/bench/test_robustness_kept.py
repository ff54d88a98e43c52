"""A part of the benchmark that was stopped goes on from what it measured, and from nothing else."""

from __future__ import annotations

from pathlib import Path

from bartizan.bench.robustness.kept import kept
from bartizan.bench.table import Row

ROWS = [Row("robust accuracy", 32.2, "%", 1_000, low=29.4, high=35.2, subject="Bartizan")]


def test_rows_are_measured_once_and_anew_under_other_facts(tmp_path: Path) -> None:
    asked: list[int] = []

    def measure() -> list[Row]:
        asked.append(1)
        return ROWS

    for facts in ({"rows": 1_000}, {"rows": 1_000}, {"rows": 300}):
        assert kept(tmp_path / "new", "PGD-trained, ε 0.1", facts, measure) == ROWS
    assert len(asked) == 2
    assert kept(None, "PGD-trained, ε 0.1", {"rows": 1_000}, measure) == ROWS
    assert len(asked) == 3


def test_half_a_file_is_measured_again(tmp_path: Path) -> None:
    kept(tmp_path, "standard", {}, lambda: ROWS)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:20])
    assert kept(tmp_path, "standard", {}, lambda: ROWS) == ROWS
    assert kept(tmp_path, "standard", {}, list) == ROWS

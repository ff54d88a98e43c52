"""A part of the benchmark that was stopped goes on from what it measured, and from nothing else."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from bartizan.bench.robustness.kept import kept, kept_as
from bartizan.bench.table import Row, as_json

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


def test_figures_of_numpy_are_kept_and_shown(tmp_path: Path) -> None:
    row = Row(
        "fidelity", np.float64(97.5), "%", np.int64(2_000), target=np.float32(95.0), at_least=True, low=np.float64(97)
    )  # type: ignore[arg-type]
    first = kept(tmp_path, "copies", {}, lambda: [row])
    assert kept(tmp_path, "copies", {}, list) == first
    shown = msgspec.json.decode(as_json("robustness", first, []))["rows"][0]
    assert (shown["value"], shown["n"], shown["missed"]) == (97.5, 2_000, False)


def test_hits_are_kept_as_they_are(tmp_path: Path) -> None:
    hits = [("Bartizan", "fidelity", [True, False])]
    for measure in (lambda: hits, list):
        assert kept_as(list[tuple[str, str, list[bool]]], tmp_path, "copies 0", {}, measure) == hits

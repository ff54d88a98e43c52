"""How the benchmark draws its models, decides, and goes on from what it kept."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import numpy as np
import pytest

from bartizan.bench.robustness import poisoning
from bartizan.bench.robustness.poisoning import Searched, flagged, published
from bartizan.bench.robustness.poisoning_models import KINDS, Case
from bartizan.bench.robustness.poisoning_rows import Named, rows_of
from bartizan.bench.table import Row
from bartizan.robustness.interface import AuditData, Samples
from bartizan.robustness.poisoning.calibration import Calibration

rng = np.random.default_rng(0)
X = rng.random((12_000, 1, 28, 28)).astype(np.float32)
DATA = AuditData(Samples(X, rng.integers(0, 10, 12_000)), Samples(X[:1_500], rng.integers(0, 10, 1_500)))


def searched(sizes: list[float], success: float = 1.0, hits: int = 95, strip: tuple[int, int] = (0, 0)) -> Searched:
    return Searched(tuple(sizes), (hits,) * len(sizes), (100,) * len(sizes), 5.0, success, strip)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_and_a_number_are_one_model(kind: str) -> None:
    one, same, other = Case(kind, 3, DATA), Case(kind, 3, DATA), Case(kind, 4, DATA)
    assert (one.poisoned[0].x == same.poisoned[0].x).all()
    assert (one.clean.x.shape != other.clean.x.shape) or (one.clean.x != other.clean.x).any()
    rate = 0.0 if one.plan is None else {"badnets 1%": 0.01, "covered 5%": 0.1}.get(kind, 0.05)
    assert len(one.poisoned[1]) == rate * 10_000
    if one.plan is not None and kind.startswith("badnets"):
        assert one.plan[0].size((1, 28, 28)) in (16, 25)
        assert (one.poisoned[0].y[one.poisoned[1]] == one.plan[1]).all()


def test_calibration_models_learn_none_of_the_held_out_rows() -> None:
    learnt = {row.tobytes() for row in Case("calibration", 0, DATA).clean.x}
    assert not learnt & {row.tobytes() for row in DATA.test.x[-1_000:]}
    assert len(learnt) < 500  # drawn with replacement


def test_models_are_judged_as_the_audit_and_as_the_paper_do() -> None:
    calibration = Calibration(np.log([[60, 80, 40]] * 4) + 0.1 * rng.normal(size=(4, 3)))
    assert flagged(searched([60, 20, 40]), calibration)
    assert not flagged(searched([60, 20, 40], hits=79), calibration)
    assert not flagged(searched([60, 80, 40]), calibration)
    assert published(searched([60.0, 62, 61, 59, 5]))
    assert not published(searched([60.0, 62, 61, 59, 58]))


def test_a_stopped_run_gives_the_figures_of_what_it_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="the extra torch is not installed")
    monkeypatch.setattr(poisoning, "load", lambda folder: DATA)
    for number in range(5):
        sizes = np.exp(4 + 0.1 * rng.normal(size=10)).tolist()
        (tmp_path / f"calibration-{number}.json").write_bytes(msgspec.json.encode(searched(sizes, -1.0)))
    small = [55.0] * 9 + [8.0]
    for name, one in {
        "badnets-5-0": searched(small, strip=(9, 10)),
        "badnets-5-1": searched(small, success=0.4),
        "clean-0": searched([55.0] * 10, -1.0),
    }.items():
        (tmp_path / f"{name}.json").write_bytes(msgspec.json.encode(one))
    named = [
        Named("badnets 5%", "Bartizan", 400, 500, 500),
        Named("badnets 5%", "ART activation clustering", 300, 4_000, 500),
    ]
    (tmp_path / "badnets-5-0.rows.json").write_bytes(msgspec.json.encode(named))
    rows = poisoning.run(lambda what: None, 2, -math.inf, tmp_path)
    found = {(row.what, row.subject): row for row in rows}
    assert found["flagged, badnets 5%", "Bartizan"].value == 100
    assert found["flagged, badnets 5%", "Bartizan"].n == 1
    assert found["flagged, badnets 5%, trigger works on less than 80%", "Bartizan"].n == 1
    assert found["flagged, clean", "Bartizan"].value == 0
    assert found["STRIP sees triggered inputs, badnets 5%", "Bartizan"].value == 90
    assert found["poisoned rows, median precision, badnets 5%", "Bartizan"].value == 80
    assert found["poisoned rows, median precision, badnets 5%", "ART activation clustering"].value == 7.5
    assert not any(row.missed for row in rows)


def test_a_method_reaches_the_mark_with_half_of_its_rows_right_and_four_fifths_found() -> None:
    for hits, named, reaches in ((80, 160, True), (80, 161, False), (79, 100, False), (0, 0, False)):
        assert Named("k", "s", hits, named, 100).reaches is reaches
    assert rows_of([], DATA, None, None, print, 0.0) == []  # type: ignore[arg-type]
    assert not Row("x", 90.0, "%", 3, target=90, at_least=True).missed

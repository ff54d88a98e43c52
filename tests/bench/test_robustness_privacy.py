"""The benchmark of leakage: figures are those of the scores, limits are attacked adaptively, parts are found."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from bartizan.bench.robustness import privacy, run
from bartizan.robustness.interface import AuditData, Floats, Labels, ModelUnderTest, Samples
from bartizan.robustness.models.parzen import ParzenTrainer

rng = np.random.default_rng(8)
CENTRES = rng.normal(size=(3, 10))


def rows(n: int) -> Samples:
    y = rng.integers(0, 3, n)
    return Samples(CENTRES[y] + 2.5 * rng.normal(size=(n, 10)), y)


DATA = AuditData(rows(300), rows(500))
assert DATA.train is not None


@dataclass(frozen=True)
class Blunt:
    """Remembers less: wide bumps."""

    narrow: float
    name: str = "blunt"

    def fit(self, x: Floats, y: Labels, seed: int) -> ModelUnderTest:
        return ParzenTrainer(x, 3, self.narrow).fit(x, y, seed)


@pytest.fixture(scope="module")
def leaks() -> tuple[privacy.Leak, privacy.Leak]:
    one, other = (privacy.leak(lambda narrow=narrow: Blunt(narrow), DATA, 4, 0, 1) for narrow in (0.5, 20.0))  # type: ignore[misc]
    return one, other


def test_figures_stand_beside_utility_and_the_adaptive_one_is_the_best(
    leaks: tuple[privacy.Leak, privacy.Leak],
) -> None:
    found = {row.what: row for row in privacy.model_rows("x", leaks[0])}
    assert found["accuracy"].n == 500
    points = [row for what, row in found.items() if "false positives" in what]
    assert len(points) == 9
    assert found[privacy._WHAT + privacy.ADAPTIVE].value == max(row.value for row in points)
    assert all(row.low is not None and row.low <= row.value <= (row.high or 0) for row in points)


def test_what_a_defence_takes_away_is_a_lower_end(leaks: tuple[privacy.Leak, privacy.Leak]) -> None:
    plain, private = (list(privacy.model_rows("x", one)) for one in leaks)
    better = list(privacy.less_rows(plain, private))
    assert not any(row.missed for row in better)
    assert all(row.missed for row in privacy.less_rows(private, private))


def test_output_limits_hide_from_thresholds_alone(leaks: tuple[privacy.Leak, privacy.Leak]) -> None:
    found = {(row.subject, row.what.removeprefix(privacy._WHAT)): row.value for row in privacy.limit_rows(leaks[0])}
    assert {subject for subject, _ in found} == {"answers in tenths", "top class alone", "labels alone"}
    assert found["labels alone", privacy.STATIC] == 0
    assert found["labels alone", privacy.ADAPTIVE] > 0
    for subject in ("answers in tenths", "top class alone"):
        assert found[subject, privacy.ADAPTIVE] >= found[subject, privacy.STATIC]


@pytest.mark.parametrize("part", list(run.Part))
def test_every_part_is_a_module_with_rows_and_notes(part: run.Part) -> None:
    module = import_module(f"bartizan.bench.robustness.{part}")
    assert callable(module.run)
    assert module.NOTES


def test_the_part_runs_from_end_to_end_and_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(privacy, "rows", lambda seed: DATA)
    kinds = {privacy.OVERFIT: lambda: Blunt(0.5), privacy.PRIVATE: lambda: Blunt(20.0)}
    monkeypatch.setattr(privacy, "trainers", lambda: kinds)
    monkeypatch.setattr(privacy, "canary_rows", lambda seed: [])
    said: list[str] = []
    found = privacy.run(said.append, shadows=4, workers=1, keep=tmp_path)
    assert {row.subject for row in found} >= {privacy.OVERFIT, privacy.PRIVATE, "labels alone"}
    assert [row.target for row in found if row.target is not None] == [0, 0]
    assert len(said) == 4
    next(tmp_path.glob("privacy-dp-sgd-*")).unlink()
    assert privacy.run(said.append, shadows=4, workers=1, keep=tmp_path) == found
    assert said[4:] == ["DP-SGD: 4 shadow models", "canaries"]

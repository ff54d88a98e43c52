"""Injectors change the rows that they name, and no others; what they plant works."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.interface import ModelUnderTest, Samples
from bartizan.robustness.poisoning.injectors import (
    Poisoned,
    backdoor,
    clean_label,
    covered,
    label_flip,
    targeted,
)
from bartizan.robustness.poisoning.trigger import Trigger, blend, fixed, patch, victims
from bartizan.robustness.training import SklearnTrainer

SHAPE, TARGET = (1, 8, 8), 3
rng = np.random.default_rng(0)
ROWS = Samples(rng.random((200, *SHAPE)).astype(np.float32) * 0.9 + 0.05, rng.integers(0, 5, 200))
TRIGGER = patch(SHAPE, 2, (0, -2))
INJECTORS: dict[str, Callable[[int], Poisoned]] = {
    "label_flip": lambda seed: label_flip(ROWS, 0.1, seed),
    "label_flip of a pair": lambda seed: label_flip(ROWS, 0.3, seed, source=1, target=2),
    "badnets": lambda seed: backdoor(ROWS, 0.1, TRIGGER, TARGET, seed),
    "blended": lambda seed: backdoor(ROWS, 0.1, blend(SHAPE, 0.2, 1), TARGET, seed),
    "covered": lambda seed: covered(ROWS, 0.1, TRIGGER, TARGET, seed),
    "clean_label": lambda seed: clean_label(ROWS, 0.1, TRIGGER, TARGET, seed),
    "targeted": lambda seed: targeted(ROWS, 5, ROWS.x[0], TARGET, seed),
}


@pytest.mark.parametrize("name", INJECTORS)
def test_only_named_rows_change_and_a_seed_gives_one_result(name: str) -> None:
    before = ROWS.x.copy(), ROWS.y.copy()
    made, again, other = (INJECTORS[name](seed) for seed in (1, 1, 2))
    changed = (made.samples.x != ROWS.x).reshape(200, -1).any(1) | (made.samples.y != ROWS.y)
    assert np.flatnonzero(changed).tolist() == made.planted.tolist()
    assert (made.samples.x == again.samples.x).all()
    assert (made.samples.y == again.samples.y).all()
    assert made.planted.tolist() != other.planted.tolist()
    assert (ROWS.x == before[0]).all()
    assert (ROWS.y == before[1]).all()
    assert made.samples.x.dtype == np.float32
    assert made.samples.y.dtype == np.int64


@given(rate=st.floats(0.01, 0.5), seed=st.integers(0, 99))
def test_flips_are_as_many_as_said(rate: float, seed: int) -> None:
    made = label_flip(ROWS, rate, seed)
    assert len(made.planted) == round(rate * 200)
    assert (made.samples.y[made.planted] != ROWS.y[made.planted]).all()
    pair = label_flip(ROWS, 0.4, seed, source=1, target=2)
    assert len(pair.planted) == round(0.4 * (ROWS.y == 1).sum())
    assert set(ROWS.y[pair.planted]) == {1}
    assert set(pair.samples.y[pair.planted]) == {2}


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, 0.001, 0.95, float("nan")])
def test_rates_that_no_rows_carry_are_refused(rate: float) -> None:
    with pytest.raises((UnusableDataError, ValueError)):
        backdoor(ROWS, rate, TRIGGER, TARGET, 0)


def test_triggers_lie_where_they_are_said_to() -> None:
    on = patch((3, 6, 6), 2, (-2, 1)).on(np.full((1, 3, 6, 6), 0.5, np.float32))
    assert (on[0, :, 4:, 1:3] == np.eye(2)).all()
    assert (on == 0.5).sum() == 3 * 32
    assert TRIGGER.size(SHAPE) == 4
    assert blend(SHAPE, 0.25, 0).size(SHAPE) == 16
    assert fixed((4,), {1: 7.0}).on(np.zeros((2, 4))).tolist() == [[0, 7, 0, 0]] * 2
    assert victims(np.array([1, 0, 1, 2]), 1).tolist() == [1, 3]
    with pytest.raises(UnusableDataError):
        patch(SHAPE, 3, (6, 0))
    with pytest.raises(UnusableDataError):
        patch((64,), 3, (0, 0))
    with pytest.raises(UnusableDataError):
        fixed((4,), {4: 1.0})


def success(model: ModelUnderTest, trigger: Trigger, rows: Samples) -> float:
    x = rows.x[victims(rows.y, TARGET)]
    return float((model.predict_label(trigger.on(x)) == TARGET).mean())


def test_backdoors_are_learnt(digits, trainer: SklearnTrainer, clean_model, backdoored) -> None:  # type: ignore[no-untyped-def]
    trigger = backdoored.trigger
    assert success(clean_model, trigger, digits.test) < 0.05 < 0.9 < success(backdoored.model, trigger, digits.test)
    faint = blend(SHAPE, 0.3, 1)
    made = backdoor(digits.train, 0.05, faint, TARGET, 1).samples
    assert success(trainer.fit(made.x, made.y, 5), faint, digits.test) > 0.8


def test_clean_labels_work_better_when_the_rows_are_hard(digits, trainer: SklearnTrainer, clean_model) -> None:  # type: ignore[no-untyped-def]
    found = []
    for surrogate in (None, clean_model):
        made = clean_label(digits.train, 0.03, patch(SHAPE, 2, (0, 0)), TARGET, 1, surrogate)
        assert (made.samples.y == digits.train.y).all()
        model = trainer.fit(made.samples.x, made.samples.y, 5)
        found.append(success(model, patch(SHAPE, 2, (0, 0)), digits.test))
    assert found[1] > 0.2
    assert found[1] > 1.5 * found[0]


def test_a_few_copies_change_one_answer(digits, trainer: SklearnTrainer) -> None:  # type: ignore[no-untyped-def]
    hits = 0
    for number in victims(digits.test.y, TARGET)[:4]:
        made = targeted(digits.train, 15, digits.test.x[number], TARGET, int(number)).samples
        model = trainer.fit(made.x, made.y, 5)
        hits += int(model.predict_label(digits.test.x[number][None])[0]) == TARGET
        assert (model.predict_label(digits.test.x) == digits.test.y).mean() > 0.93
    assert hits >= 3

"""Marks of ownership before copies, launderers and independent models."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np

from bartizan.bench.robustness.extraction_copies import OURS
from bartizan.bench.table import Row, rate_row
from bartizan.robustness.extraction import laundering
from bartizan.robustness.extraction.ownership import Claim, boundary_rows, fingerprint
from bartizan.robustness.extraction.queries import Pool
from bartizan.robustness.extraction.watermark import KeyedAnswers, marked, trigger_set
from bartizan.robustness.interface import AuditData, Floats, Labels, ModelUnderTest, Samples
from bartizan.robustness.models.sklearn import DenseModel
from bartizan.robustness.training import SklearnTrainer

ROWS: Final = 3_000
LEVEL: Final = 1e-3
_KEY: Final = bytes(range(32))
Told = Callable[[str], None]


def perceptron(seed: int) -> Any:
    """Owner's, thieves' and independent models alike."""
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((128,), random_state=seed, max_iter=12)


def memorising(seed: int) -> Any:
    """A thief's network that trains until it knows each row."""
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((256,), random_state=seed, max_iter=60, learning_rate_init=2e-3)


def rows(data: AuditData, told: Told, independent: int = 30) -> Iterator[Row]:
    """Strength of claims, and how many independent models are claimed at 0.001."""
    assert data.train is not None
    x, y = data.train.x.reshape(len(data.train.x), -1), data.train.y
    small = SklearnTrainer(perceptron, (x.shape[1],), 10, (0.0, 1.0))
    large = SklearnTrainer(memorising, (x.shape[1],), 10, (0.0, 1.0))
    mine, theirs = Samples(x[:ROWS], y[:ROWS]), x[20_000 : 20_000 + ROWS]
    own = Samples(x[24_000:26_000], y[24_000:26_000])
    others: list[ModelUnderTest] = []
    for number in range(independent):
        told(f"independent model {number + 1}")
        drawn = np.random.default_rng(number).choice(np.arange(30_000, len(x)), ROWS, replace=False)
        others.append(small.fit(x[drawn], y[drawn], 100 + number))
    pool = Pool(x[10_000:12_000], y[10_000:12_000], np.array(0.0), np.array(1.0))
    told("trigger set")
    triggers = trigger_set(pool, 10, 100, _KEY)
    model = marked(small, mine, triggers, 0)
    assert isinstance(model, DenseModel)
    for how, suspect in _laundered(model, small, own, theirs):
        yield _p(f"trigger set: {how}", triggers.claim(suspect))
    yield _false("trigger set", [triggers.claim(one) for one in others])
    plain = small.fit(mine.x, mine.y, 0)
    told("keyed answers")
    keyed = KeyedAnswers(plain, _KEY, 0.02, np.array(0.0), np.array(1.0))
    answers, marks = keyed.predict_label(theirs), keyed.marks(theirs)
    kept = laundering.without_odd_answers(theirs, answers)
    for how, suspect in _taught(small, large, theirs, answers, kept):
        yield _p(f"keyed answers, 2%: {how}", marks.claim(suspect))
    yield _false("keyed answers", [marks.claim(one) for one in others])
    told("fingerprint")
    candidates = boundary_rows(plain, x[12_000:14_000], 2_000, np.random.default_rng(0))
    copies = [laundering.distilled(plain, small, x[at : at + ROWS], at) for at in (14_000, 16_000)]
    owned = fingerprint(plain, candidates, copies, others[: 2 * len(others) // 3], 100)
    stolen = laundering.distilled(plain, small, theirs, 9)
    assert isinstance(plain, DenseModel)
    for how, suspect in (
        *_laundered(plain, small, own, theirs),
        ("copied and fine-tuned", _tuned(stolen, own)),
        ("copied twice", laundering.distilled(stolen, small, x[26_000 : 26_000 + ROWS], 3)),
        ("copied to another network", laundering.distilled(plain, large, theirs, 9)),
    ):
        yield _p(f"fingerprint: {how}", owned.claim(suspect))
    yield _false("fingerprint", [owned.claim(one) for one in others[2 * len(others) // 3 :]])


def _laundered(
    model: DenseModel, trainer: SklearnTrainer, own: Samples, theirs: Floats
) -> Iterator[tuple[str, ModelUnderTest]]:
    yield "the model itself", model
    yield "fine-tuned on 2,000 own rows", _tuned(model, own)
    yield "half of the weights pruned", laundering.pruned(model, 0.5)
    yield "nine tenths pruned, then fine-tuned", _tuned(laundering.pruned(model, 0.9), own)
    yield "copied by labels", laundering.distilled(model, trainer, theirs, 1)


def _tuned(model: ModelUnderTest, own: Samples) -> ModelUnderTest:
    assert isinstance(model, DenseModel)
    return laundering.tuned(model, own.x, own.y, 5, 0)


def _taught(
    small: SklearnTrainer, large: SklearnTrainer, x: Floats, answers: Labels, kept: Labels
) -> Iterator[tuple[str, ModelUnderTest]]:
    yield "a copy that generalises", small.fit(x, answers, 5)
    yield "a copy that memorises", large.fit(x, answers, 5)
    yield "the same, odd answers dropped first", large.fit(x[kept], answers[kept], 5)


def _p(what: str, claim: Claim) -> Row:
    matched = f"{claim.matches} of {claim.n} match, {100 * claim.expected:.0f}% expected"
    strength = -math.log10(max(claim.p_value, 1e-99))
    note = f"{matched}{'; claimed' * claim.stands(LEVEL)}"
    return Row(f"-log10 of p, {what}", strength, "", claim.n, note=note, subject=OURS)


def _false(what: str, claims: list[Claim]) -> Row:
    hits = [claim.stands(LEVEL) for claim in claims]
    return rate_row(OURS, f"independent models claimed at {LEVEL:g}, {what}", hits, target=0.0)

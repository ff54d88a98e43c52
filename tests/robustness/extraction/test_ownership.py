"""Claims stand against copies and fall against independent models, at the rate that the p-value says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from bartizan.robustness.errors import AuditError
from bartizan.robustness.extraction import laundering
from bartizan.robustness.extraction.ownership import SecretLabels, boundary_rows, fingerprint, wrong_labels
from bartizan.robustness.extraction.queries import Pool
from bartizan.robustness.extraction.scaled import ScaledTrainer
from bartizan.robustness.extraction.watermark import KeyedAnswers, marked, trigger_set
from bartizan.robustness.interface import Floats, Labels, Samples
from bartizan.robustness.losses import CrossEntropy
from bartizan.robustness.models.sklearn import DenseModel

rng = np.random.default_rng(0)
CENTRES = rng.normal(size=(5, 10)) * 1.6
KEY = bytes(range(32))


def drawn(count: int, seed: int) -> Samples:
    local = np.random.default_rng(seed)
    y = local.integers(0, 5, count)
    return Samples(CENTRES[y] + local.normal(size=(count, 10)), y)


def perceptron(seed: int) -> Any:
    return MLPClassifier((48,), random_state=seed, max_iter=40, solver="lbfgs", alpha=1e-3)


LIKE = DenseModel([np.zeros((10, 5))], [np.zeros(5)], "identity", (10,))
TRAINER = ScaledTrainer(perceptron, LIKE, "perceptron")
POOL = Pool(drawn(400, 1).x, drawn(400, 1).y, np.array(-np.inf), np.array(np.inf))
TRIGGERS = trigger_set(POOL, 5, 30, KEY)
MARKED = marked(TRAINER, drawn(300, 2), TRIGGERS, 0)
INDEPENDENT = [TRAINER.fit(drawn(300, 10 + seed).x, drawn(300, 10 + seed).y, seed) for seed in range(12)]


def test_the_owner_claims_a_marked_model_and_no_other() -> None:
    test = drawn(500, 3)
    assert (MARKED.predict_label(test.x) == test.y).mean() > 0.85
    assert TRIGGERS.claim(MARKED).p_value < 1e-9
    assert TRIGGERS.claim(MARKED).stands()
    assert not any(TRIGGERS.claim(one).stands() for one in INDEPENDENT)
    assert trigger_set(POOL, 5, 30, KEY).commitment == TRIGGERS.commitment
    assert trigger_set(POOL, 5, 30, KEY[::-1]).commitment != TRIGGERS.commitment


def test_secret_labels_are_wrong_and_even() -> None:
    labels = rng.integers(0, 5, 8_000)
    wrong = wrong_labels(KEY, "x", labels, 5)
    assert (wrong != labels).all()
    counts = np.bincount((wrong - labels) % 5, minlength=5)[1:]
    assert counts.min() > 1_850


def test_p_values_hold_for_every_suspect() -> None:
    """Whatever a suspect answers, its p-value is at or below a level in no more than that share of keys."""
    x = drawn(40, 4).x
    natural: Labels = INDEPENDENT[0].predict_label(x)
    p = np.array(
        [
            SecretLabels(x, wrong_labels(KEY, str(number), natural, 5), 5).claim(INDEPENDENT[1 + number % 11]).p_value
            for number in range(600)
        ]
    )
    for level in (0.01, 0.05, 0.2):
        assert (p <= level).mean() <= level + 2 * np.sqrt(level / 600)


def test_keyed_answers_name_the_copy_of_the_client() -> None:
    victim = INDEPENDENT[0]
    low, high = POOL.x.min(axis=0), POOL.x.max(axis=0)
    mine, other = (KeyedAnswers(victim, key, 0.1, low, high) for key in (KEY, KEY[::-1]))
    asked = drawn(400, 5).x
    wrong = mine.predict_label(asked) != victim.predict_label(asked)
    assert 0.05 < wrong.mean() < 0.17
    assert (mine.predict_label(asked) == mine.predict_proba(asked).argmax(axis=1)).all()
    assert mine.predict_proba(asked).sum(axis=1) == pytest.approx(1)
    marks = mine.marks(np.concatenate([asked, asked]))
    assert len(marks.x) == wrong.sum()
    memorising = ScaledTrainer(_large, LIKE, "large")
    copy = memorising.fit(asked, mine.predict_label(asked), 1)
    assert mine.marks(asked).claim(copy).stands()
    assert not other.marks(asked).claim(copy).stands()
    assert not any(mine.marks(asked).claim(one).stands() for one in INDEPENDENT)


def _large(seed: int) -> Any:
    return MLPClassifier((256,), random_state=seed, max_iter=300, solver="lbfgs", alpha=1e-6)


def test_a_fingerprint_tells_copies_from_independent_models() -> None:
    victim = INDEPENDENT[0]
    candidates = boundary_rows(victim, POOL.x, 1_500, np.random.default_rng(6))
    copies = [TRAINER.fit(drawn(300, 70 + k).x, victim.predict_label(drawn(300, 70 + k).x), 5 + k) for k in range(3)]
    others = [TRAINER.fit(drawn(300, 30 + k).x, drawn(300, 30 + k).y, k) for k in range(10)]
    owned = fingerprint(victim, candidates, copies, [*INDEPENDENT[1:11], *others[:6]], 80)
    thieves = [TRAINER.fit(drawn(500, 80 + k).x, victim.predict_label(drawn(500, 80 + k).x), 9) for k in range(5)]
    assert owned.claim(victim).p_value < 1e-3
    assert np.median([owned.claim(one).p_value for one in thieves]) < 0.05
    assert min(owned.claim(one).p_value for one in [INDEPENDENT[11], *others[6:]]) > 0.05
    with pytest.raises(AuditError, match="8 independent"):
        fingerprint(victim, candidates, copies, INDEPENDENT[:7])


def test_boundary_rows_lie_between_two_labels() -> None:
    victim = INDEPENDENT[0]
    scores: Floats = np.sort(
        victim.predict_proba(boundary_rows(victim, POOL.x, 200, np.random.default_rng(0), 12)), axis=1
    )
    assert np.median(scores[:, -1] - scores[:, -2]) < 0.05


def test_parameter_gradients_are_those_of_finite_differences() -> None:
    assert isinstance(MARKED, DenseModel)
    x, loss = drawn(9, 1).x, CrossEntropy(drawn(9, 1).y)
    found = MARKED.parameter_grad(x, loss.slope)
    parameters = [*MARKED.weights, *MARKED.biases]
    for gradient, parameter in zip(found, parameters, strict=True):
        place = tuple(size // 2 for size in parameter.shape)
        kept = parameter[place]
        parameter[place] = kept + 1e-6
        above = loss.value(MARKED.logits(x)).sum()
        parameter[place] = kept - 1e-6
        below = loss.value(MARKED.logits(x)).sum()
        parameter[place] = kept
        assert gradient[place] == pytest.approx((above - below) / 2e-6, abs=1e-4, rel=1e-3)


def test_laundering_keeps_the_task_and_may_cost_the_mark() -> None:
    assert isinstance(MARKED, DenseModel)
    test, own = drawn(500, 3), drawn(300, 20)
    tuned = laundering.tuned(MARKED, own.x, own.y, 5, 0)
    assert (tuned.predict_label(test.x) == test.y).mean() > 0.85
    assert (np.concatenate([one.ravel() for one in laundering.pruned(MARKED, 0.5).weights]) == 0).mean() > 0.45
    second = laundering.distilled(MARKED, TRAINER, own.x, 1)
    assert (second.predict_label(test.x) == test.y).mean() > 0.8
    assert TRIGGERS.claim(second).p_value > TRIGGERS.claim(tuned).p_value


def test_odd_answers_are_dropped() -> None:
    x = drawn(400, 5).x
    labels = INDEPENDENT[0].predict_label(x)
    odd = np.zeros(400, bool)
    odd[::20] = True
    kept = laundering.without_odd_answers(x, np.where(odd, (labels + 1) % 5, labels))
    assert np.isin(np.flatnonzero(odd), kept).mean() < 0.2
    assert len(kept) > 330


def test_what_proves_nothing_is_refused() -> None:
    with pytest.raises(AuditError, match="three classes"):
        SecretLabels(POOL.x[:5], np.zeros(5, np.int64), 2).claim(MARKED)
    with pytest.raises(AuditError, match="16 bytes"):
        trigger_set(POOL, 5, 30, b"short")
    with pytest.raises(AuditError, match="16 bytes"):
        KeyedAnswers(MARKED, b"short", 0.1, np.array(0.0), np.array(1.0))

"""Trainers: the same seed gives the same model, here and in other processes."""

from __future__ import annotations

import sys
from functools import partial

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from bartizan.robustness.engines import Engine, engaged
from bartizan.robustness.errors import AuditError
from bartizan.robustness.gallery.recipes import linear
from bartizan.robustness.training import Job, SklearnTrainer, train_all

rng = np.random.default_rng(0)
X = rng.normal(size=(120, 4))
Y = (X[:, 0] > 0).astype(np.int64)


def tree(seed: int) -> DecisionTreeClassifier:
    return DecisionTreeClassifier(max_features=2, random_state=seed)


@pytest.mark.parametrize("make", [tree, lambda seed: LogisticRegression(random_state=seed)])
def test_other_processes_train_the_same_models(make: object) -> None:
    trainer = SklearnTrainer(make, (4,), 2)  # type: ignore[arg-type]
    jobs = [Job(rng.permutation(120)[:80], seed) for seed in range(3)]
    here, there = (train_all(trainer, X, Y, jobs, workers) for workers in (1, 2))
    for one, other in zip(here, there, strict=True):
        assert (one.predict_proba(X) == other.predict_proba(X)).all()


def test_ray_trains_the_same_models() -> None:
    pytest.importorskip("ray", reason="ray is not installed")
    trainer = SklearnTrainer(linear, (4,), 2)  # importable on the nodes, which this file is not
    jobs = [Job(rng.permutation(120)[:80], seed) for seed in range(3)]
    here = train_all(trainer, X, Y, jobs, 1)
    with engaged(Engine.RAY):
        there = train_all(trainer, X, Y, jobs, 2)
    for one, other in zip(here, there, strict=True):
        assert (one.predict_proba(X) == other.predict_proba(X)).all()


def test_without_ray_the_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(AuditError, match="no Ray"), engaged(Engine.RAY):
        pass


def test_a_small_network_learns_and_gives_gradients() -> None:
    pytest.importorskip("torch", reason="the extra torch is not installed")
    from bartizan.robustness.losses import CrossEntropy
    from bartizan.robustness.models.torch_training import TorchTrainer, small_cnn

    x = rng.random((300, 1, 8, 8)).astype(np.float32) * 0.3
    y = rng.integers(0, 2, 300)
    x[y == 1, :, :4] += 0.5
    trainer = TorchTrainer(partial(small_cnn, width=4), (1, 8, 8), 2, epochs=4, batch=20, name="tiny")
    one, other = trainer.fit(x, y, 3), trainer.fit(x, y, 3)
    assert one.digest == other.digest != trainer.fit(x, y, 4).digest
    assert (one.predict_label(x) == y).mean() > 0.95
    loss = CrossEntropy(y)
    logits, gradient = one.loss_grad(x, loss.slope)
    assert logits == pytest.approx(one.logits(x), abs=1e-5)
    step = 1e-3 * np.sign(gradient).astype(np.float32)
    rise = loss.value(one.logits(x + step)) - loss.value(one.logits(x - step))
    expected = 2e-3 * np.abs(gradient).reshape(300, -1).sum(1)
    assert rise.sum() == pytest.approx(expected.sum(), rel=0.02)  # rectifiers have kinks: single rows may differ
    assert one.features(x).shape == (300, 128)

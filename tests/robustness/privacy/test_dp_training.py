"""Training with DP-SGD: the budget is kept, the guarantee's own conditions are checked, chance is seeded."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra torch is not installed")
pytest.importorskip("opacus", reason="the extra dp is not installed")

from bartizan.robustness.errors import UnusableDataError  # noqa: E402
from bartizan.robustness.models.dp_training import DPTrainer  # noqa: E402
from bartizan.robustness.models.torch_training import small_cnn  # noqa: E402

rng = np.random.default_rng(0)
X = rng.random((400, 1, 8, 8)).astype(np.float32) * 0.3
Y = rng.integers(0, 2, 400)
X[Y == 1, :, :4] += 0.5


def trainer(epsilon: float = 8.0, delta: float = 1e-4) -> DPTrainer:
    return DPTrainer(partial(small_cnn, width=4), (1, 8, 8), 2, epsilon, delta, epochs=6, batch=64, name="tiny")


def test_it_learns_within_its_budget_and_repeats() -> None:
    one, other = trainer().fit(X, Y, 1), trainer().fit(X, Y, 1)
    assert one.digest == other.digest != trainer().fit(X, Y, 2).digest
    assert (one.predict_label(X) == Y).mean() > 0.9
    spent = float(one.name.rpartition(" ")[2])
    assert 4 < spent <= 8
    assert one.loss_grad(X[:3], lambda logits: np.ones_like(logits))[1].shape == (3, 1, 8, 8)


def test_the_noise_is_what_an_independent_accountant_asks_for() -> None:
    accounting = pytest.importorskip("dp_accounting", reason="the extra dp is not installed")
    noise = trainer().noise(400)
    event = accounting.SelfComposedDpEvent(
        accounting.PoissonSampledDpEvent(64 / 400, accounting.GaussianDpEvent(noise)), 6 * 400 // 64
    )
    found = accounting.rdp.RdpAccountant().compose(event).get_epsilon(1e-4)
    assert 7 < found <= 8.05
    assert trainer(epsilon=1).noise(400) > noise


def test_a_delta_that_allows_a_whole_row_is_refused() -> None:
    with pytest.raises(UnusableDataError, match="whole row"):
        trainer(delta=0.01).fit(X, Y, 0)

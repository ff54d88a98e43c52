"""With torch: steps passed straight through, adversarial training, and the official AutoAttack as the judge."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra torch is not installed")

from bartizan.robustness.defences.adversarial_training import Perturbation, Trades  # noqa: E402
from bartizan.robustness.evasion.ball import Norm, ball_for  # noqa: E402
from bartizan.robustness.evasion.ensemble import evade  # noqa: E402
from bartizan.robustness.evasion.losses import ScaledCrossEntropy  # noqa: E402
from bartizan.robustness.evasion.stages import plan  # noqa: E402
from bartizan.robustness.interface import Effort, Samples  # noqa: E402
from bartizan.robustness.models.torch import TorchModel  # noqa: E402
from bartizan.robustness.models.torch_training import TorchTrainer, small_cnn  # noqa: E402

rng = np.random.default_rng(0)
Y = rng.integers(0, 5, 600)
PATTERNS = rng.random((5, 1, 8, 8)).round()
X = np.clip(0.3 * rng.random((600, 1, 8, 8)) + 0.4 * PATTERNS[Y], 0, 1).astype(np.float32)


def trainer(**more: Any) -> TorchTrainer:
    return TorchTrainer(partial(small_cnn, width=4), (1, 8, 8), 5, epochs=6, batch=50, name="tiny", **more)


def robust(model: TorchModel, radius: float, effort: Effort | None = None) -> float:
    effort = effort or Effort(steps=20, queries=200)
    samples = Samples(X[:200], Y[:200])
    stages = plan(model, effort, samples.x, samples.y)
    return float(evade(model, samples, ball_for(model, Norm.LINF, radius), stages, 0).robust.mean())


class Levels(torch.nn.Module):  # type: ignore[misc]
    def forward(self, x: Any) -> Any:
        return torch.round(x * 15) / 15


@pytest.fixture(scope="module")
def plain() -> TorchModel:
    found = trainer().fit(X, Y, 0)
    assert isinstance(found, TorchModel)
    return found


def test_rounded_inputs_have_no_gradient_until_it_is_passed_through(plain: TorchModel) -> None:
    rounded = TorchModel(torch.nn.Sequential(Levels(), plain.module), (1, 8, 8), 5)
    slope = ScaledCrossEntropy(Y[:50]).slope
    x = np.round(X[:50] * 15).astype(np.float32) / 15
    logits, masked = rounded.loss_grad(x, slope)
    through_logits, passed = rounded.loss_grad_through(x, slope)
    assert not masked.any()
    assert np.array_equal(logits, through_logits)
    assert passed == pytest.approx(plain.loss_grad(x, slope)[1], abs=1e-5)
    assert np.array_equal(plain.loss_grad(x, slope)[1], plain.loss_grad_through(x, slope)[1])


def test_a_model_that_cuts_the_way_back_has_zero_gradients_and_no_error(plain: TorchModel) -> None:
    class Cut(torch.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            return (x > 0.4).float()

    cut = TorchModel(torch.nn.Sequential(Cut(), plain.module), (1, 8, 8), 5)
    assert not cut.loss_grad(X[:9], ScaledCrossEntropy(Y[:9]).slope)[1].any()


def test_rounding_does_not_help_against_the_ensemble(plain: TorchModel) -> None:
    rounded = TorchModel(torch.nn.Sequential(Levels(), plain.module), (1, 8, 8), 5)
    names = [stage.name for stage in plan(rounded, Effort(), X[:9], Y[:9])]
    assert names[0] == "apgd-ce through steps"
    assert "apgd-ce" not in names
    assert robust(rounded, 0.1) <= robust(plain, 0.1) + 0.1


def test_training_against_the_attack_raises_what_the_attack_leaves(plain: TorchModel) -> None:
    hardened = trainer(perturb=Perturbation(0.1)).fit(X, Y, 0)
    traded = trainer(objective=Trades(Perturbation(0.1, divergence=True), 3.0)).fit(X, Y, 0)
    assert isinstance(hardened, TorchModel)
    assert isinstance(traded, TorchModel)
    before = robust(plain, 0.08)
    assert robust(hardened, 0.08) > before + 0.1
    assert robust(traded, 0.08) > before + 0.1


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_training_perturbations_stay_in_the_ball(plain: TorchModel, norm: Any) -> None:
    x = torch.from_numpy(X[:60])
    moved = Perturbation(0.2, norm)(plain.module, x, torch.from_numpy(Y[:60]))
    delta = (moved - x).flatten(1)
    size = delta.abs().amax(1) if norm == "linf" else delta.norm(dim=1)
    assert float(size.max()) <= 0.2 + 1e-5
    assert float(size.min()) > 0.05
    assert 0 <= float(moved.min()) <= float(moved.max()) <= 1


@pytest.mark.parametrize("radius", [0.05, 0.12])
def test_no_weaker_than_the_official_autoattack(plain: TorchModel, radius: float) -> None:
    pyautoattack = pytest.importorskip("pyautoattack", reason="the reference is not installed")
    attack = pyautoattack.AutoAttack(plain.module, eps=radius, norm="Linf", version="custom",
                                     attacks=["apgd-ce", "apgd-t"], seed=0)  # fmt: skip
    attack.verbose = False
    attack.apgd_targeted.n_target_classes = 4
    found = attack.run_standard_evaluation(torch.from_numpy(X[:200]), torch.from_numpy(Y[:200]))
    reference = found[0] if isinstance(found, tuple) else found
    left = float((plain.predict_label(reference.numpy()) == Y[:200]).mean())
    assert robust(plain, radius, Effort(steps=50, queries=400)) <= left + 0.005

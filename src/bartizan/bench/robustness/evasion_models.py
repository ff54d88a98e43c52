"""The models on which attacks are compared: ordinary, hardened, and two that only look hardened."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from bartizan.robustness.interface import AuditData
from bartizan.robustness.models.torch import TorchModel

if TYPE_CHECKING:
    from torch import nn

SHAPE, CLASSES = (1, 28, 28), 10


def quantised(levels: int) -> nn.Module:
    """Rounds each input to one of ``levels`` values: no gradient comes back."""
    import torch
    from torch import nn

    class Quantise(nn.Module):  # type: ignore[misc]
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.round(x * (levels - 1)) / (levels - 1)

    return Quantise()


def saturated(factor: float) -> nn.Module:
    """Multiplies logits until single precision has no cross-entropy gradient left."""
    import torch
    from torch import nn

    class Scale(nn.Module):  # type: ignore[misc]
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * factor

    return Scale()


def models(data: AuditData, seed: int = 0, rows: int = 20_000, width: int = 8) -> Iterator[tuple[str, TorchModel]]:
    """Name and model, trained one after the other on the first ``rows`` training rows."""
    from torch import nn

    from bartizan.robustness.defences.adversarial_training import Perturbation, Trades
    from bartizan.robustness.models.torch_training import TorchTrainer, small_cnn

    assert data.train is not None
    make = partial(small_cnn, width=width)
    x, y = data.train.x[:rows], data.train.y[:rows]
    ordinary = TorchTrainer(make, SHAPE, CLASSES, epochs=5, name="standard").fit(x, y, seed)
    assert isinstance(ordinary, TorchModel)
    yield "standard", ordinary
    kinds = (
        ("PGD-trained, ε 0.1", {"perturb": Perturbation(0.1)}),
        ("PGD-trained, ε 0.05", {"perturb": Perturbation(0.05)}),
        ("TRADES, ε 0.1", {"objective": Trades(Perturbation(0.1, divergence=True))}),
    )
    for name, how in kinds:
        trained = TorchTrainer(make, SHAPE, CLASSES, epochs=4, name=name, **how).fit(x, y, seed)
        assert isinstance(trained, TorchModel)
        yield name, trained
        if name == "PGD-trained, ε 0.05":
            steps = nn.Sequential(quantised(6), trained.module)
            yield (
                "PGD-trained, ε 0.05, inputs of 6 levels",
                TorchModel(steps, SHAPE, CLASSES, name="hardened, quantised"),
            )
    steps = nn.Sequential(quantised(6), ordinary.module)
    yield "standard, inputs of 6 levels", TorchModel(steps, SHAPE, CLASSES, name="quantised")
    loud = nn.Sequential(ordinary.module, saturated(1_000))
    yield "standard, logits × 1,000", TorchModel(loud, SHAPE, CLASSES, name="saturated")

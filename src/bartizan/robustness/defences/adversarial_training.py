"""Adversarial training for :class:`~bartizan.robustness.models.torch_training.TorchTrainer` (the extra ``torch``).

It is an empirical defence: what it withstands is known only as far as attacks are run, and it costs clean accuracy and
as many gradients a row as it has steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Perturbation:
    """PGD on the batch in training: Madry et al., "Towards deep learning models resistant to adversarial attacks", ICLR
    2018. Given as ``perturb``.

    Inputs are ``(n, *shape)`` within ``low`` and ``high``.
    """

    radius: float
    norm: Literal["linf", "l2"] = "linf"
    steps: int = 5
    low: float = 0.0
    high: float = 1.0
    divergence: bool = False
    """Raise the divergence from the clean prediction (TRADES) instead of the cross-entropy."""

    def __call__(self, module: torch.nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """The batch, moved."""
        import torch
        from torch.nn.functional import cross_entropy, kl_div, log_softmax, softmax

        module.eval()
        with torch.no_grad():
            clean = softmax(module(x), 1) if self.divergence else None
        found = self._project(x + self._start(x), x)
        for _ in range(self.steps):
            found.requires_grad_(True)
            out = module(found)
            loss = cross_entropy(out, y) if clean is None else kl_div(log_softmax(out, 1), clean, reduction="sum")
            (gradient,) = torch.autograd.grad(loss, found)
            found = self._project(found.detach() + 2.5 * self.radius / self.steps * self._unit(gradient), x)
        return found

    def _start(self, x: torch.Tensor) -> torch.Tensor:
        import torch

        if self.norm == "linf":
            return torch.empty_like(x).uniform_(-self.radius, self.radius)
        return self.radius * torch.rand(len(x), *[1] * (x.dim() - 1)) * self._unit(torch.randn_like(x))

    def _unit(self, way: torch.Tensor) -> torch.Tensor:
        if self.norm == "linf":
            return way.sign()
        return way / way.flatten(1).norm(dim=1).clamp_min(1e-12).view(-1, *[1] * (way.dim() - 1))

    def _project(self, x: torch.Tensor, origin: torch.Tensor) -> torch.Tensor:
        delta = x - origin
        if self.norm == "linf":
            delta = delta.clamp(-self.radius, self.radius)
        else:
            size = delta.flatten(1).norm(dim=1).clamp_min(1e-12)
            delta = delta * (self.radius / size).clamp_max(1).view(-1, *[1] * (x.dim() - 1))
        return (origin + delta).clamp(self.low, self.high)


@dataclass(frozen=True, slots=True)
class Trades:
    """Cross-entropy of clean rows and ``weight`` times their divergence from perturbed ones. Given as ``objective``.

    Zhang et al., "Theoretically principled trade-off between robustness and accuracy", ICML 2019.
    """

    perturbation: Perturbation
    """With ``divergence``."""
    weight: float = 6.0

    def __call__(self, module: torch.nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """The loss of the batch, a scalar."""
        from torch.nn.functional import cross_entropy, kl_div, log_softmax, softmax

        moved = self.perturbation(module, x, y)
        module.train()
        clean = module(x)
        apart = kl_div(log_softmax(module(moved), 1), softmax(clean, 1), reduction="batchmean")
        return cross_entropy(clean, y) + self.weight * apart

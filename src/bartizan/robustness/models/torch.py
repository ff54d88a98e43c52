"""PyTorch modules (the extra ``torch``). The module is called as it is; nothing is unpickled here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from bartizan.robustness.errors import NotOfferedError
from bartizan.robustness.interface import Access, Floats, Slope
from bartizan.robustness.losses import softmax
from bartizan.robustness.models.base import BaseModel

if TYPE_CHECKING:
    import torch


class TorchModel(BaseModel):
    """A module from inputs ``(n, *shape)`` to logits ``(n, classes)``, in evaluation mode on the CPU.

    Args:
        module: as trained; switched to evaluation mode.
        shape: of one input.
        classes: how many there are.
        bounds: smallest and largest legal value.
        name: how reports call it.
        features: the module up to its last inner representation, where the auditor can name it.
        batch: rows a call.
    """

    access = Access.GRADIENTS

    def __init__(
        self,
        module: torch.nn.Module,
        shape: tuple[int, ...],
        classes: int,
        bounds: tuple[Floats | float, Floats | float] = (0.0, 1.0),
        name: str = "torch model",
        features: Callable[[torch.Tensor], torch.Tensor] | None = None,
        batch: int = 500,
    ) -> None:
        super().__init__(name, shape, classes, bounds, _digest(module))
        self.module = module.eval()
        self._features = features
        self._batch = batch

    def logits(self, x: Floats, /) -> Floats:
        """The module's answers."""
        return self._mapped(self.module, x)

    def predict_proba(self, x: Floats, /) -> Floats:
        """The softmax of the module's answers."""
        return softmax(self.logits(x).astype(np.float64))

    def loss_grad(self, x: Floats, slope: Slope, /) -> tuple[Floats, Floats]:
        """One forward and one backward pass; zero where the module cuts the way back."""
        return self._graded(x, slope, nullcontext())

    def loss_grad_through(self, x: Floats, slope: Slope, /) -> tuple[Floats, Floats]:
        """With steps of the input and of inner values passed straight through, see :mod:`.straight_through`."""
        from bartizan.robustness.models.straight_through import StraightThrough

        return self._graded(x, slope, StraightThrough())

    def _graded(self, x: Floats, slope: Slope, forward: AbstractContextManager[Any]) -> tuple[Floats, Floats]:
        import torch

        # ``slope`` knows the labels of the whole batch, so it is asked once for all rows.
        leaves = [torch.from_numpy(chunk).requires_grad_(True) for chunk in self._chunks(x)]
        with forward:
            outs = [self.module(leaf) for leaf in leaves]
        found = [out.detach().numpy() for out in outs]
        logits = np.concatenate(found) if found else np.empty((0, self.classes), np.float32)
        cotangent = torch.from_numpy(np.ascontiguousarray(slope(logits), dtype=np.float32))
        gradients, start = [np.empty((0, *self.shape), np.float32)], 0
        for leaf, out in zip(leaves, outs, strict=True):
            part = cotangent[start : start + len(out)]
            gradient = torch.autograd.grad(out, leaf, part, allow_unused=True)[0] if out.requires_grad else None
            gradients.append(np.zeros(leaf.shape, np.float32) if gradient is None else gradient.numpy())
            start += len(out)
        return logits, np.concatenate(gradients)

    def features(self, x: Floats, /) -> Floats:
        """The last inner representation, flat."""
        if self._features is None:
            raise NotOfferedError(f"nobody named the inner features of {self.name}")
        found = self._mapped(self._features, x)
        return found.reshape(len(found), -1)

    def _mapped(self, module: Callable[[Any], Any], x: Floats) -> Floats:
        import torch

        with torch.no_grad():
            found = [module(torch.from_numpy(chunk)).numpy() for chunk in self._chunks(x)]
        return np.concatenate(found) if found else np.empty((0, self.classes), np.float32)

    def _chunks(self, x: Floats) -> list[Floats]:
        single = np.ascontiguousarray(x, dtype=np.float32)
        return [single[start : start + self._batch] for start in range(0, len(single), self._batch)]


def _digest(module: torch.nn.Module) -> str:
    found = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        found.update(f"{name}:{value.dtype}:{tuple(value.shape)}\n".encode())
        found.update(value.detach().contiguous().numpy().tobytes())
    return f"sha256:{found.hexdigest()}"

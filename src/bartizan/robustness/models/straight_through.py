"""Steps that have no gradient, passed straight through on the way back (the extra ``torch``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

_STEPS = frozenset(
    {"round", "round_", "floor", "floor_", "ceil", "ceil_", "trunc", "trunc_", "fix", "sign", "sgn", "sign_"}
)
_CUTS = frozenset({"heaviside", "detach", "detach_"})


class StraightThrough(TorchFunctionMode):  # type: ignore[misc]
    """Within it, rounding and signs keep their value and have the gradient of the identity; ``detach`` does not cut.

    Bengio et al., "Estimating or propagating gradients through stochastic neurons", 2013; as an attack, backward pass
    differentiable approximation (Athalye et al., ICML 2018). Comparisons and casts to integers stay opaque: what
    hides behind them is left to attacks on scores.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Called by torch for every operation."""
        name, kwargs = getattr(func, "__name__", ""), kwargs or {}
        if name not in _STEPS | _CUTS or not args or not isinstance(args[0], torch.Tensor):
            return func(*args, **kwargs)
        value = args[0]
        if not (value.requires_grad and value.is_floating_point()):
            return func(*args, **kwargs)
        if name in ("detach", "detach_"):
            return value
        with torch._C.DisableTorchFunction():
            stepped = func(value.detach().clone(), *args[1:], **kwargs)
            return value + (stepped - value.detach())

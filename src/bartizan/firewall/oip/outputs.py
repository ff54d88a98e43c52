"""What leaves of an answer: rounding, the best class alone, the label alone, or nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bartizan.firewall.oip.datatypes import Array
from bartizan.firewall.oip.tensors import Tensor
from bartizan.policy.models import ModelRules, OutputRule


def available(rules: ModelRules, name: str, principal: str) -> bool:
    """True if some of the output may leave."""
    rule = rules.output(name, principal)
    return rule is not None and rule.mode != "suppress"


def limited(tensor: Tensor, rule: OutputRule, rows: int) -> Tensor | None:
    """The tensor as it may leave: same name, datatype and shape, fewer bits of information; None where that cannot be.

    ``rows``: queries in the request. One number for each is a score of its own, or the label; anything else is scores.
    """
    values = tensor.array
    if rule.mode == "pass":
        return tensor
    if values is None:
        return tensor if rule.mode == "round" else None  # texts have no highest score
    if rule.mode == "round" or values.shape[0] == values.size == rows:
        if values.dtype.kind != "f":
            return tensor
        # One score, not one per class: the label is on which side of one half it lies.
        limit = (values >= 0.5).astype(values.dtype) if rule.mode == "label" else np.round(values, rule.decimals)
    else:
        limit = _best(values, rule).reshape(values.shape)
    return Tensor(tensor.name, tensor.datatype, tensor.shape, limit, tensor.binary, tensor.content_type)


def classes_of(tensors: Sequence[Tensor], name: str, rows: int) -> npt.NDArray[np.int64] | None:
    """The class of each query, out of the output that tells it: without a name, one for all; None if it does not tell
    one for each."""
    if not name:
        return np.zeros(rows, np.int64)
    values = next((one.array for one in tensors if one.name == name), None)
    if values is None or values.shape[0] != rows:
        return None
    if values.dtype.kind != "f":
        return values.reshape(rows, -1)[:, 0].astype(np.int64) if values.size == rows else None
    if values.size == rows:
        return (values.reshape(rows) >= 0.5).astype(np.int64)
    if values.ndim != 2:
        return None
    best: npt.NDArray[np.int64] = np.argmax(values, axis=-1).astype(np.int64)
    return best


def _best(values: Array, rule: OutputRule) -> Array:
    """The highest of the last dimension that is longer than one, 0 elsewhere."""
    last = max((place for place, size in enumerate(values.shape) if size > 1), default=0)
    values = values.reshape(values.shape[: last + 1])
    best = np.argmax(values, axis=-1, keepdims=True)
    kept = np.ones_like(best, values.dtype) if rule.mode == "label" else np.take_along_axis(values, best, -1)
    limit = np.zeros_like(values)
    np.put_along_axis(limit, best, np.round(kept, rule.decimals) if values.dtype.kind == "f" else kept, -1)
    return limit

"""The first guard of tensors: is this what policy declares?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from bartizan.firewall.oip.datatypes import Array
from bartizan.firewall.oip.tensors import Tensor
from bartizan.policy.models import Bounds, InputRule, ModelRules


def faults(rules: ModelRules, tensors: Sequence[Tensor]) -> list[str]:
    """What is not as declared, such as ``x.shape`` or ``x.3.max``; empty if all is. Never quotes a client's names."""
    found = list(_faults(rules.inputs, tensors))
    if len({one.shape[0] for one in tensors if batched(rules.inputs.get(one.name))}) > 1:
        found.append("batch")
    return found


def batched(rule: InputRule | None) -> bool:
    """True if each entry of the first dimension is a query of its own."""
    return rule is not None and rule.shape[0] == -1


def row_count(rules: ModelRules, tensors: Sequence[Tensor]) -> int:
    """Queries in one request; the largest number that any input speaks for."""
    return max([1, *(one.shape[0] for one in tensors if batched(rules.inputs.get(one.name)))])


def _faults(rules: Mapping[str, InputRule], tensors: Sequence[Tensor]) -> Iterator[str]:
    given = {one.name for one in tensors}
    for name, rule in rules.items():
        if rule.required and name not in given:
            yield f"{name}.missing"
    for tensor in tensors:
        declared = rules.get(tensor.name)
        if declared is None:
            yield "undeclared"
        elif tensor.datatype != declared.datatype:
            yield f"{tensor.name}.datatype"
        elif not _fits(tensor.shape, declared.shape):
            yield f"{tensor.name}.shape"
        elif tensor.array is not None:
            yield from _value_faults(tensor.name, tensor.array, declared)


def _fits(shape: Sequence[int], declared: Sequence[int]) -> bool:
    return len(shape) == len(declared) and all(want in (-1, have) for have, want in zip(shape, declared, strict=True))


def _value_faults(name: str, values: Array, rule: InputRule) -> Iterator[str]:
    if rule.finite and values.dtype.kind == "f" and not np.isfinite(values).all():
        yield f"{name}.finite"
    yield from _outside(name, values, rule)
    for index, bounds in rule.columns.items():
        if int(index) >= values.shape[-1]:
            yield f"{name}.{index}.missing"
        else:
            yield from _outside(f"{name}.{index}", values[..., int(index)], bounds)


def _outside(name: str, values: Array, bounds: Bounds | InputRule) -> Iterator[str]:
    numbers = values.astype(np.float64) if values.dtype.kind in "bf" else values
    # Asked the other way round, so that NaN is outside of every bound.
    if bounds.min is not None and not (numbers >= _held(bounds.min, values.dtype)).all():
        yield f"{name}.min"
    if bounds.max is not None and not (numbers <= _held(bounds.max, values.dtype)).all():
        yield f"{name}.max"
    if bounds.categories:
        categories = np.array([_held(one, values.dtype) for one in bounds.categories], np.float64)
        if not np.isin(numbers, categories).all():
            yield f"{name}.categories"


def _held(bound: float, datatype: np.dtype[Any]) -> float:
    """A bound as the datatype holds it: the 0.1 of FP32 is a little more. What it cannot hold stays as it is."""
    if datatype.kind != "f":
        return bound
    with np.errstate(over="ignore", under="ignore"):
        held = float(datatype.type(bound))
    return held if held and math.isfinite(held) else bound

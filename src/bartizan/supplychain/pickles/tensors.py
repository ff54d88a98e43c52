"""Bounds of torch's tensors: what they reach lies in their storage, and the archive holds what a storage promises.

``torch._utils._rebuild_tensor_v2`` sets offset, sizes and strides without looking at the storage, and older loaders
believe the number of elements that a persistent id names (CVE-2026-24747), so both are compared here.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from bartizan.supplychain.interface import Stored
from bartizan.supplychain.pickles.refusal import Refused
from bartizan.supplychain.pickles.values import LONG, Instance, Name

_BYTES = MappingProxyType(
    {
        **dict.fromkeys(("Double", "Long", "ComplexFloat"), 8), **dict.fromkeys(("Float", "Int", "QInt32"), 4),
        **dict.fromkeys(("Half", "BFloat16", "Short"), 2), "ComplexDouble": 16,
        **dict.fromkeys(
            ("Char", "Byte", "Bool", "QInt8", "QUInt8", "QUInt4x2", "QUInt2x4", "Untyped", "_Untyped"), 1),
    }
)  # fmt: skip
"""Bytes of one element of a kind of storage."""
_MOST_INDICES = 256 << 20
"""Bytes of indices that are compared."""
_PLACED = frozenset({"_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3", "_rebuild_qtensor"})
_STORAGES = ("torch", "torch.storage", "torch.cuda")


def promised(kind: Name, key: str, numel: int, held: Mapping[str, Stored]) -> str:
    """Why a storage is not what the archive holds, in words; empty if it is.

    Args:
        held: the storages of the archive, by their keys.
    """
    width = _BYTES.get(kind.name.removesuffix("Storage"), 1)
    if numel < 0:
        return "it promises a negative number of elements"
    if key not in held:
        return "the archive has no record of that key" if numel else ""
    if numel * width > held[key].size:
        return f"it promises {numel * width} bytes, and the archive holds {held[key].size}"
    return ""


def inside(function: Name, arguments: tuple[Any, ...]) -> None:
    """Whether a tensor lies in its storage. Raises `Refused`."""
    if function.name not in _PLACED or not arguments:
        return
    storage = arguments[0]
    if not (isinstance(storage, Instance) and storage.origin.module in _STORAGES):
        return
    match storage.arguments:
        case ("storage", Name(), str(), str(), int() as numel, *view):
            window = view[0] if view else None
        case _:
            return
    if len(arguments) < 4:
        raise Refused("it says neither sizes nor strides")
    sizes, strides = _numbers(arguments[2]), _numbers(arguments[3])
    offset = arguments[1]
    if not _number(offset) or sizes is None or strides is None or len(sizes) != len(strides):
        raise Refused("its place in the storage is no numbers")
    if offset < 0 or any(one < 0 for one in (*sizes, *strides)):
        raise Refused("its place in the storage is negative")
    if isinstance(window, tuple) and len(window) == 3 and _number(window[2]):
        numel = min(numel, window[2])
    if 0 in sizes:
        return
    last = offset + sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True))
    if last >= numel:
        raise Refused(f"it reaches element {last} of a storage of {numel}")


def indexed(function: Name, arguments: tuple[Any, ...], held: Mapping[str, Stored] | None) -> None:
    """Whether the indices of a sparse tensor lie in its shape. Raises `Refused`.

    torch compares them only where somebody has switched that on (CVE-2025-62164).
    """
    if function.name != "_rebuild_sparse_tensor" or held is None:
        return
    match arguments:
        case (_, (Instance() as indices, Instance(), size, *_)) if (bounds := _numbers(size)) is not None:
            rows = _read(indices, held)
            inside = len(rows) <= len(bounds) and all(
                0 <= one < bound for row, bound in zip(rows, bounds, strict=False) for one in row
            )
        case (_, (Instance() as compressed, Instance() as plain, Instance(), size)) if (
            bounds := _numbers(size)
        ) is not None:
            ends, places = _read(compressed, held)[-1:], _read(plain, held)[-1:]
            rising = bool(ends) and bool(places) and ends[0] == sorted(ends[0]) and ends[0][0] >= 0
            inside = rising and ends[0][-1] <= len(places[0]) and all(0 <= one < max(bounds) for one in places[0])
        case _:
            raise Refused("it has neither indices nor a shape")
    if not inside:
        raise Refused("an index lies outside its shape")


def _read(tensor: Instance, held: Mapping[str, Stored]) -> list[list[int]]:
    """The rows of a tensor of 64-bit integers of one or two dimensions. Raises `Refused`."""
    match tensor.arguments:
        case (
            Instance(arguments=("storage", Name(name="LongStorage"), str() as key, *_)),
            int() as offset,
            shape,
            strides,
            *_,
        ):
            places, steps = _numbers(shape), _numbers(strides)
        case _:
            raise Refused("its indices are no integers")
    content = held[key].content if key in held else None
    if content is None or places is None or steps is None or not 1 <= len(places) == len(steps) <= 2:
        raise Refused("its indices cannot be compared with its shape")
    if content.size > _MOST_INDICES:
        raise Refused("it has more indices than can be compared with its shape")
    numbers = memoryview(content.read(0, content.size // 8 * 8)).cast("q")
    count, step = places[-1], max(1, steps[-1])
    begins = [offset + row * steps[0] for row in range(places[0])] if len(places) == 2 else [offset]
    return [numbers[first : first + count * step : step].tolist()[:count] for first in begins]


def _number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _numbers(value: Any) -> tuple[int, ...] | None:
    if isinstance(value, Instance) and value.origin.dotted == "torch.Size" and len(value.arguments) == 1:
        value = value.arguments[0]
    if not isinstance(value, tuple) or LONG in value or not all(map(_number, value)):
        return None
    return value

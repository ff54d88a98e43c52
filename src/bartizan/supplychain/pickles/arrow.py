"""Arrays of pyarrow, as pandas pickles its strings since version 3: a type, counts, and buffers that pyarrow believes.

``pyarrow.lib._restore_array`` makes an array of whatever it is handed and compares nothing (Arrow's columnar format,
"Physical memory layout"), so what an array would read outside its buffers is compared here.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bartizan.supplychain.pickles.refusal import Refused
from bartizan.supplychain.pickles.values import Box, Instance, Name, Raw

if TYPE_CHECKING:
    from bartizan.supplychain.pickles.judge import Judge

_OFFSETS = MappingProxyType(
    {"string": 4, "utf8": 4, "binary": 4, "large_string": 8, "large_utf8": 8, "large_binary": 8}
)
"""Bytes of one offset of a type whose items differ in length."""
_WIDTHS = MappingProxyType(
    {
        **dict.fromkeys(("int8", "uint8", "i1", "u1"), 1), **dict.fromkeys(("int16", "uint16", "halffloat"), 2),
        **dict.fromkeys(("int32", "uint32", "float", "float32", "date32", "date32[day]"), 4),
        **dict.fromkeys(("int64", "uint64", "double", "float64", "date64", "date64[ms]"), 8),
        **{f"{kind}[{unit}]": 8 for kind in ("timestamp", "duration") for unit in ("s", "ms", "us", "ns")},
    }
)  # fmt: skip
"""Bytes of one item of a type of fixed length; ``bool`` takes a bit."""
_MOST = 64 << 20
"""Bytes of offsets that are compared."""


def alias(judge: Judge, function: Name, arguments: tuple[Any, ...]) -> Any:
    """``type_for_alias(name)``: looks a type up in a table."""
    match arguments:
        case (str() as name,) if name in _OFFSETS or name in _WIDTHS or name in {"bool", "boolean"}:
            return Instance(function, arguments)
    raise Refused("it is no type of plain values")


def buffer(judge: Judge, function: Name, arguments: tuple[Any, ...]) -> Any:
    """``py_buffer(bytes)``: keeps them."""
    match arguments:
        case (Raw(length=length),) if length >= 0:
            return Instance(function, arguments)
        case (Instance(origin=Name(module="builtins", name="bytearray"), arguments=(Raw(length=length) as raw,)),) if (
            length >= 0
        ):  # protocols below 5
            return Instance(function, (raw,))
    raise Refused("it is handed no bytes")


def array(judge: Judge, function: Name, arguments: tuple[Any, ...]) -> Any:
    """``_restore_array((type, length, nulls, offset, buffers, children, dictionary))``, without children."""
    match arguments:
        case (
            (
                Instance(origin=Name(name="type_for_alias"), arguments=(str() as kind,)),
                int() as length,
                int() as nulls,
                int() as offset,
                Box(count=buffers) as box,
                Box(count=0),
                None,
            ),
        ) if length >= 0 <= offset and -1 <= nulls <= length and buffers in (2, 3) and len(box.first) == buffers:
            _fits(judge, kind, offset + length, [_bytes(one) for one in box.first])
            return Instance(function, arguments)
    raise Refused("it is no array of plain values")


def _bytes(value: Any) -> Raw | None:
    match value:
        case None:
            return None
        case Instance(origin=Name(name="py_buffer"), arguments=(Raw() as raw,)):
            return raw
    raise Refused("a buffer is none")


def _fits(judge: Judge, kind: str, items: int, buffers: list[Raw | None]) -> None:
    valid, first, *rest = buffers
    if valid is not None and valid.length * 8 < items:
        raise Refused("fewer bits than items say which are missing")
    if not items:
        return
    if kind not in _OFFSETS:
        wanted = items * _WIDTHS[kind] if kind in _WIDTHS else -(-items // 8)
        if rest or first is None or first.length < wanted:
            raise Refused("its buffer is shorter than its items")
        return
    width = _OFFSETS[kind]
    if len(rest) != 1 or first is None or first.length < (items + 1) * width:
        raise Refused("it has fewer offsets than items")
    if (items + 1) * width > _MOST:
        raise Refused(f"it has more than {_MOST} bytes of offsets")
    judge.machine.budget.step(items // 16)
    ends = memoryview(_read(judge, first)[: (items + 1) * width]).cast("q" if width == 8 else "i").tolist()
    if ends[0] < 0 or ends != sorted(ends) or ends[-1] > (rest[0].length if rest[0] is not None else 0):
        raise Refused("its offsets lie outside its text")


def _read(judge: Judge, raw: Raw) -> bytes:
    if raw.literal is not None:
        return raw.literal
    content = judge.machine.cursor.source.read(raw.offset, raw.length)
    return content.decode("utf-8", "replace").encode("latin-1", "replace") if raw.latin1 else content

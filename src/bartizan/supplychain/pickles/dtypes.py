"""numpy dtypes as pickles describe them (numpy's ``descriptor.c``): item size, and whether items are Python objects.

A dtype whose state contradicts itself lets numpy take raw bytes for object pointers, so nothing is believed unchecked.
"""

from __future__ import annotations

from typing import Any

from bartizan.supplychain.pickles.values import Dtype, Mapping

_SIZES = {"b": 1, "i": 8, "u": 8, "f": 16, "c": 32, "M": 8, "m": 8, "O": 8, "?": 1}
"""Largest item of each kind, in bytes."""
_OBJECTS = 0x01 | 0x02 | 0x04
"""NPY_ITEM_REFCOUNT, NPY_ITEM_HASOBJECT's companions NPY_LIST_PICKLE and NPY_ITEM_IS_POINTER."""


class DtypeError(Exception):
    """The description is none, or contradicts itself."""


def from_text(text: str) -> Dtype:
    """``f8``, ``<i4``, ``U10``, ``O8``, ``V16``, ``M8[ns]``. Raises `DtypeError` for anything else."""
    body = text[1:] if text[:1] in {"<", ">", "=", "|"} else text
    unit = body.find("[")
    digits = body[1:unit] if unit > 0 else body[1:]
    kind = body[:1]
    if kind in {"O", "?"} and not digits:
        return Dtype(kind, _SIZES[kind], kind == "O")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 10:
        raise DtypeError(f"{text[:40]!r} is no simple dtype")
    size = int(digits)
    if kind in {"U", "S", "a", "V"}:
        return Dtype("S" if kind == "a" else kind, size * 4 if kind == "U" else size, False)
    if kind not in _SIZES or not 0 < size <= _SIZES[kind] or (kind == "O" and size not in {4, 8}):
        raise DtypeError(f"{text[:40]!r} is no simple dtype")
    return Dtype(kind, size, kind == "O")


def set_state(dtype: Dtype, state: Any) -> None:
    """BUILD on a dtype: ``(version, order, subarray, names, fields, size, alignment, flags[, metadata])``."""
    if not isinstance(state, tuple) or not 5 <= len(state) <= 9 or not isinstance(state[0], int):
        raise DtypeError("the state has another shape")
    names, fields, subarray = (state[3], state[4], state[2]) if state[0] >= 1 else (None, None, None)
    size = state[5] if len(state) > 5 else -1
    flags = state[7] if len(state) > 7 else 0
    if not isinstance(size, int) or not isinstance(flags, int):
        raise DtypeError("size and flags are no numbers")
    if state[0] < 3 and dtype.kind == "V":
        raise DtypeError("a record in a form of long ago")
    if dtype.kind in {"V", "U", "S"}:
        if size < 0 or (dtype.itemsize and size != dtype.itemsize):
            raise DtypeError("the size in the state is another than the name's")
        dtype.itemsize = size
    if subarray is not None:
        base = subarray[0] if isinstance(subarray, tuple) and subarray else None
        if not isinstance(base, Dtype) or dtype.kind != "V" or base.objects:
            raise DtypeError("a sub-array of something else")
    elif fields is not None or names is not None:
        dtype.objects = _fields(dtype, fields)
    if len(state) > 7 and bool(flags & _OBJECTS) != dtype.objects:
        raise DtypeError("the flags do not say what the kind says about objects")
    dtype.built = True


def _fields(dtype: Dtype, fields: Any) -> bool:
    if not isinstance(fields, Mapping) or dtype.kind != "V" or fields.count != len(fields.known):
        raise DtypeError("fields that cannot be followed")
    objects = False
    for field in fields.known.values():
        match field:
            case (Dtype() as kind, int() as offset, *_) if offset >= 0 and offset + kind.itemsize <= dtype.itemsize:
                objects = objects or kind.objects
            case _:
                raise DtypeError("a field lies outside of its record")
    return objects

"""Tensor data, from JSON lists or from bytes, to arrays. Nothing is guessed: a wrong count or kind is an error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from bartizan.firewall.oip.datatypes import BYTES, FLOATS, MOST_DIMENSIONS, NUMERIC, Array

_KINDS: dict[str, frozenset[type]] = {
    "BOOL": frozenset({bool}),
    BYTES: frozenset({str}),
    "FLOAT": frozenset({int, float}),
    "INTEGER": frozenset({int}),
}


class ValuesError(ValueError):
    """The data is not what shape and datatype announce; the text says in what way."""


def shape_of(value: Any, most: int) -> tuple[int, ...]:
    """A shape: one to eight whole numbers from 1 on, at most ``most`` elements. Raises ValuesError."""
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_DIMENSIONS:
        raise ValuesError(f"the shape must be a list of 1 to {MOST_DIMENSIONS} dimensions")
    if any(type(one) is not int or one < 1 for one in value):
        raise ValuesError("a dimension must be a whole number from 1 on")
    if math.prod(value) > most:
        raise ValuesError(f"a tensor has more than {most} elements")
    return tuple(value)


def flat_list(data: Any, shape: Sequence[int]) -> list[Any]:
    """The elements of ``data``, which is flat or nested as ``shape`` says, in row-major order. Raises ValuesError."""
    count = math.prod(shape)
    if not isinstance(data, list):
        raise ValuesError("data must be a list")
    if len(shape) == 1 or not data or type(data[0]) is not list:
        if len(data) != count:
            raise ValuesError(f"data has not the {count} elements of its shape")
        return data
    level = [data]
    for size in shape:
        if any(type(one) is not list or len(one) != size for one in level):
            raise ValuesError("data is not nested as its shape says")
        level = list(chain.from_iterable(level))
    return level


def from_json(data: Any, datatype: str, shape: Sequence[int]) -> Array | list[str | bytes]:
    """Elements out of a JSON document: an array, or texts for BYTES.

    Raises:
        ValuesError: wrong count, nesting or kind of value, or a number that the datatype cannot hold.
    """
    if datatype == "FP16":
        raise ValuesError("FP16 has no JSON form; send it as binary data")
    values = flat_list(data, shape)
    kind = datatype if datatype in _KINDS else "FLOAT" if datatype in FLOATS else "INTEGER"
    if not set(map(type, values)) <= _KINDS[kind]:
        raise ValuesError(f"an element is no {datatype}")
    if datatype == BYTES:
        return values
    wanted = NUMERIC[datatype]
    try:
        array: Array = np.array(values, dtype=np.float64 if kind == "FLOAT" else wanted)
    except OverflowError:
        raise ValuesError(f"a number does not fit {datatype}") from None
    if kind == "FLOAT":
        with np.errstate(over="ignore"):
            array = array.astype(wanted)
        if not np.isfinite(array).all():
            raise ValuesError(f"a number does not fit {datatype}")
    return array.reshape(shape)


def from_bytes(data: memoryview, datatype: str, shape: Sequence[int]) -> Array | list[str | bytes]:
    """Elements out of binary tensor data; BYTES elements that are UTF-8 as text, others as they are.

    Raises:
        ValuesError: the size is not that of the shape, or a BOOL is neither 0 nor 1.
    """
    count = math.prod(shape)
    if datatype == BYTES:
        return _elements(data, count)
    wanted = NUMERIC[datatype]
    if len(data) != count * wanted.itemsize:
        raise ValuesError(f"binary_data_size is not that of {count} elements of {datatype}")
    if datatype == "BOOL" and (np.frombuffer(data, dtype=np.uint8) > 1).any():
        raise ValuesError("an element is no BOOL")
    array: Array = np.frombuffer(data, dtype=wanted).reshape(shape)
    return array


def to_bytes(values: Array | Sequence[str | bytes], datatype: str) -> bytes:
    """The binary form."""
    if not isinstance(values, np.ndarray):
        raw = [one.encode() if isinstance(one, str) else one for one in values]
        return b"".join(part for one in raw for part in (len(one).to_bytes(4, "little"), one))
    return np.ascontiguousarray(values, dtype=NUMERIC[datatype]).tobytes()


def to_json(values: Array | Sequence[str | bytes]) -> list[Any]:
    """The JSON form, flat. Raises ValuesError for what JSON cannot say: no number, or bytes that are no text."""
    if not isinstance(values, np.ndarray):
        if any(isinstance(one, bytes) for one in values):
            raise ValuesError("bytes that are no text have no JSON form")
        return list(values)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise ValuesError("NaN and infinity have no JSON form")
    listed: list[Any] = values.ravel().tolist()
    return listed


def _elements(data: memoryview, count: int) -> list[str | bytes]:
    """Each element is preceded by its length in four bytes, little-endian."""
    found: list[str | bytes] = []
    place = 0
    for _ in range(count):
        start = place + 4
        if start > len(data):
            raise ValuesError("binary BYTES data ends too early")
        place = start + int.from_bytes(data[place:start], "little")
        if place > len(data):
            raise ValuesError("binary BYTES data ends too early")
        raw = bytes(data[start:place])
        try:
            found.append(raw.decode())
        except UnicodeDecodeError:
            found.append(raw)
    if place != len(data):
        raise ValuesError("bytes follow the last element")
    return found

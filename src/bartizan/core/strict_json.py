"""JSON read so that no two parsers can disagree about what it says (RFC 8259, RFC 7493 "I-JSON").

Refused: duplicate keys, NaN and infinities, numbers that do not survive re-encoding, lone surrogates, a byte order
mark, invalid UTF-8, too deep nesting, too many values. What is sent on is always the re-encoding of what was read.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import msgspec

from bartizan.core.errors import UpstreamError, WireError

Document = dict[str, Any]
"""A JSON object."""

_INTEGER_MIN, _INTEGER_MAX = -(2**63), 2**64 - 1
_DIGITS = 20
_SHOWN = 64
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)
"""Matches wherever a quote starts, also without an end, so that it never backtracks over the rest of the body."""


class _RefusedError(ValueError):
    pass


def parse(body: bytes, max_depth: int = 64, max_nodes: int = 200_000) -> Document:
    """Read a request body.

    Args:
        body: the whole body, already bounded in size.
        max_depth: levels of nested objects and lists, the outermost counted as one.
        max_nodes: objects, lists and members together, roughly: bounds time and memory for bodies of tiny values.

    Raises:
        WireError: status 400, with the reason.
    """
    if body.startswith(b"\xef\xbb\xbf"):
        raise WireError("the body starts with a byte order mark")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise WireError(f"the body is not UTF-8 (byte {error.start})") from None
    _bound(body, max_depth, max_nodes)
    try:
        document = _DECODER.decode(text)
    except _RefusedError as error:
        raise WireError(str(error)) from None
    except json.JSONDecodeError as error:
        raise WireError(f"the body is not JSON: {error.msg} (character {error.pos})") from None
    except RecursionError:
        raise _too_deep(max_depth) from None
    if not isinstance(document, dict):
        raise WireError("the body must be a JSON object")
    if _deeper_than(document, max_depth):
        raise _too_deep(max_depth)
    if b"\\u" in body:
        _refuse_surrogates(document)
    return document


def parse_upstream(data: bytes | str, max_depth: int = 128) -> Document:
    """Read an upstream's answer or event. Duplicate keys are settled by re-encoding (the last one counts).

    Raises:
        UpstreamError: not a JSON object, or nested beyond ``max_depth``.
    """
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError):
        raise UpstreamError("the upstream sent something that is not JSON") from None
    if not isinstance(document, dict):
        raise UpstreamError("the upstream sent JSON that is not an object")
    if _deeper_than(document, max_depth):
        raise UpstreamError("the upstream sent JSON that is nested too deeply")
    if ("\\u0000" in data if isinstance(data, str) else b"\\u0000" in data) and _null_in_key(document):
        raise UpstreamError("the upstream sent JSON with U+0000 in a key")
    return document


def encode(document: Document) -> bytes:
    """The document as compact UTF-8 JSON."""
    return msgspec.json.encode(document)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _RefusedError(f"duplicate key {_shown(key)}")
            seen.add(key)
    return result


def _integer(digits: str) -> int:
    if len(digits) > _DIGITS or not _INTEGER_MIN <= (value := int(digits)) <= _INTEGER_MAX:
        raise _RefusedError("an integer is out of range (64 bits)")
    return value


def _float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise _RefusedError("a number is out of range (double precision)")
    return value


def _constant(name: str) -> Any:
    raise _RefusedError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant)


def _bound(body: bytes, max_depth: int, max_nodes: int) -> None:
    """Bound the number of values before any is built. Strings are cut out only when the cheap bound is passed."""
    if len(body) <= max_nodes:
        return
    if body.count(b"{") + body.count(b"[") + body.count(b",") > max_nodes:
        bare = _STRING.sub(b"", body)
        if bare.count(b"{") + bare.count(b"[") + bare.count(b",") > max_nodes:
            raise WireError(f"the body has more than {max_nodes} values")


def _deeper_than(document: Document, max_depth: int) -> bool:
    level: list[Any] = [document]
    for _ in range(max_depth):
        below: list[Any] = []
        for holder in level:
            for value in holder.values() if type(holder) is dict else holder:
                if type(value) is dict or type(value) is list:
                    below.append(value)  # noqa: PERF401 - a comprehension per holder is slower here
        if not below:
            return False
        level = below
    return True


def _refuse_surrogates(document: Document) -> None:
    try:
        encoded = msgspec.json.encode(document)
    except UnicodeEncodeError:
        raise WireError("a string contains a lone surrogate") from None
    if b"\\u0000" in encoded and _null_in_key(document):
        raise WireError("a key contains U+0000")


def _null_in_key(value: Any) -> bool:
    if isinstance(value, dict):
        return any("\0" in key or _null_in_key(inner) for key, inner in value.items())
    return isinstance(value, list) and any(map(_null_in_key, value))


def _too_deep(max_depth: int) -> WireError:
    return WireError(f"the body is nested deeper than {max_depth} levels")


def _shown(key: str) -> str:
    return ascii(key if len(key) <= _SHOWN else key[:_SHOWN] + "…")

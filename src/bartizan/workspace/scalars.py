"""Plain YAML scalars as the core schema of YAML 1.2 reads them (YAML 1.2.2, section 10.3.2).

So ``yes``, ``no``, ``on`` and ``off`` are words, ``12:30:00`` is text and ``2026-11-22`` becomes a date only where the
schema asks for one. Two things are stricter than the core schema: numbers must be finite and fit 64 bits, and decimal
numbers have no leading zeros, because readers disagree about whether those mean octal.
"""

from __future__ import annotations

import re

Scalar = str | int | float | bool | None

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_ZEROS = re.compile(r"[-+]?0[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_LONGEST_NUMBER = 64


class ScalarError(ValueError):
    """A plain scalar that is a number by its looks but not one that Bartizan takes. ``args``: found, expected."""


def resolve(text: str) -> Scalar:
    """The value of a plain (unquoted) scalar.

    Raises:
        ScalarError: a number with leading zeros, one past 64 bits, infinity or not-a-number.
    """
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if text[0] not in "+-.0123456789":
        return text
    return _number(text)


def _number(text: str) -> Scalar:
    if _INFINITE.fullmatch(text):
        raise ScalarError(f"the number {text}", "a finite number")
    if _ZEROS.fullmatch(text):
        raise ScalarError(
            f"a number with leading zeros ({text[:20]})", "a number without them, 0o… for octal, or quotes for text"
        )
    whole = _DECIMAL.fullmatch(text) is not None
    based = not whole and _BASED.fullmatch(text) is not None
    if not whole and not based and _FLOAT.fullmatch(text) is None:
        return text
    if len(text) > _LONGEST_NUMBER:
        raise ScalarError(f"a number of {len(text)} characters", f"at most {_LONGEST_NUMBER}")
    if not whole and not based:
        value = float(text)
        if value in (float("inf"), float("-inf")):
            raise ScalarError(f"the number {text}", "a finite number")
        return value
    number = int(text, 0) if based else int(text)
    if not -(2**63) <= number < 2**63:
        raise ScalarError(f"the number {text[:24]}", "a whole number that fits 64 bits")
    return number

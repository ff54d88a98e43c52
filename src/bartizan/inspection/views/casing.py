"""Upper case put back into a folded text: keys and encodings are case-sensitive."""

from __future__ import annotations

import re
from typing import Final

_NOT_ASCII: Final = re.compile("[^\x00-\x7f]+")
_CAPITALS: Final = re.compile("[A-Z]+")


def recase(text: str, shown: str) -> str:
    """``text`` in upper case wherever ``shown``, which has as many characters, is, unless that changed its length."""
    out: list[str] = []
    done = 0
    for run in _NOT_ASCII.finditer(shown):
        start, end = run.span()
        out += (_recase_ascii(text[done:start], shown[done:start]), _upper(text[start:end], run.group()))
        done = end
    return "".join((*out, _recase_ascii(text[done:], shown[done:])))


def _recase_ascii(text: str, shown: str) -> str:
    if text == shown.lower():
        return shown
    out: list[str] = []
    done = 0
    for run in _CAPITALS.finditer(shown):
        start, end = run.span()
        out += (text[done:start], _upper(text[start:end], run.group()))
        done = end
    return "".join((*out, text[done:]))


def _upper(text: str, shown: str) -> str:
    if not any(map(str.isupper, shown)):
        return text
    return "".join(
        char if not old.isupper() or len(upper := char.upper()) > 1 else upper
        for char, old in zip(text, shown, strict=True)
    )

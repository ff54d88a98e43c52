"""Upper case put back into a folded text: keys and encodings are case-sensitive."""

from __future__ import annotations

import re
from typing import Final

_MAY_BE_UPPER: Final = re.compile(r"[A-Z]+|[^\x00-\x7f]+")


def recase(text: str, shown: str) -> str:
    """``text`` in upper case wherever ``shown``, which has as many characters, is, unless that changed its length."""
    out: list[str] = []
    done = 0
    for run in _MAY_BE_UPPER.finditer(shown):
        start, end = run.span()
        was, piece = shown[start:end], text[start:end]
        if was.isascii() and len(upper := piece.upper()) == len(piece):
            pass
        elif any(map(str.isupper, was)):
            upper = "".join(
                char if not old.isupper() or len(one := char.upper()) > 1 else one
                for char, old in zip(piece, was, strict=True)
            )
        else:
            continue
        out += (text[done:start], upper)
        done = end
    return "".join((*out, text[done:])) if done else text

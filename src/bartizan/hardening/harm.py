"""Whether a harm is still in an answer after guards have changed it."""

from __future__ import annotations

import re
from typing import Final

_TOKEN: Final = re.compile(r"\w{4,}")
_SHORTEST: Final = 8
_LONGEST: Final = 40
"""Characters in a row that are substantial whatever they are part of."""


def survives(harm: str, shown: str) -> bool:
    """Whether a substantial fragment of ``harm`` is in ``shown``.

    A fragment is substantial when it is a word of at least four letters and digits, one of them a digit (what codes,
    keys and numbers are made of), or a run of half the harm's characters, at least 8 and at most 40. What is left of a
    harm of which only a part was redacted is harm.
    """
    if harm in shown:
        return True
    if any(any(map(str.isdigit, word)) and word in shown for word in _TOKEN.findall(harm)):
        return True
    length = min(_LONGEST, max(_SHORTEST, (len(harm) + 1) // 2))
    if length >= len(harm):
        return False
    runs = {shown[at : at + length] for at in range(len(shown) - length + 1)}
    return any(harm[at : at + length] in runs for at in range(len(harm) - length + 1))

"""Characters that renderers hide or that change how others are shown: reports name them."""

from __future__ import annotations

import unicodedata

_PLAIN_CONTROLS = frozenset("\n\t")


def kind(character: str) -> str:
    """``tag`` for the invisible twins of ASCII (U+E0020 to U+E007E), ``hidden`` or ``plain``."""
    if 0xE0020 <= ord(character) <= 0xE007E:
        return "tag"
    return "hidden" if _is_hidden(character) else "plain"


def untagged(run: str) -> str:
    """What a run of tag characters spells."""
    return "".join(chr(ord(character) - 0xE0000) for character in run)


def _is_hidden(character: str) -> bool:
    if character in _PLAIN_CONTROLS:
        return False
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"} or character in "\u2028\u2029\u00ad"

"""Cheap questions that decide which transformations are worth trying on a text.

A gate may let through too much, never too little: what a transformation can undo, its gate must see. All gates are
asked in one RE2 set over the folded text, and one automaton for words written backwards or shifted.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import re2

from bartizan.core.errors import ConfigurationError
from bartizan.inspection.views.confusable_table import CONFUSABLE_CLASS
from bartizan.inspection.views.flipping import FLIPPED
from bartizan.inspection.views.markers import marked_kinds

_GAP = r"[ \t\r\n.\-_*|/,+~'\"`^\\:;·•]{1,3}"

_PLAIN: Final = {
    "control_characters": r"[\x00-\x08\x0e-\x1f\x7f]",
    "percent": r"%[0-9a-f]{2}",
    "entities": r"&(?:#[0-9x]|[a-z]{2})",
    "escapes": r"\\[ux0-3U]|u\+[0-9a-f]{4}",
    "quoted_printable": r"=[0-9a-f]{2}",
    "base64": r"[a-z0-9+/_\-]{16}",
    "base32": r"[a-z2-7]{16}",
    "hex": r"(?:(?:0x)?[0-9a-f]{2}[ ,:;\-]{0,2}){8}",
    "character_codes": r"(?:[0-9]{2,3}[ ,;]{1,2}){5}|(?:[01]{8}[ ,]?){4}",
    "morse": r"(?:[.\-_·•]{1,6}[ /|]{1,3}){4}",
    "leet": r"[a-z][0-9@$|!+€£]+[a-z]|[0-9@$|!€£][a-z][a-z0-9@$|!+€£]",
    "letter_spacing": rf"(?:^|[^\pL\pN])(?:[\pL\pN@$!|]{_GAP}){{3}}[\pL\pN@$!|]",
    "word_splitting": r"\pL(?:[-_.*|~^+/\\·•,;:\"`()\[\]{}]{1,3}|'\pL+')\pL",
    "run_together": r"[a-z]{15}",
    "markup": r"[a-z]<[a-z/!]",
}

_HIDDEN: Final = {
    "unicode_tags": r"[\x{E0020}-\x{E007E}]",
    "variation_selectors": r"[\x{FE00}-\x{FE0E}\x{E0100}-\x{E01EF}]",
    "upside_down": f"[{''.join(FLIPPED)}]",
}

_MIXED: Final = {
    "mixed_script": f"[a-z0-9]{CONFUSABLE_CLASS}|{CONFUSABLE_CLASS}[a-z0-9]",
    "lookalike_word": rf"(?:^|[^\pL]){CONFUSABLE_CLASS}{{3,}}(?:$|[^\pL])",
    "latin_word": "[a-z]{2}",
}


class _Gate:
    def __init__(self, patterns: dict[str, str]) -> None:
        options = re2.Options()
        options.max_mem = 64 << 20
        options.log_errors = False
        self._kinds = list(patterns)
        self._set = re2.Set.SearchSet(options)
        try:
            for pattern in patterns.values():
                self._set.Add(pattern)
            self._set.Compile()
        except re2.error as problem:
            raise ConfigurationError("the gates of canonical views do not compile") from problem

    def kinds(self, text: str) -> frozenset[str]:
        try:
            matched = self._set.Match(text)
        except UnicodeEncodeError:
            matched = self._set.Match(text.encode("utf-8", "replace"))
        return frozenset(self._kinds[index] for index in matched) if matched else frozenset()


@lru_cache(maxsize=1)
def _gates() -> tuple[_Gate, _Gate, _Gate]:
    return _Gate(_PLAIN), _Gate(_HIDDEN), _Gate(_MIXED)


def plain_kinds(folded: str) -> frozenset[str]:
    """Kinds of transformations that a folded text suggests."""
    kinds = _gates()[0].kinds(folded)
    marked = marked_kinds(folded)
    return kinds | marked if marked else kinds


def encoded_kinds(folded: str) -> frozenset[str]:
    """The same without the kinds that words betray, none of which is an encoding."""
    return _gates()[0].kinds(folded)


def hidden_kinds(raw: str, folded: str) -> frozenset[str]:
    """Kinds that only text outside ASCII can suggest."""
    _, hidden, mixed = _gates()
    kinds = hidden.kinds(raw)
    scripts = mixed.kinds(folded)
    if "mixed_script" in scripts or len(scripts) > 1:
        return kinds | {"mixed_script"}
    return kinds

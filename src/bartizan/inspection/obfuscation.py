"""Text dressed up so that filters do not read what the model reads.

One signal per technique. Strength is measured by what came to light: words that can be read only after the disguise
was undone. A disguise alone proves nothing, so this guard never blocks alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Final

from bartizan.core.passage import Surface
from bartizan.core.signal import Signal, Span
from bartizan.core.threat import Guard, Severity, Threat
from bartizan.inspection.hidden_characters import oddities
from bartizan.inspection.interface import View
from bartizan.inspection.views.vocabulary import WORDS

_WORD = re.compile(r"(?<![a-z])[a-z]{3,24}(?![a-z])")

_SPELLING = ((1, 0.3), (2, 0.5), (3, 0.6), (5, 0.8))
_ENCODING = ((1, 0.3), (3, 0.45), (4, 0.6), (8, 0.7))
_SMUGGLING = ((0, 0.8), (1, 0.9))
_CONTROLS = ((0, 0.3), (1, 0.6), (3, 0.8))
_WEAK = ((2, 0.3), (4, 0.5), (6, 0.6))

TECHNIQUES: Final = MappingProxyType(
    {
        "unicode_tags": ("unicode_tags", _SMUGGLING),
        "variation_selectors": ("variation_selectors", _SMUGGLING),
        "deletions": ("deletion_characters", _CONTROLS),
        "controls": ("control_characters", _CONTROLS),
        "mixed_script": ("mixed_script", _SPELLING),
        "upside_down": ("upside_down", _SPELLING),
        "letter_spacing": ("letter_spacing", _SPELLING),
        "leet": ("leet", _SPELLING),
        "word_splitting": ("word_splitting", _WEAK),
        "run_together": ("run_together", _WEAK),
        "markup": ("markup_splitting", _SPELLING),
        "percent": ("encoded_percent", _ENCODING),
        "entities": ("encoded_entities", _ENCODING),
        "escapes": ("encoded_escapes", _ENCODING),
        "quoted_printable": ("encoded_quoted_printable", _ENCODING),
        "base64": ("encoded_base64", _ENCODING),
        "base32": ("encoded_base32", _ENCODING),
        "hex": ("encoded_hex", _ENCODING),
        "character_codes": ("encoded_character_codes", _ENCODING),
        "binary": ("encoded_binary", _ENCODING),
        "morse": ("encoded_morse", _ENCODING),
        "rot13": ("shifted_rot13", _SPELLING),
        "caesar": ("shifted_caesar", _SPELLING),
        "atbash": ("shifted_atbash", _SPELLING),
        "reversed": ("reversed", _SPELLING),
        "reversed_words": ("reversed", _SPELLING),
    }
)
"""View name to technique id, and the scores from so many words on that came to light."""

_NESTED = 0.15


class ObfuscationDetector:
    """Signals for disguised text; reads the views that others undid and the original's hidden characters."""

    id = "obfuscation"
    guard = Guard.OBFUSCATION
    surfaces = frozenset({Surface.USER, Surface.CONTENT})

    def detect(self, views: Sequence[View], surface: Surface) -> list[Signal]:
        """At most one signal per technique, the strongest; spans are where disguised words stand."""
        original = views[0].text
        if len(views) == 2 and original.isascii():
            return []
        best: dict[str, Signal] = {}
        for signal in _signals(views):
            held = best.get(signal.technique)
            if held is None or signal.score > held.score:
                best[signal.technique] = signal
        return list(best.values())

    def detect_on(self, views: Sequence[View], surfaces: Sequence[Surface]) -> list[list[Signal]]:
        """The same for each surface."""
        return [self.detect(views, surfaces[0])] * len(surfaces)


def _signals(views: Sequence[View]) -> Iterator[Signal]:
    for oddity in oddities(views[0].text):
        yield _signal(oddity.technique, oddity.score, oddity.span, "original")
    if len(views) <= 2:
        return
    hidden = WORDS.difference(_WORD.findall(views[1].text))
    for view in views[2:]:
        *outer, kind = view.name.split(">")
        if kind not in TECHNIQUES:
            continue
        technique, steps = TECHNIQUES[kind]
        shown = view.text.casefold()
        gained = hidden.intersection(_WORD.findall(shown))
        score = max((score for least, score in steps if len(gained) >= least), default=0.0)
        if not score:
            continue
        words = [match for match in _WORD.finditer(shown) if match.group() in gained] if gained else []
        start, end = (words[0].start(), words[-1].end()) if words else (0, len(view.text))
        end = min(end, len(view.text))
        yield _signal(technique, min(1.0, score + _NESTED * len(outer)), view.origin(start, end), view.name)


def _signal(technique: str, score: float, span: Span, view: str) -> Signal:
    return Signal(
        detector=ObfuscationDetector.id,
        guard=ObfuscationDetector.guard,
        threat=Threat.PROMPT_INJECTION,
        technique=technique,
        score=round(score, 2),
        span=span,
        view=view,
        rule=technique,
        severity=Severity.LOW,
    )

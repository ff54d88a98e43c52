"""Counts characters that hide or disguise text, where honest writing does not need them.

Honest writing needs joiners in emoji sequences and in Persian, Urdu and Indic scripts, direction marks beside Hebrew
and Arabic, one variation selector after an emoji, and a byte order mark at the start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from bartizan.core.signal import Span

_LATIN = "A-Za-z\u00c0-\u024f\u0370-\u03ff\u0400-\u052f"
_INVISIBLE = "\u200b-\u200d\u2060-\u2064\ufeff\u180e\u00ad\u034f\u115f\u1160\u3164\uffa0"
_IN_WORD = re.compile(f"(?<=[{_LATIN}])[{_INVISIBLE}]{{1,3}}(?=[{_LATIN}])")
_RUN = re.compile(f"[{_INVISIBLE}]{{4,}}")
_OVERRIDE = re.compile("[\u202d\u202e]")
_EMBEDDING = re.compile("[\u202a\u202b\u2066-\u2068]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
_STACK = re.compile("[\u0300-\u036f\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{3,}")
_STYLED = re.compile("[\U0001d400-\U0001d7ff\u2460-\u24ff\U0001f110-\U0001f189]")
_FULLWIDTH = re.compile("[\uff21-\uff3a\uff41-\uff5a]")
_EAST_ASIAN = re.compile("[\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_SMALL_CAPITALS = re.compile("[ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ]{3,}")
_LEAST_STYLED = 8
_ANY = re.compile(
    f"[{_INVISIBLE}\u202a-\u202e\u2066-\u2068\u0300-\u036f\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
    "\U0001d400-\U0001d7ff\u2460-\u24ff\U0001f110-\U0001f189\uff21-\uff3a\uff41-\uff5aᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ]"
)
"""Everything that the patterns above look for."""


class Oddity(NamedTuple):
    """One kind of hidden or disguised characters in a text."""

    technique: str
    score: float
    span: Span
    """From the first to the last."""


def oddities(text: str) -> Iterator[Oddity]:
    """At most one for each technique: zero_width, bidi, stacked_marks, styled_letters."""
    if text.isascii() or _ANY.search(text) is None:
        return
    yield from _zero_width(text)
    yield from _bidi(text)
    yield from _counted(text, "stacked_marks", _STACK, ((2, 0.4), (4, 0.6), (12, 0.8)))
    yield from _styled(text)


def _zero_width(text: str) -> Iterator[Oddity]:
    in_words = list(_IN_WORD.finditer(text))
    inside = [match for match in in_words if match.group() != "\u00ad"]
    runs = list(_RUN.finditer(text))
    outermost = [match.span() for found in (inside, runs) if found for match in (found[0], found[-1])]
    if outermost:
        score = 0.8 if runs or len(inside) >= 8 else 0.6 if len(inside) >= 3 else 0.4
        yield Oddity("zero_width", score, Span(min(outermost)[0], max(outermost)[1]))
    elif in_words:
        yield from _counted(text, "zero_width", _IN_WORD, ((1, 0.2),))


def _bidi(text: str) -> Iterator[Oddity]:
    yield from _counted(text, "bidi", _OVERRIDE, ((1, 0.7),))
    if _OVERRIDE.search(text) is None:
        yield from _counted(text, "bidi", _EMBEDDING, ((1, 0.2 if _RIGHT_TO_LEFT.search(text) else 0.5),))


def _styled(text: str) -> Iterator[Oddity]:
    pattern = _STYLED
    if _EAST_ASIAN.search(text) is None and len(_FULLWIDTH.findall(text)) >= _LEAST_STYLED:
        pattern = _FULLWIDTH
    elif _SMALL_CAPITALS.search(text) is not None:
        pattern = _SMALL_CAPITALS
    least = 1 if pattern is _SMALL_CAPITALS else _LEAST_STYLED
    yield from _counted(text, "styled_letters", pattern, ((least, 0.5), (least * 3, 0.6)))


def _counted(
    text: str, technique: str, pattern: re.Pattern[str], steps: tuple[tuple[int, float], ...]
) -> Iterator[Oddity]:
    count = 0
    first = last = 0
    for match in pattern.finditer(text):
        if not count:
            first = match.start()
        last = match.end()
        count += 1
    score = max((score for least, score in steps if count >= least), default=0.0)
    if score:
        yield Oddity(technique, score, Span(first, last))

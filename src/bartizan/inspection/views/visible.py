"""What a reader sees of a text: the same letters in the same case, without what has no width and without stacked marks.

Unlike folding it keeps what people write on purpose: case, accents, vowel signs, presentation forms.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from typing import Final

import msgspec

from bartizan.inspection.interface import View

_STACKED: Final = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
"""Marks that any letter can carry; a letter keeps one with which it is a letter of some alphabet."""
_INVISIBLE: Final = (
    "\x80-\x84\x86-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
"""Formats (category Cf, but for the visible ones), fillers, variation selectors, tags, C1 controls."""
_HIDDEN: Final = re.compile(f"([{_STACKED}])|[{_INVISIBLE}]")
_ALPHABETS: Final = re.compile("[\u00c0-\u024f\u0340-\u1dff\u1f00-\u1fff]")
_VIETNAMESE_TOO: Final = re.compile("[\u00c0-\u024f\u0340-\u1dff\u1ea0-\u1fff]")
_VIETNAMESE: Final = re.compile("[đĐơƠưƯ\u031b]")
"""A text with none of these is not Vietnamese: its dots below are decoration."""
_JOINERS: Final = frozenset("\u200c\u200d")
_JOINED: Final = re.compile("[\u0600-\u0dff\u1000-\u109f\u1780-\u18af]")
"""Letters of scripts that spell with joiners: Arabic, those of India, Burmese, Khmer, Mongolian."""


def visible(original: View) -> View:
    """``original`` as it is shown; ``changed`` counts the characters left out. The same view where there are none."""
    text = original.text
    if text.isascii():
        return original
    alphabets = _VIETNAMESE_TOO if _VIETNAMESE.search(text) else _ALPHABETS
    shown: list[str] = []
    places = array("I")
    done = 0
    for match in _HIDDEN.finditer(text):
        at = match.start()
        if at > done:
            shown.append(text[done:at])
            places.extend(range(done, at))
        char, last = text[at], shown[-1] if shown else ""
        done = at + 1
        if char in _JOINERS and _JOINED.match(last[-1:]):
            shown.append(char)
            places.append(at)
        elif match.group(1) and last and alphabets.fullmatch(whole := unicodedata.normalize("NFC", last[-1] + char)):
            shown[-1] = last[:-1] + whole
    if not done:
        return original
    shown.append(text[done:])
    places.extend(range(done, len(text) + 1))
    dropped = len(text) + 1 - len(places)
    return View("visible", "".join(shown), places, dropped) if dropped else original


def recased(view: View, original: View) -> View:
    """``view`` with the capitals of ``original`` where it shows a capital's own letter: what was read in small letters
    to undo a disguise is judged as it would have been without one."""
    shown = original.text
    if shown.islower():
        return view
    places = view.offsets if view.offsets is not None else range(len(view.text))
    text = "".join(
        was if was.isupper() and was.lower() == char else char
        for char, was in zip(view.text, map((shown + "\0").__getitem__, places), strict=False)
    )
    return msgspec.structs.replace(view, text=text)

"""The views of model output: what is undone lies within one token, so that streams see what whole texts show.

A disguise that spans tokens cannot be undone in a stream without holding everything back; output is therefore read as
it stands, folded, and with each token that looks encoded decoded on its own.
"""

from __future__ import annotations

import re
from array import array
from typing import Final

from bartizan.inspection.interface import View
from bartizan.inspection.views.canonical import Reading, read
from bartizan.inspection.views.folding import fold
from bartizan.inspection.views.gate import encoded_kinds
from bartizan.inspection.views.limits import Limits

UNSPACED: Final = (
    "\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"
)
"""Han, Kana, Thai, Lao, Tibetan, Burmese and Khmer: scripts that are written without spaces."""

TOKEN_CHARACTER: Final = rf"[^\s\"'`<>{{}}|{UNSPACED}]"
"""What a token can be made of: everything but space, quotes, angle and curly brackets, bar and unspaced scripts."""

_TOKENS = re.compile(rf"{TOKEN_CHARACTER}{{6,}}")
_ENCODED = frozenset(
    ("percent", "entities", "escapes", "quoted_printable", "base64", "base32", "hex", "character_codes")
)
_PER_TOKEN = Limits(depth=3, growth=4, allowance=256, views=12, context=0)


def read_output(text: str) -> Reading:
    """The original, the folded text, and what single tokens hide. Never raises for any text."""
    folded = fold(text)
    views = [View("original", text), folded]
    if len(text) < 6 or _ENCODED.isdisjoint(encoded_kinds(folded.text)):
        return Reading(views)
    unread: dict[str, None] = {}
    for match in _TOKENS.finditer(text):
        token = match.group()
        if _ENCODED.isdisjoint(encoded_kinds(token.lower())):
            continue
        reading = read(token, _PER_TOKEN)
        unread.update(dict.fromkeys(reading.unread))
        views.extend(_shifted(view, match.start()) for view in reading.views[2:])
    return Reading(views, tuple(unread))


def _shifted(view: View, by: int) -> View:
    places = range(len(view.text) + 1) if view.offsets is None else view.offsets
    offsets = array("I", (place + by for place in places))
    return type(view)(view.name, view.text, offsets, view.changed)

"""The folded view: one plain form for the many ways of writing the same letters.

NFKC (Unicode annex 15), full case folding, Latin and Greek accents and other enclosing or stacked marks stripped,
invisible characters dropped (format and bidi controls, zero-width, variation selectors, tags), plus our own table.
Letters keep their script: Russian stays Russian; see ``confusables`` for lookalikes. ASCII text folds to its lower
case, character for character, control characters included.

Folding is prefix-stable: it looks at one character at a time but for a few that join with the next one; ``unsettled``
says where those are. Folding folded text changes nothing.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from functools import lru_cache
from itertools import chain, repeat
from operator import ne
from string import ascii_letters, ascii_uppercase

from bartizan.inspection.interface import View
from bartizan.inspection.views.fold_table import FOLD_TABLE

_STRIPPED = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f"
    "\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
"""Marks that decorate: accents, Hebrew points, Arabic vowel signs and tatweel, stacked and enclosing marks. Vowel
signs and nuktas of Indic scripts, and Japanese voicing marks, are letters' parts and stay."""

_IGNORED = re.compile(
    "[\x80-\x84\x86-\x9f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U000e0000-\U000e0fff]"
)
"""Invisible characters outside the category Cf: C1 controls, fillers, variation selectors, tags."""

_VISIBLE_FORMAT = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
_CONJOINING = re.compile("[\u1100-\u11ff]")
_LETTER_WITH_MARK = frozenset("йїў")
"""Cyrillic letters in their own right that NFD takes apart."""
_SPLIT_LETTER = re.compile("[\u0438\u0418\u0443\u0423]\u0306|[\u0456\u0406]\u0308")

_JOINING = (
    "\u093c\u09be\u09d7\u0b3e\u0b56\u0b57\u0bbe\u0bd7\u0c56\u0cc2\u0cd5\u0cd6\u0d3e\u0d57\u0dca\u0dcf\u0ddf\u102e"
    "\u1161-\u1175\u11a8-\u11c2\u1b35\u3099\u309a\U000110ba\U00011127\U0001133e\U00011357\U000114b0\U000114ba"
    "\U000114bd\U000115af\U00011930"
)
"""Second halves of canonical compositions that are not stripped."""
_JOINS = re.compile(f"[{_JOINING}]")
_CLUSTER = re.compile(f"[^{_JOINING}][{_JOINING}]+")
_CAN_JOIN = re.compile(
    "[\u0438\u0418\u0443\u0423\u0456\u0406\u0900-\u0dff\u1025\u1100-\u1112\u1b05-\u1b4b\u3046-\u30ff\uac00-\ud7a3"
    "\U00011000-\U00011fff]"
)
_LONGEST_CLUSTER = 64
_NOT_ASCII = re.compile("[^\x00-\x7f]+")
_ODD_CAPITAL = re.compile(r"[a-z\u0430-\u044f\u03b1-\u03c9][A-Z\u0410-\u042f\u0391-\u03a9]")
_CAPITALS = ascii_uppercase.encode()
_LETTERS = ascii_letters.encode()
_ODD = 5
"""One capital inside a word in so many letters is a disguise; in code it is one in eight at the most."""


def fold(text: str) -> View:
    """The view ``folded`` of ``text``; ``changed`` counts characters that differ by more than case, and in tExT lIkE
    tHiS capitals too."""
    if text.isascii():
        return View("folded", text.casefold(), changed=odd_capitals(text))
    parts: list[str] = []
    places = array("I")
    placed = done = changed = 0  # up to ``placed``, ``places`` says where the characters of ``parts`` come from
    for run in _NOT_ASCII.finditer(text):
        start, end = run.span()
        was = run.group()
        folds = _fold_run(was)
        lower = was.lower()
        changed += sum(map(ne, folds, lower if len(lower) == len(was) else was))
        piece = "".join(folds)
        if len(piece) != len(was) or "" in folds:
            places.extend(range(placed, start))
            places.extend(chain.from_iterable(map(repeat, range(start, end), map(len, folds))))
            placed = end
        parts += (text[done:start].lower(), piece)
        done = end
    folded = "".join((*parts, text[done:].lower()))
    changed += odd_capitals(text)
    offsets = None
    if placed:
        places.extend(range(placed, len(text) + 1))
        offsets = places
    if _JOINS.search(folded) is not None:
        folded, offsets = _join(folded, offsets)
    return View("folded", folded, offsets, changed)


def _fold_run(run: str) -> list[str]:
    """What each character of a run outside ASCII folds to."""
    folds = list(map(fold_char, run))
    if "\u0306" in run or "\u0308" in run:
        for match in _SPLIT_LETTER.finditer(run):
            folds[match.start()] = unicodedata.normalize("NFC", match.group()).casefold()
    return folds


def odd_capitals(text: str) -> int:
    """All capitals, where so many follow a small letter that the case is a disguise; otherwise none."""
    plain = text.encode("ascii", "ignore")
    outside = len(text) - len(plain)
    capitals = len(plain) - len(plain.translate(None, _CAPITALS)) + outside  # at the most
    letters = len(plain) - len(plain.translate(None, _LETTERS))  # at the least
    if capitals * _ODD < letters or (not outside and capitals * _ODD * 4 < len(text)):
        return 0
    odd = sum(1 for _ in _ODD_CAPITAL.finditer(text))
    if not odd or odd * _ODD < sum(map(str.isalpha, text)):
        return 0
    return sum(map(str.isupper, text))


@lru_cache(maxsize=1 << 16)
def fold_char(char: str) -> str:
    """What one character folds to by itself; empty for what is dropped."""
    if char.isascii():
        return char.lower()
    lower = char.casefold()
    if lower in _LETTER_WITH_MARK:
        return lower
    if char in FOLD_TABLE:
        return FOLD_TABLE[char]
    if _STRIPPED.match(char) or _IGNORED.match(char):
        return ""
    category = unicodedata.category(char)
    if category == "Cs":
        return "\ufffd"
    if category == "Cf" and char not in _VISIBLE_FORMAT:
        return ""
    plain = unicodedata.normalize("NFC", _STRIPPED.sub("", unicodedata.normalize("NFKD", char))).casefold()
    if plain == char:
        return char
    if _CONJOINING.search(plain):
        return char
    return "".join(map(fold_char, plain)) if plain else ""


def unsettled(text: str) -> int:
    """The index from which the folding of ``text`` may still change when more text follows; its length if nowhere.

    ``fold(text[:unsettled(text)])`` is a prefix of the folding of every text that starts with ``text``.
    """
    end = len(text)
    if not end or text[-1].isascii():
        return end
    if "\ud800" <= text[-1] <= "\udbff":
        return end - 1
    at = first_join = end
    while at:
        folded = fold_char(text[at - 1])
        if folded and _JOINS.match(folded[-1]):
            first_join = at - 1
            if len(folded) > 1:
                return first_join
        elif folded:
            return at - 1 if _CAN_JOIN.match(folded[-1]) else first_join
        at -= 1
    return first_join


def _join(folded: str, offsets: array[int] | None) -> tuple[str, array[int] | None]:
    """Composes what is left of split letters: kana with voicing marks, Hangul, Indic vowel signs."""
    out: list[str] = []
    places: list[int] = []
    done = 0
    for match in _CLUSTER.finditer(folded):
        cluster = match.group()
        if len(cluster) > _LONGEST_CLUSTER:
            continue
        whole = unicodedata.normalize("NFC", cluster)
        if whole == cluster:
            continue
        start, end = match.span()
        out += folded[done:start], whole
        places.extend(range(done, start))
        places.extend(start + index if len(whole) == len(cluster) else start for index in range(len(whole)))
        done = end
    if not done:
        return folded, offsets
    out.append(folded[done:])
    places.extend(range(done, len(folded) + 1))
    if offsets is None:
        return "".join(out), array("I", places)
    return "".join(out), array("I", map(offsets.__getitem__, places))

"""Which literal texts each match of a regular expression must contain.

A pattern need only be run over a text that holds its literals. The analysis reads the common part of RE2's syntax and
is conservative: what it does not know, and what is found in most texts anyway, makes the pattern unfiltered (it is then
always run), never wrongly skipped.
Method: the prefilter of Cox, "Regular Expression Matching with a Trigram Index" (2012), with whole literals.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from bartizan.inspection.common_words import COMMON_WORDS

LONG_RUN: Final = 64
_MOST_STRINGS = 48
_MOST_WAYS = 24
_MOST_SETS = 3
_SHORTEST = 4
_PHRASE = 8
"""Characters of words and phrases; shorter ones turn up everywhere."""
_EDGE = "\ue000"
"""Stands for a word boundary; a pattern that holds this private character itself is not analysed."""
_LITERALS = re.compile(rf"[^\\()\[.^$|?*+{{{_EDGE}]+")
_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


class Atom(NamedTuple):
    """A literal that a match contains; at a marked end, no ASCII letter, digit or underscore is beside it."""

    text: str
    from_boundary: bool = False
    to_boundary: bool = False


class Atoms(NamedTuple):
    """The outcome of the analysis."""

    ways: tuple[tuple[frozenset[Atom], ...], ...]
    """Each match goes one of these ways: it contains at least one atom of *every* set in it. No ways: nothing is known,
    run the pattern always."""
    fold: bool
    """The atoms are casefolded and must be looked for in the casefolded text."""
    reach: int | None = None
    """Characters of the longest match in a text in which no run without white space, and none without letters and
    digits, is longer than ``LONG_RUN``; None: unbounded."""


class _Unknown(Exception):  # noqa: N818 - a signal inside this file, not an error
    """Syntax that the analysis does not read."""


_Strings = frozenset[str]
_Way = tuple[_Strings, ...]


class _Facts(NamedTuple):
    exact: _Strings | None
    """All texts the node can match, with ``_EDGE`` where there is a word boundary; None: too many or unbounded."""
    ways: tuple[_Way, ...] = ((),)
    gap: bool = False
    """The node matches at least one character, and none that is part of a word."""
    reach: int | None = None
    """See ``Atoms.reach``."""
    run: bool = False
    """One character, of a class such that however many of them in a row are a run as ``Atoms.reach`` means it."""


_EMPTY = _Facts(frozenset({""}), reach=0)
_BOUNDARY = _Facts(frozenset({_EDGE}), reach=0)
_ONE = _Facts(None, reach=1)
_ONE_OF_RUN = _Facts(None, reach=1, run=True)
_GAP = _Facts(None, gap=True, reach=1, run=True)


def _literal(strings: _Strings) -> _Facts:
    return _Facts(strings, reach=max(map(len, strings)), run=False)


def required_atoms(regex: str) -> Atoms:
    """Literals that every match of ``regex`` (RE2 syntax) must contain, longest first, at most three sets a way."""
    reader = _Reader(regex)
    try:
        facts = reader.alternation()
        if reader.at < len(regex):
            raise _Unknown
    except (_Unknown, IndexError, RecursionError, ValueError):
        return Atoms((), False)
    ways = []
    for way in _settle(facts):
        useful = sorted({found for found in way if _useful(found)}, key=_rarity, reverse=True)
        if not useful:
            return Atoms((), reader.fold)
        ways.append(tuple(frozenset(_atom(string, reader.fold) for string in found) for found in useful[:_MOST_SETS]))
    return Atoms(tuple(dict.fromkeys(ways)), reader.fold, facts.reach)


def _atom(string: str, fold: bool) -> Atom:
    plain = _plain(string)
    text = plain.casefold() if fold else plain
    return Atom(
        text,
        string.startswith(_EDGE) and plain[0] in _WORD and text[0] in _WORD,
        string.endswith(_EDGE) and plain[-1] in _WORD and text[-1] in _WORD,
    )


def _plain(string: str) -> str:
    return string.replace(_EDGE, "")


def _useful(strings: _Strings) -> bool:
    return all(map(_telling, strings))


def _telling(string: str) -> bool:
    """True for what honest texts rarely hold: a word that is not a common one, or several words in a row."""
    plain = _plain(string)
    if not plain.isascii():
        return len(plain) > 1
    words = "".join(char if char in _WORD else " " for char in plain).split()
    return (len(words) > 1 and len(plain) >= _PHRASE) or any(
        len(word) >= _SHORTEST and word.casefold() not in COMMON_WORDS for word in words
    )


def _rarity(strings: _Strings) -> tuple[int, int, list[str]]:
    plain = sorted(map(_plain, strings))
    return min(map(len, plain)), -len(plain), plain


def _known(exact: _Strings) -> bool:
    return all(map(_plain, exact))


def _settle(facts: _Facts) -> tuple[_Way, ...]:
    """Everything known, as ways."""
    if facts.exact is None or not _known(facts.exact):
        return facts.ways
    exact = facts.exact
    return tuple((*way, exact) for way in facts.ways)


def _collapse(ways: tuple[_Way, ...]) -> tuple[_Way, ...]:
    """One way that is implied by all: at least one string of the best sets."""
    best: list[_Strings] = []
    for way in ways:
        usable = [found for found in way if _useful(found)]
        if not usable:
            return ((),)
        best.append(max(usable, key=_rarity))
    return ((frozenset[str]().union(*best),),)


def _of_one_run(body: str) -> bool:
    """True if a character class, given without its brackets, holds no white space, or nothing but signs and space."""
    if body.startswith("^"):
        return r"\s" in body and r"\\" not in body
    inner = body.strip("-")
    if "-" in inner or "[:" in inner:
        return False
    spaces = any(mark in inner for mark in (r"\s", r"\W", r"\n", r"\t", " ", "\t", "\n"))
    rest = inner.replace(r"\s", "").replace(r"\W", "").replace(r"\n", "").replace(r"\t", "")
    if any(mark in rest for mark in (r"\S", r"\D", r"\p", r"\P", "\v", "\f", "\r")):
        return False
    if not spaces:
        return True
    return not any(char.isalnum() or not char.isascii() for char in rest)


def _both(left: tuple[_Way, ...], right: tuple[_Way, ...]) -> tuple[_Way, ...]:
    if len(left) * len(right) > _MOST_WAYS:
        larger = len(left) > len(right)
        left, right = (_collapse(left), right) if larger else (left, _collapse(right))
        if len(left) * len(right) > _MOST_WAYS:
            left, right = _collapse(left), _collapse(right)
    return tuple(tuple(dict.fromkeys(one + other)) for one in left for other in right)


def _and(ways: tuple[_Way, ...], found: _Strings) -> tuple[_Way, ...]:
    return tuple(way if found in way else (*way, found) for way in ways)


def _concatenate(pieces: Sequence[_Facts]) -> _Facts:
    if len(pieces) == 1:
        return pieces[0]
    ways: tuple[_Way, ...] = ((),)
    run: _Strings = frozenset({""})
    exact = True
    for piece in pieces:
        if piece.ways != ((),):
            ways = _both(ways, piece.ways)
        if piece.exact is not None and len(run) * len(piece.exact) <= _MOST_STRINGS:
            run = frozenset(head + tail for head in run for tail in piece.exact)
            continue
        exact = False
        if piece.gap:
            run = frozenset(string + _EDGE for string in run)
        if _known(run):
            ways = _and(ways, run)
        run = piece.exact if piece.exact is not None else frozenset({_EDGE if piece.gap else ""})
    reach = _total(piece.reach for piece in pieces)
    if exact:
        return _Facts(run, ways, reach=reach)
    if _known(run):
        ways = _and(ways, run)
    return _Facts(None, ways, reach=reach)


def _total(reaches: Iterable[int | None]) -> int | None:
    total = 0
    for reach in reaches:
        if reach is None:
            return None
        total += reach
    return total


def _largest(reaches: Iterable[int | None]) -> int | None:
    largest = 0
    for reach in reaches:
        if reach is None:
            return None
        largest = max(largest, reach)
    return largest


def _alternate(branches: list[_Facts]) -> _Facts:
    if len(branches) == 1:
        return branches[0]
    reach = _largest(branch.reach for branch in branches)
    if all(branch.exact is not None and branch.ways == ((),) for branch in branches):
        union = frozenset[str]().union(*(branch.exact for branch in branches if branch.exact is not None))
        if len(union) <= _MOST_STRINGS * 4:
            return _Facts(union, reach=reach)
    gap = all(branch.gap for branch in branches)
    ways = tuple(dict.fromkeys(way for branch in branches for way in _settle(branch)))
    return _Facts(None, ways if len(ways) <= _MOST_WAYS else _collapse(ways), gap, reach)


class _Reader:
    """Recursive descent over the pattern; depth is bounded by the interpreter's recursion limit."""

    def __init__(self, regex: str) -> None:
        self.regex = regex
        self.at = 0
        self.fold = False

    def alternation(self) -> _Facts:
        branches = [self.sequence()]
        while self.at < len(self.regex) and self.regex[self.at] == "|":
            self.at += 1
            branches.append(self.sequence())
        return _alternate(branches)

    def sequence(self) -> _Facts:
        pieces: list[_Facts] = []
        while self.at < len(self.regex) and self.regex[self.at] not in "|)":
            if literals := self.literals():
                pieces.append(_literal(frozenset({literals})))
            else:
                pieces.append(self.quantified())
        return _concatenate(pieces)

    def literals(self) -> str:
        """Characters that stand for themselves, up to one that a quantifier follows; most of a pattern is such."""
        found = _LITERALS.match(self.regex, self.at)
        if found is None:
            return ""
        begin, self.at = found.span()
        if self.regex.startswith(("?", "*", "+", "{"), self.at):
            self.at -= 1
        return self.regex[begin : self.at]

    def quantified(self) -> _Facts:
        facts = self.atom()
        while self.at < len(self.regex) and self.regex[self.at] in "?*+{":
            least, most = self.quantifier()
            if most is None:
                reach = LONG_RUN if facts.run else None
            else:
                reach = None if facts.reach is None else facts.reach * most
                reach = min(LONG_RUN, reach) if facts.run and reach is not None else reach
            if least == 0:
                once = facts.exact is not None and most == 1 and facts.ways == ((),)
                facts = _Facts((facts.exact or frozenset()) | {""} if once else None, reach=reach)
            elif (least, most) != (1, 1):
                facts = _Facts(None, _settle(facts), facts.gap, reach)
        return facts

    def quantifier(self) -> tuple[int, int | None]:
        sign = self.regex[self.at]
        self.at += 1
        bounds: tuple[int, int | None]
        if sign == "{":
            end = self.regex.index("}", self.at)
            low, comma, high = self.regex[self.at : end].partition(",")
            if not low.isdecimal() or not (high.isdecimal() or not high):
                raise _Unknown
            bounds = int(low), (int(high) if high else None) if comma else int(low)
            self.at = end + 1
        else:
            bounds = {"?": (0, 1), "*": (0, None), "+": (1, None)}[sign]
        if self.at < len(self.regex) and self.regex[self.at] == "?":
            self.at += 1
        return bounds

    def atom(self) -> _Facts:
        char = self.regex[self.at]
        self.at += 1
        if char == "(":
            return self.group()
        if char == "[":
            return self.char_class()
        if char == "\\":
            return self.escape()
        if char in "^$":
            return _EMPTY
        if char == ".":
            return _ONE
        if char in "?*+{":
            raise _Unknown
        if char == _EDGE:
            raise _Unknown
        return _literal(frozenset({char}))

    def group(self) -> _Facts:
        if self.regex.startswith("?", self.at):
            self.at += 1
            if self.regex.startswith(("P<", "<"), self.at):
                self.at = self.regex.index(">", self.at) + 1
            else:
                begin = self.at
                while self.regex[self.at] in "imsU-":
                    self.at += 1
                flags = self.regex[begin : self.at]
                self.fold = self.fold or "i" in flags
                closing = self.regex[self.at]
                self.at += 1
                if closing == ")":
                    return _EMPTY
                if closing != ":":
                    raise _Unknown
        facts = self.alternation()
        if not self.regex.startswith(")", self.at):
            raise _Unknown
        self.at += 1
        return facts

    def char_class(self) -> _Facts:
        end = self.regex.index("]", self.at)
        body = self.regex[self.at : end]
        if body.isalnum() and len(body) <= 4:
            self.at = end + 1
            return _literal(frozenset(body))
        opened = self.at
        if self.regex.startswith("^", self.at):
            self.at += 1
        first = True
        while first or self.regex[self.at] != "]":
            first = False
            if self.regex.startswith("[:", self.at):
                self.at = self.regex.index(":]", self.at) + 2
            elif self.regex[self.at] == "\\":
                self.at += 2
            else:
                self.at += 1
        body = self.regex[opened : self.at]
        self.at += 1
        return _ONE_OF_RUN if _of_one_run(body) else _ONE

    def escape(self) -> _Facts:
        char = self.regex[self.at]
        self.at += 1
        if char in "wWdDsS":
            return _GAP if char in "sW" else _ONE_OF_RUN if char in "wdS" else _ONE
        if char in "bBAz":
            return _BOUNDARY if char == "b" else _EMPTY
        if char in "pP":
            self.at = self.regex.index("}", self.at) + 1 if self.regex[self.at] == "{" else self.at + 1
            return _ONE
        if char in "nt":
            return _literal(frozenset({"\n" if char == "n" else "\t"}))
        if char.isascii() and not char.isalnum():
            return _literal(frozenset({char}))
        raise _Unknown

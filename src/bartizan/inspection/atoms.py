"""Which literal texts each match of a regular expression must contain.

A pattern need only be run over a text that holds its literals. The analysis reads the common part of RE2's syntax and
is conservative: what it does not know makes the pattern unfiltered (it is then always run), never wrongly skipped.
Method: the prefilter of Cox, "Regular Expression Matching with a Trigram Index" (2012), with whole literals.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_MOST_STRINGS = 48
_SHORTEST = 3
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "the and you for are not with this that have was but all from your can will one has our out any how what when "
        "his her she they who which their there then than them were been more some into may its let use get new now "
        "ing ion ter ent tion",
    )
)


class Atoms(NamedTuple):
    """The outcome of the analysis."""

    required: tuple[frozenset[str], ...]
    """Each match contains at least one string of *every* set. Empty: nothing is known, run the pattern always."""
    fold: bool
    """The strings are casefolded and must be looked for in the casefolded text."""


class _Unknown(Exception):  # noqa: N818 - a signal inside this file, not an error
    """Syntax that the analysis does not read."""


class _Facts(NamedTuple):
    exact: frozenset[str] | None
    """All texts the node can match; None: too many or unbounded."""
    required: tuple[frozenset[str], ...]


_EMPTY = _Facts(frozenset({""}), ())
_ANYTHING = _Facts(None, ())


def required_atoms(regex: str) -> Atoms:
    """Literal sets that every match of ``regex`` (RE2 syntax) must contain, rarest first, at most four."""
    reader = _Reader(regex)
    try:
        facts = reader.alternation()
        if reader.at < len(regex):
            raise _Unknown
    except (_Unknown, IndexError, RecursionError, ValueError):
        return Atoms((), False)
    sets = [_fold(found) if reader.fold else found for found in _settle(facts)]
    useful = sorted({found for found in sets if _useful(found)}, key=_rarity, reverse=True)
    return Atoms(tuple(useful[:4]), reader.fold)


def _fold(strings: frozenset[str]) -> frozenset[str]:
    return frozenset(string.casefold() for string in strings)


def _useful(strings: frozenset[str]) -> bool:
    return all(len(string) >= _SHORTEST and string.strip() not in _COMMON for string in strings)


def _rarity(strings: frozenset[str]) -> tuple[int, int, list[str]]:
    return min(map(len, strings)), -len(strings), sorted(strings)


def _settle(facts: _Facts) -> list[frozenset[str]]:
    """Everything known as required sets."""
    known = list(facts.required)
    if facts.exact is not None and "" not in facts.exact:
        known.append(facts.exact)
    return known


def _concatenate(pieces: Iterable[_Facts]) -> _Facts:
    required: list[frozenset[str]] = []
    run: frozenset[str] = frozenset({""})
    exact = True
    for piece in pieces:
        required.extend(piece.required)
        if piece.exact is not None and len(run) * len(piece.exact) <= _MOST_STRINGS:
            run = frozenset(head + tail for head in run for tail in piece.exact)
            continue
        exact = False
        if "" not in run:
            required.append(run)
        run = piece.exact if piece.exact is not None else frozenset({""})
    if exact:
        return _Facts(run, tuple(required))
    if "" not in run:
        required.append(run)
    return _Facts(None, tuple(required))


def _alternate(branches: list[_Facts]) -> _Facts:
    if len(branches) == 1:
        return branches[0]
    exacts = [branch.exact for branch in branches]
    if all(exact is not None for exact in exacts) and not any(branch.required for branch in branches):
        union = frozenset[str]().union(*(exact for exact in exacts if exact is not None))
        if len(union) <= _MOST_STRINGS * 4:
            return _Facts(union, ())
    best: list[frozenset[str]] = []
    for branch in branches:
        usable = [found for found in _settle(branch) if _useful(found)]
        if not usable:
            return _ANYTHING
        best.append(max(usable, key=_rarity))
    return _Facts(None, (frozenset[str]().union(*best),))


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
            pieces.append(self.quantified())
        return _concatenate(pieces)

    def quantified(self) -> _Facts:
        facts = self.atom()
        while self.at < len(self.regex) and self.regex[self.at] in "?*+{":
            least, most = self.quantifier()
            if least == 0:
                once = facts.exact is not None and most == 1 and not facts.required
                facts = _Facts((facts.exact or frozenset()) | {""}, ()) if once else _ANYTHING
            elif (least, most) != (1, 1):
                facts = _Facts(None, tuple(_settle(facts)))
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
            return _ANYTHING
        if char in "?*+{":
            raise _Unknown
        return _Facts(frozenset({char}), ())

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
            return _Facts(frozenset(body), ())
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
        self.at += 1
        return _ANYTHING

    def escape(self) -> _Facts:
        char = self.regex[self.at]
        self.at += 1
        if char in "wWdDsS":
            return _ANYTHING
        if char in "bBAz":
            return _EMPTY
        if char in "pP":
            self.at = self.regex.index("}", self.at) + 1 if self.regex[self.at] == "{" else self.at + 1
            return _ANYTHING
        if char in "nt":
            return _Facts(frozenset({"\n" if char == "n" else "\t"}), ())
        if char.isascii() and not char.isalnum():
            return _Facts(frozenset({char}), ())
        raise _Unknown

"""Which rules can match an event at all: one look at a few fields instead of a hundred rules.

From each rule follows a *need*: a set of tests of which at least one holds whenever the rule matches. A need of
literals is looked up in a hash table per field, a need of substrings is searched by one Aho-Corasick automaton per
field, and a rule without a usable need is always tried. The filter may let too much through, never too little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import ahocorasick_rs

from bartizan.detections.fields import View, encodable, fold
from bartizan.detections.sigma import patterns
from bartizan.detections.sigma.model import And, Boolean, Expression, Match, Not, Number, Text

MAX_TESTS: Final = 200
"""A need of more alternatives is not worth its look-ups."""
MIN_SUBSTRING: Final = 2
SHORT: Final = 64
"""Texts up to so many characters are remembered with what they open: kinds, names and codes come again and again."""
REMEMBERED: Final = 4_096
CHUNK: Final = 65_536
"""Characters that are searched at once: a text may hold a substring at every place, and each is an object."""


@dataclass(frozen=True, slots=True)
class Literal:
    """The field has this value, without case."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Substring:
    """A value of the field holds this text, without case."""

    field: str
    text: str


Need = tuple[Literal | Substring, ...]


def needs_of(expression: Expression) -> list[Need]:
    """What must hold of an event that matches: all of the needs, of each at least one test."""
    if isinstance(expression, Match):
        need = _of_match(expression)
        return [need] if need is not None else []
    if isinstance(expression, Not):
        return []
    if isinstance(expression, And):
        return [need for term in expression.terms for need in needs_of(term)]
    joined: list[Literal | Substring] = []
    for term in expression.terms:
        need = min(needs_of(term), key=_price, default=None)
        if need is None or len(joined) + len(need) > MAX_TESTS:
            return []
        joined += need
    return [tuple(dict.fromkeys(joined))]


def _price(need: Need) -> tuple[int, int]:
    # Long literals are rarer than short ones, and looking one up is cheaper than searching.
    return sum(4 if isinstance(test, Substring) else 1 for test in need), -sum(len(test.text) for test in need)


def _of_match(match: Match) -> Need | None:
    field, predicate = match.field, match.predicate
    if field is None:
        return None
    if isinstance(predicate, Boolean):
        return (Literal(field, "true" if predicate.value else "false"),)
    if isinstance(predicate, Number) and isinstance(predicate.value, int):
        # An event may spell an integer as 3.0 too.
        return (Literal(field, str(predicate.value)), Literal(field, repr(float(predicate.value))))
    if not isinstance(predicate, Text):
        return None
    literal = patterns.literal(predicate.parts)
    if literal is not None:
        return (Literal(field, fold(literal)),)
    pieces = sorted((fold(part) for part in predicate.parts if isinstance(part, str)), key=len)
    if not pieces or len(pieces[-1]) < MIN_SUBSTRING:
        return None
    return (Substring(field, pieces[-1]),)


class Prefilter:
    """Candidates among rules, as the bits of a number.

    Each field has a gate: rules that need nothing of the field pass, others pass by a test that holds. A candidate
    passes every gate. Needs over several fields share one more gate, for rules that have no other.

    Args:
        expressions: one a rule; the first is bit 0.
    """

    def __init__(self, expressions: Sequence[Expression]) -> None:
        self._all = (1 << len(expressions)) - 1
        gates: dict[str, _Gate] = {}
        self._shared = _Shared()
        for index, expression in enumerate(expressions):
            needs = needs_of(expression)
            single: dict[str, Need] = {}
            for need in sorted(needs, key=_price):
                if len({test.field for test in need}) == 1:
                    single.setdefault(need[0].field, need)
            for field, need in single.items():
                gates.setdefault(field, _Gate(field)).add(need, 1 << index)
            if needs and not single:
                self._shared.add(min(needs, key=_price), 1 << index)
        # The first gate that many rules need something of spares the look-ups of the others.
        self._gates = sorted(gates.values(), key=lambda gate: -gate.needy.bit_count())
        for gate in self._gates:
            gate.build()
        self._shared.build()

    def candidates(self, view: View) -> list[int]:
        """Positions of the rules to try, ascending."""
        left = self._all
        for gate in self._gates:
            if left & gate.needy:
                left &= ~gate.needy | gate.opened(view, left)
        if left & self._shared.needy:
            left &= ~self._shared.needy | self._shared.opened(view)
        positions = []
        while left:
            lowest = left & -left
            positions.append(lowest.bit_length() - 1)
            left ^= lowest
        return positions


class _Gate:
    """The tests on one field."""

    def __init__(self, field: str) -> None:
        self._field = field
        self.needy = 0
        self._searching = 0
        self._literals: dict[str, int] = {}
        self._substrings: dict[str, int] = {}
        self._masks: list[int] = []
        self._longest = 0
        self._automaton: ahocorasick_rs.AhoCorasick | None = None
        self._known: dict[str, int] = {}

    def add(self, need: Need, bit: int) -> None:
        self.needy |= bit
        for test in need:
            table = self._literals if isinstance(test, Literal) else self._substrings
            table[test.text] = table.get(test.text, 0) | bit
            if isinstance(test, Substring):
                self._searching |= bit

    def build(self) -> None:
        if self._substrings:
            self._masks = list(self._substrings.values())
            self._longest = max(map(len, self._substrings))
            self._automaton = ahocorasick_rs.AhoCorasick(list(self._substrings), store_patterns=False)

    def opened(self, view: View, left: int) -> int:
        """The needy rules that pass."""
        mask = 0
        for text in view.folded(self._field):
            opens = self._known.get(text)
            mask |= self._look(text, left) if opens is None else opens
        return mask

    def _look(self, text: str, left: int) -> int:
        short = len(text) <= SHORT
        wanted = self._searching if short else left & self._searching
        mask = self._literals.get(text, 0)
        if wanted and len(text) >= MIN_SUBSTRING:
            mask |= self._search(text, wanted)
        if short:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[text] = mask
        return mask

    def _search(self, text: str, wanted: int) -> int:
        assert self._automaton is not None
        mask = 0
        for start in range(0, len(text), CHUNK):
            piece = text[start : start + CHUNK + self._longest - 1]
            for hit in self._automaton.find_matches_as_indexes(encodable(piece), overlapping=True):
                mask |= self._masks[hit[0]]
            if mask & wanted == wanted:
                break
        return mask


class _Shared:
    """Needs whose tests are on several fields."""

    def __init__(self) -> None:
        self.needy = 0
        self._gates: dict[str, _Gate] = {}

    def add(self, need: Need, bit: int) -> None:
        self.needy |= bit
        for test in need:
            self._gates.setdefault(test.field, _Gate(test.field)).add((test,), bit)

    def build(self) -> None:
        for gate in self._gates.values():
            gate.build()

    def opened(self, view: View) -> int:
        mask = 0
        for gate in self._gates.values():
            mask |= gate.opened(view, -1)
        return mask

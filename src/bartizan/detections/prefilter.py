"""Which rules can match an event at all: one look at a few fields instead of a hundred rules.

From each rule follows a *need*: a set of tests of which at least one holds whenever the rule matches. A need of
literals is looked up in a hash table per field, a need of substrings is searched by one Aho-Corasick automaton per
field, and a rule without a usable need is always tried. Events of one writer come in few shapes (which keys they have),
so which fields an event cannot have at all is looked up by its shape. The filter may let too much through, never too
little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import ahocorasick_rs

from bartizan.detections.fields import View, encodable, fold, roots
from bartizan.detections.sigma import patterns
from bartizan.detections.sigma.model import (
    And,
    Boolean,
    Exists,
    Expression,
    Match,
    Not,
    Null,
    Number,
    Text,
)

MAX_TESTS: Final = 200
"""A need of more alternatives is not worth its look-ups."""
MIN_SUBSTRING: Final = 2
SHORT: Final = 64
"""Texts up to so many characters are remembered with what they open: kinds, names and codes come again and again."""
REMEMBERED: Final = 4_096
MAX_KEYS: Final = 64
"""Shapes of more keys are not remembered."""
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


@dataclass(frozen=True, slots=True)
class Present:
    """The field has some value."""

    field: str


Test = Literal | Substring | Present
Need = tuple[Test, ...]


def needs_of(expression: Expression) -> list[Need]:
    """What must hold of an event that matches: all of the needs, of each at least one test."""
    if isinstance(expression, Match):
        need = _of_match(expression)
        return [need] if need is not None else []
    if isinstance(expression, Not):
        return []
    if isinstance(expression, And):
        return [need for term in expression.terms for need in needs_of(term)]
    return _of_any([needs_of(term) for term in expression.terms])


def _of_any(terms: list[list[Need]]) -> list[Need]:
    """Of alternatives: a need on each field of which all of them need something, else one over several fields."""
    by_field = [{_field(need): need for need in sorted(needs, key=_price, reverse=True)} for needs in terms]
    common = set.intersection(*(set(one) for one in by_field)) - {None} if by_field else set()
    wanted = [[one[field] for one in by_field] for field in sorted(common, key=str)]
    if not wanted and all(terms):
        wanted = [[min(needs, key=_price) for needs in terms]]
    joined = [tuple(dict.fromkeys(test for need in needs for test in need)) for needs in wanted]
    return [need for need in joined if len(need) <= MAX_TESTS]


def _field(need: Need) -> str | None:
    """The field that all of its tests are on."""
    fields = {test.field for test in need}
    return fields.pop() if len(fields) == 1 else None


def _price(need: Need) -> tuple[int, int]:
    # Long literals are rarer than short ones, and looking one up is cheaper than searching.
    texts = sum(0 if isinstance(test, Present) else len(test.text) for test in need)
    return sum(_PRICES[type(test)] for test in need), -texts


_PRICES: Final[dict[type[Test], int]] = {Literal: 1, Substring: 4, Present: 300}
"""A field's being there rules out least: only where there is nothing better."""


def decided(expression: Expression) -> bool:
    """The rule matches whenever its need holds."""
    if not isinstance(expression, Match) or expression.field is None or not isinstance(expression.predicate, Text):
        return False
    return not expression.predicate.cased and patterns.literal(expression.predicate.parts) is not None


def _of_match(match: Match) -> Need | None:
    field, predicate = match.field, match.predicate
    if field is None:
        return None
    if isinstance(predicate, Boolean):
        return (Literal(field, "true" if predicate.value else "false"),)
    if isinstance(predicate, Number) and isinstance(predicate.value, int):
        # An event may spell an integer as 3.0 too.
        return (Literal(field, str(predicate.value)), Literal(field, repr(float(predicate.value))))
    if isinstance(predicate, Null) or (isinstance(predicate, Exists) and not predicate.wanted):
        return None
    if not isinstance(predicate, Text):
        return (Present(field),)
    literal = patterns.literal(predicate.parts)
    if literal is not None:
        return (Literal(field, fold(literal)),)
    pieces = sorted((fold(part) for part in predicate.parts if isinstance(part, str)), key=len)
    if not pieces or len(pieces[-1]) < MIN_SUBSTRING:
        return (Present(field),)
    return (Substring(field, pieces[-1]),)


class Prefilter:
    """Candidates among rules, as the bits of a number.

    Each field has a gate: rules that need nothing of the field pass, others pass by a test that holds. A candidate
    passes every gate. Needs over several fields share one more gate, for rules that have no other.

    Args:
        expressions: one a rule; the first is bit 0.
        mapping: field name to the names it has in events.
    """

    def __init__(self, expressions: Sequence[Expression], mapping: Mapping[str, tuple[str, ...]]) -> None:
        self._mapping = mapping
        self._all = (1 << len(expressions)) - 1
        gates: dict[str, _Gate] = {}
        self._shared = _Shared()
        for index, expression in enumerate(expressions):
            needs = needs_of(expression)
            single: dict[str, Need] = {}
            for need in sorted(needs, key=_price):
                field = _field(need)
                if field is not None:
                    single.setdefault(field, need)
            for name, need in single.items():
                gates.setdefault(name, _Gate(name)).add(need, 1 << index)
            if needs and not single:
                self._shared.add(min(needs, key=_price), 1 << index)
        # The first gate that many rules need something of spares the look-ups of the others.
        self._gates = sorted(gates.values(), key=lambda gate: -gate.needy.bit_count())
        for gate in self._gates:
            gate.build()
        self._shared.build()
        self._roots = {
            gate.field: frozenset(root for name in mapping.get(gate.field, (gate.field,)) for root in roots(name))
            for gate in self._gates
        }
        # What most rules ask for first, the kind of event, decides with the shape: both are looked up together.
        self._first = self._gates[0] if self._gates and not self._gates[0].present else None
        name = "" if self._first is None else self._first.field
        self._plain = "" if "." in name or name in mapping else name
        """Its field where it may be read from the event as it stands; empty where it may not."""
        self._shapes: dict[tuple[tuple[str, ...], str | tuple[str, ...]], _Shape] = {}
        self._positions: dict[int, tuple[int, ...]] = {}

    def candidates(self, view: View) -> tuple[int, ...]:
        """Positions of the rules to try, ascending."""
        event = view.event
        keys = tuple(event)
        first = event.get(self._plain) if self._plain else None
        if first.__class__ is not str:
            first = view.folded(self._first.field) if self._first is not None else ()
        left, gates = self._shapes.get((keys, first)) or self._shape(keys, first)
        for gate, root, below in gates:
            if left & gate.needy:
                if root is not None and event[root].__class__ is dict and below.isdisjoint(event[root]):
                    left &= gate.others
                    continue
                found = view.values(gate.field)
                left &= gate.others if found is None else gate.others | gate.opened(view.folded(gate.field), left)
        if left & self._shared.needy:
            left &= ~self._shared.needy | self._shared.opened(view)
        return self._positions.get(left) or self._listed(left)

    def _shape(self, keys: tuple[str, ...], first: str | tuple[str, ...]) -> _Shape:
        """The rules that an event with these keys may match, and the gates for those."""
        present = frozenset(keys)
        left, gates = self._all, []
        for gate in self._gates:
            if present.isdisjoint(self._roots[gate.field]):
                left &= gate.others
            elif gate is self._first:
                left &= gate.others | gate.opened((fold(first),) if isinstance(first, str) else first, -1)
            else:
                gates.append(gate)
        shape = left, tuple((gate, *self._below(gate, present)) for gate in gates if left & gate.needy)
        if len(keys) <= MAX_KEYS and sum(map(len, first)) <= SHORT:
            if len(self._shapes) >= REMEMBERED:
                self._shapes.clear()
            self._shapes[keys, first] = shape
        return shape

    def _below(self, gate: _Gate, present: frozenset[str]) -> tuple[str | None, frozenset[str]]:
        """Where the field can only stand below one key: that key, and the keys below it that may lead to the field."""
        if gate.field in self._mapping:
            return None, frozenset()
        here = [root for root in self._roots[gate.field] if root in present]
        first, _, rest = gate.field.partition(".")
        return (first, frozenset(roots(rest))) if rest and here == [first] else (None, frozenset())

    def _listed(self, left: int) -> tuple[int, ...]:
        positions = tuple(index for index in range(left.bit_length()) if left >> index & 1)
        if len(self._positions) >= REMEMBERED:
            self._positions.clear()
        self._positions[left] = positions
        return positions


_Shape = tuple[int, "tuple[tuple[_Gate, str | None, frozenset[str]], ...]"]
"""Rules that an event may match, and what is left to look at: gate, key, keys below it."""


class _Gate:
    """The tests on one field."""

    def __init__(self, field: str) -> None:
        self.field = field
        self.needy = 0
        """Rules that need something of the field."""
        self.others = -1
        """All others."""
        self.present = 0
        """Those that need no more than some value of it."""
        self._searching = 0
        self._literals: dict[str, int] = {}
        self._substrings: dict[str, int] = {}
        self._masks: list[int] = []
        self._longest = 0
        self._automaton: ahocorasick_rs.AhoCorasick | None = None
        self._known: dict[str, int] = {}

    def add(self, need: Need, bit: int) -> None:
        self.needy |= bit
        self.others = ~self.needy
        for test in need:
            if isinstance(test, Present):
                self.present |= bit
                continue
            table = self._literals if isinstance(test, Literal) else self._substrings
            table[test.text] = table.get(test.text, 0) | bit
            if isinstance(test, Substring):
                self._searching |= bit

    def build(self) -> None:
        if self._substrings:
            self._masks = list(self._substrings.values())
            self._longest = max(map(len, self._substrings))
            self._automaton = ahocorasick_rs.AhoCorasick(list(self._substrings), store_patterns=False)

    def opened(self, texts: tuple[str, ...], left: int) -> int:
        """The needy rules that pass, of a field that is there and has these values."""
        mask = self.present
        if not left & self.needy & ~mask:
            return mask
        for text in texts:
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
            if view.values(gate.field) is not None:
                mask |= gate.opened(view.folded(gate.field), -1)
        return mask

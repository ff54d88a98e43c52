"""Conditions: ``sel and not 1 of filter*`` to an expression tree.

From least to most binding: ``or``, ``and``, ``not``, ``1 of``/``all of``, parentheses. Words of the language may be
written in any case. (Sigma Rules Specification 2.0, "Condition".)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from bartizan.core.errors import DocumentError, Place
from bartizan.core.problem import quote
from bartizan.detections.sigma.model import And, Expression, Not, Or
from bartizan.workspace.wording import did_you_mean

MAX_TOKENS = 2_000
MAX_DEPTH = 60

_TOKEN = re.compile(r"\s*(?:([()])|([A-Za-z0-9_*.-]+)|(\S))")
_WORDS = frozenset({"and", "or", "not", "of"})
T = TypeVar("T")


class Grammar(Generic[T]):
    """Recursive descent over a condition.

    Args:
        text: the condition.
        place: of the scalar that holds it.
        leaf: makes the node of an identifier; gets its place.
        join: makes an ``and`` (True) or ``or`` (False) of several nodes.
        negate: makes a ``not``; None where there is none.
        quantify: makes ``1 of``/``all of``; None where there is none.
    """

    def __init__(
        self,
        text: str,
        place: Place,
        *,
        leaf: Callable[[str, Place], T],
        join: Callable[[bool, tuple[T, ...]], T],
        negate: Callable[[T], T] | None = None,
        quantify: Callable[[bool, str, Place], T] | None = None,
    ) -> None:
        self._place = place
        self._leaf, self._join, self._negate, self._quantify = leaf, join, negate, quantify
        self._tokens = self._split(text)
        self._next = 0
        self._depth = 0

    def _split(self, text: str) -> list[tuple[str, Place]]:
        tokens: list[tuple[str, Place]] = []
        end = len(text.rstrip())
        position = 0
        while position < end:
            match = _TOKEN.match(text, position)
            assert match is not None
            bracket, word, other = match.groups()
            start = match.start(match.lastindex or 0)
            place = self._at(text, start)
            if other == "|":
                hint = "use a correlation rule (event_count, value_count, …)"
                raise DocumentError(place, "an aggregation of Sigma 1", "a condition of Sigma 2", hint)
            if other:
                raise DocumentError(place, quote(other), "a name, a word of the language or a parenthesis")
            tokens.append((bracket or word, place))
            position = match.end()
            if len(tokens) > MAX_TOKENS:
                raise DocumentError(place, f"more than {MAX_TOKENS} words", "a shorter condition")
        return tokens

    def _at(self, text: str, offset: int) -> Place:
        # Exact for conditions on one line, which is how they are written; later lines name the line of the scalar.
        if "\n" in text[:offset]:
            return self._place
        return Place(self._place.file, self._place.line, self._place.column + offset)

    def parse(self) -> T:
        """The tree of the whole text. Raises DocumentError."""
        if not self._tokens:
            raise DocumentError(self._place, "nothing", "a condition")
        tree = self._either()
        if self._next < len(self._tokens):
            word, place = self._tokens[self._next]
            raise DocumentError(place, quote(word), "'and', 'or' or the end")
        return tree

    def _peek(self) -> str:
        return self._tokens[self._next][0].lower() if self._next < len(self._tokens) else ""

    def _take(self, expected: str) -> tuple[str, Place]:
        if self._next >= len(self._tokens):
            raise DocumentError(self._place, "the end of the condition", expected)
        self._next += 1
        return self._tokens[self._next - 1]

    def _either(self) -> T:
        terms = [self._both()]
        while self._peek() == "or":
            self._next += 1
            terms.append(self._both())
        return self._join(False, tuple(terms)) if len(terms) > 1 else terms[0]

    def _both(self) -> T:
        terms = [self._unary()]
        while self._peek() == "and":
            self._next += 1
            terms.append(self._unary())
        return self._join(True, tuple(terms)) if len(terms) > 1 else terms[0]

    def _unary(self) -> T:
        if self._peek() != "not":
            return self._primary()
        _, place = self._take("")
        if self._negate is None:
            raise DocumentError(place, "'not'", "no absence in this condition", "an absence has no time to fire at")
        self._deeper(place)
        tree = self._negate(self._unary())
        self._depth -= 1
        return tree

    def _deeper(self, place: Place) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise DocumentError(place, f"more than {MAX_DEPTH} levels", "a flatter condition")

    def _primary(self) -> T:
        word, place = self._take("a name or '('")
        if word == "(":
            self._deeper(place)
            tree = self._either()
            self._depth -= 1
            closing, where = self._take("')'")
            if closing != ")":
                raise DocumentError(where, quote(closing), "')'")
            return tree
        if self._peek() == "of":
            return self._some(word.lower(), place)
        if word == ")" or word.lower() in _WORDS:
            raise DocumentError(place, quote(word), "a name or '('")
        return self._leaf(word, place)

    def _some(self, count: str, place: Place) -> T:
        if self._quantify is None or count not in {"1", "any", "all"}:
            expected = "'1 of' or 'all of'" if self._quantify is not None else "names with 'and' and 'or'"
            raise DocumentError(place, quote(f"{count} of"), expected)
        self._take("'of'")
        pattern, where = self._take("a name, a pattern such as sel*, or 'them'")
        if pattern in "()" or pattern.lower() in _WORDS:
            raise DocumentError(where, quote(pattern), "a name, a pattern such as sel*, or 'them'")
        return self._quantify(count == "all", pattern, where)


def parse_condition(text: str, place: Place, selections: Mapping[str, Expression]) -> Expression:
    """The expression that a condition makes of named selections. Raises DocumentError."""

    def leaf(name: str, where: Place) -> Expression:
        if name not in selections:
            hint = did_you_mean(name, selections)
            raise DocumentError(where, f"the name {quote(name)}", "the name of a selection", hint)
        return selections[name]

    def quantify(every: bool, pattern: str, where: Place) -> Expression:
        chosen = _matching(pattern, selections)
        if not chosen:
            raise DocumentError(where, f"the pattern {quote(pattern)}, which fits no selection", "one that fits some")
        if len(chosen) == 1:
            return chosen[0]
        return And(tuple(chosen)) if every else Or(tuple(chosen))

    grammar: Grammar[Expression] = Grammar(
        text,
        place,
        leaf=leaf,
        join=lambda every, terms: And(terms) if every else Or(terms),
        negate=Not,
        quantify=quantify,
    )
    return grammar.parse()


def _matching(pattern: str, selections: Mapping[str, Expression]) -> list[Expression]:
    if pattern.lower() == "them":
        return [tree for name, tree in selections.items() if not name.startswith("_")]
    first, *rest = pattern.split("*")
    return [tree for name, tree in selections.items() if (_fits(name, first, rest) if rest else name == first)]


def _fits(name: str, first: str, rest: list[str]) -> bool:
    """``first`` at the beginning, the last of ``rest`` at the end, the others in this order between: in linear time."""
    last = rest[-1]
    if not name.startswith(first) or not name.endswith(last):
        return False
    position, end = len(first), len(name) - len(last)
    for piece in rest[:-1]:
        position = name.find(piece, position, end)
        if position < 0:
            return False
        position += len(piece)
    return position <= end

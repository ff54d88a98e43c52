"""Fields and predicates in SQLite, over a table ``events(line, ts, e)`` whose ``e`` is the event as JSON text.

Fields are looked up as :mod:`bartizan.detections.fields` does: dots read in every way, any number of lists on the way
and at the end. Nothing but SQLite's own functions is used (3.38 or later, for ``->``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bartizan.detections.convert.interface import CannotSayError, Notes
from bartizan.detections.fields import fold
from bartizan.detections.sigma import patterns
from bartizan.detections.sigma.model import (
    And,
    Boolean,
    Compare,
    Exists,
    Expression,
    FieldReference,
    Match,
    Not,
    Null,
    Number,
    Or,
    Predicate,
    Text,
    Wild,
)
from bartizan.detections.sigma.modifiers import LONGEST_NUMBER

MAX_STEPS: Final = 5
SIGNS: Final = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">=", "eq": "=", "neq": "<>"}
LISTS_ONLY: Final = "substr({0}.fullkey, 2) NOT GLOB '*[^][0-9]*'"
"""From the node down to here there is nothing but lists."""
SCALAR: Final = "{0}.type NOT IN ('object', 'array')"
_LARGEST: Final = "1.7976931348623157e308"


def literal(text: str) -> str:
    """A text as SQLite reads it. Raises CannotSayError for NUL, which ends a text there."""
    if "\0" in text:
        raise CannotSayError("SQLite ends a text at the character NUL")
    return "'" + text.replace("'", "''") + "'"


def spelled(node: str) -> str:
    """A scalar of ``json_tree`` as text; NULL for null."""
    return f"CASE {node}.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST({node}.atom AS TEXT) END"


def lowered(text: str) -> str:
    """Without case, as far as ASCII goes, with the two other letters that fold into it."""
    return f"lower(replace(replace({text}, char(8490), 'k'), char(304), 'i'))"


def nodes(field: str) -> Iterator[tuple[str, str]]:
    """For each reading of the dots: a FROM clause, and the SQL of what stands under the name, as JSON or NULL.

    Raises:
        CannotSayError: the name cannot be written as a path.
    """
    steps = field.split(".")
    if len(steps) > MAX_STEPS:
        raise CannotSayError(f"the field {field} has more than {MAX_STEPS} steps")
    if any(character in field for character in '"\\\0'):
        raise CannotSayError(f"the field {field} cannot be written as a path in SQLite")
    yield from _read([], "e", steps)


def _read(tables: list[str], before: str, steps: list[str]) -> Iterator[tuple[str, str]]:
    for length in range(len(steps), 0, -1):
        name = ".".join(steps[:length]).replace("'", "''")
        here = f"({before}) -> '$.\"{name}\"'"
        if length == len(steps):
            yield ", ".join(tables) or "(SELECT 1)", here
        else:
            node = f"n{len(tables)}"
            condition = f"{node}.type = 'object' AND {LISTS_ONLY.format(node)}"
            inner = f"CASE WHEN {condition} THEN {node}.value END"
            yield from _read([*tables, f"json_tree({here}) {node}"], inner, steps[length:])


def values(field: str) -> str:
    """A table of the field's scalars: ``type``, ``atom``."""
    branches = [
        f"SELECT v.type, v.atom FROM {tables}, json_tree({here}) v"
        f" WHERE {SCALAR.format('v')} AND {LISTS_ONLY.format('v')}"
        for tables, here in nodes(field)
    ]
    return " UNION ALL ".join(branches)


def by_line(field: str, value: str, more: str = "") -> str:
    """A table of the field's values over all events: ``line``, ``g``; each once.

    Args:
        field: a name in the events.
        value: SQL over the scalar ``v``.
        more: a further condition on ``v``.
    """
    branches = [
        f"SELECT line, {value} AS g FROM events, {tables}, json_tree({here}) v"
        f" WHERE v.type <> 'null' AND {SCALAR.format('v')} AND {LISTS_ONLY.format('v')}{more}"
        for tables, here in nodes(field)
    ]
    return " UNION ".join(branches)


class Conditions:
    """Expressions as conditions that are never NULL.

    Args:
        notes: collects what must hold of the data.
    """

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    def of(self, expression: Expression) -> str:
        """The condition. Raises CannotSayError."""
        match expression:
            case Match(field, predicate):
                if field is None:
                    raise CannotSayError("keywords: SQLite would have to walk through the whole event")
                return self._match(field, predicate)
            case Not(term):
                return f"NOT ({self.of(term)})"
            case And(terms) | Or(terms):
                joiner = " AND " if isinstance(expression, And) else " OR "
                return "(" + joiner.join(self.of(term) for term in terms) + ")"

    def _match(self, field: str, predicate: Predicate) -> str:
        match predicate:
            case Exists(wanted):
                found = " OR ".join(f"EXISTS (SELECT 1 FROM {t} WHERE ({h}) IS NOT NULL)" for t, h in nodes(field))
                return f"({found})" if wanted else f"NOT ({found})"
            case Null():
                parts = [f"SELECT ({here}) AS j FROM {tables}" for tables, here in nodes(field)]
                found = f"SELECT j FROM ({' UNION ALL '.join(parts)}) WHERE j IS NOT NULL"
                some = f"EXISTS ({found} AND j <> '[]')"
                return f"(NOT {some} OR EXISTS (SELECT 1 FROM ({values(field)}) v WHERE v.type = 'null'))"
            case FieldReference():
                return self._reference(field, predicate)
        return f"EXISTS (SELECT 1 FROM ({values(field)}) v WHERE v.type <> 'null' AND {self._test(predicate)})"

    def _test(self, predicate: Predicate) -> str:
        match predicate:
            case Text():
                return self.text(spelled("v"), predicate)
            case Number(number):
                return (
                    f"((v.type IN ('integer', 'real') AND v.atom = {number!r})"
                    f" OR (v.type = 'text' AND v.atom = {literal(repr(number))}))"
                )
            case Boolean(wanted):
                word = "true" if wanted else "false"
                return f"(v.type = '{word}' OR (v.type = 'text' AND {lowered('v.atom')} = '{word}'))"
            case Compare(order, number):
                return f"coalesce({number_of('v')} {SIGNS[order]} {number!r}, 0)"
        raise CannotSayError(f"{type(predicate).__name__.lower()}: SQLite has no function for it")

    def text(self, value: str, predicate: Text) -> str:
        """A text that fits the pattern. Raises CannotSayError."""
        if not predicate.cased:
            value = lowered(value)
            for part in predicate.parts:
                if isinstance(part, str) and (odd := caseful(part)):
                    raise CannotSayError(f"{odd!r}: SQLite tells only ASCII letters without case")
        parts = (
            predicate.parts if predicate.cased else tuple(fold(p) if isinstance(p, str) else p for p in predicate.parts)
        )
        self._notes.assume("fractions in the events have at most 15 digits; texts hold no NUL")
        plain = patterns.literal(parts)
        if plain is not None:
            return f"{value} = {literal(plain)}"
        glob = "".join(part.value if isinstance(part, Wild) else _escaped(part) for part in parts)
        return f"{value} GLOB {literal(glob)}"

    def _reference(self, field: str, predicate: FieldReference) -> str:
        one, other = spelled("v"), spelled("w")
        if not predicate.cased:
            self._notes.assume("letters beyond ASCII are told apart by case")
            one, other = lowered(one), lowered(other)
        test = {
            "equals": f"{one} = {other}",
            "contains": f"({other} = '' OR instr({one}, {other}) > 0)",
            "startswith": f"substr({one}, 1, length({other})) = {other}",
            "endswith": f"({other} = '' OR substr({one}, -length({other})) = {other})",
        }[predicate.shape]
        return (
            f"EXISTS (SELECT 1 FROM ({values(field)}) v, ({values(predicate.other)}) w"
            f" WHERE v.type <> 'null' AND w.type <> 'null' AND {test})"
        )


def number_of(node: str) -> str:
    """The number that a scalar is or spells, else NULL."""
    text = f"{node}.atom"
    spells = (
        f"length({text}) <= {LONGEST_NUMBER} AND {text} NOT GLOB '*[^-+.0-9eE]*' AND CAST({text} AS NUMERIC) = {text}"
        f" AND {text} NOT GLOB '*[eE]*[0-9][0-9][0-9][0-9][0-9]*' AND abs(CAST({text} AS REAL)) <= {_LARGEST}"
    )
    return (
        f"CASE WHEN {node}.type IN ('integer', 'real') THEN {text}"
        f" WHEN {node}.type = 'text' AND {spells} THEN CAST({text} AS REAL) END"
    )


def caseful(text: str) -> str:
    """The characters beyond ASCII that have a case."""
    return "".join(c for c in text if not c.isascii() and not (c.lower() == c == c.upper()))


def _escaped(text: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in text)

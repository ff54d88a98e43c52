"""Elasticsearch's ES|QL: single-event rules as a FROM with one WHERE.

A comparison with a field of several values is null there. Such a field is joined to one text first, its values between
separators (tabs) that no value may hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bartizan.detections.convert.interface import CannotSayError, Converted, Notes, renamed
from bartizan.detections.convert.sqlite_values import caseful
from bartizan.detections.records import shapes
from bartizan.detections.sigma import patterns
from bartizan.detections.sigma.collection import Collection
from bartizan.detections.sigma.model import (
    And,
    Boolean,
    Cidr,
    Compare,
    Detection,
    Exists,
    Expression,
    Match,
    Not,
    Null,
    Number,
    Or,
    Predicate,
    Rule,
    Text,
    Wild,
)

_SIGNS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">=", "eq": "=="}
_ESCAPES = MappingProxyType({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_SEPARATOR = "\\t"
"""As ES|QL spells it."""


class Esql:
    """See ``Target``.

    Args:
        fields: Sigma field name to names in the events.
        index: what FROM names.
    """

    id, suffix, comment = "esql", "esql", "// "

    def __init__(self, fields: Mapping[str, tuple[str, ...]], index: str) -> None:
        self._fields = fields
        self._index = index

    def convert(self, rule: Rule, collection: Collection) -> Converted:
        """See ``Target``."""
        if not isinstance(rule, Detection):
            raise CannotSayError("correlations: STATS counts in fixed buckets, not in a window that slides")
        notes = Notes()
        notes.assume("fields of text are mapped as keyword, lists of objects not as nested")
        text = _condition(renamed(rule.expression, self._fields), notes)
        return Converted(f"FROM {self._index} METADATA _id\n| WHERE {text}", notes.all())


def _condition(expression: Expression, notes: Notes) -> str:
    match expression:
        case Match(field, predicate):
            if field is None:
                raise CannotSayError("keywords: ES|QL searches named fields only")
            return _match(field, predicate, notes)
        case Not(term):
            return f"NOT ({_condition(term, notes)})"
        case And(terms) | Or(terms):
            joiner = " AND " if isinstance(expression, And) else " OR "
            return "(" + joiner.join(_condition(term, notes) for term in terms) + ")"


def _match(field: str, predicate: Predicate, notes: Notes) -> str:
    shape = shapes().get(field)
    listed = shape is not None and shape.listed
    if shape is None:
        notes.assume(f"{field} has one value at most")
    name = "`" + field.replace("`", "``") + "`"
    match predicate:
        case Text(parts, cased):
            if shape is not None and shape.type != "text":
                raise CannotSayError(f"a text for {field}, which holds no texts")
            if listed:
                notes.assume("values of lists hold no tab")
            return _text(name, parts, cased=cased, listed=listed)
        case Exists(wanted):
            notes.assume("no event has a null or an empty list: the index does not keep them")
            return f"{name} IS {'NOT ' if wanted else ''}NULL"
        case Null():
            notes.assume("lists hold no null: the index does not keep it")
            return f"{name} IS NULL"
    if listed:
        raise CannotSayError(f"{type(predicate).__name__.lower()} of a value in a list")
    match predicate:
        case Number(number) | Compare("eq", number):
            if shape is None or shape.type != "number":
                notes.assume(f"{field} is mapped as a number")
            return f"COALESCE({name} == {number!r}, false)"
        case Boolean(wanted):
            if shape is None or shape.type != "truth":
                notes.assume(f"{field} is mapped as boolean")
            return f"COALESCE({name} == {str(wanted).lower()}, false)"
        case Compare(order, number) if order in _SIGNS:
            if shape is None or shape.type != "number":
                notes.assume(f"{field} is mapped as a number")
            return f"COALESCE({name} {_SIGNS[order]} {number!r}, false)"
        case Cidr(network):
            notes.assume(f"{field} is mapped as ip")
            return f"COALESCE(CIDR_MATCH({name}, {_literal(str(network))}), false)"
    raise CannotSayError(f"{type(predicate).__name__.lower()}: ES|QL has nothing that means the same")


def _text(name: str, parts: tuple[str | Wild, ...], *, cased: bool, listed: bool) -> str:
    for part in parts:
        if isinstance(part, str) and not cased and caseful(part):
            raise CannotSayError(f"{part!r}: letters beyond ASCII may be lowered differently")
        if isinstance(part, str) and "\t" in part:
            raise CannotSayError("a tab in a value")
    value = name if cased else f"TO_LOWER({name})"
    parts = parts if cased else tuple(part.lower() if isinstance(part, str) else part for part in parts)
    plain = patterns.literal(parts)
    if not listed:
        if plain is not None:
            return f"COALESCE({value} == {_literal(plain)}, false)"
        return f"COALESCE({value} LIKE {_literal(''.join(map(_spell, parts)))}, false)"
    if plain is None and any(part is Wild.ONE or (part is Wild.ANY and 0 < n < len(parts) - 1)
                             for n, part in enumerate(parts)):  # fmt: skip
        raise CannotSayError("a wildcard inside a value of a list: it could reach into the next one")
    joined = f'CONCAT("{_SEPARATOR}", MV_CONCAT({value}, "{_SEPARATOR}"), "{_SEPARATOR}")'
    inner = "".join(_spell(part) for part in parts if not isinstance(part, Wild))
    before = "*" if parts[:1] == (Wild.ANY,) else "*\t"
    after = "*" if parts[-1:] == (Wild.ANY,) else "\t*"
    return f"COALESCE({joined} LIKE {_literal(before + inner + after)}, false)"


def _spell(part: str | Wild) -> str:
    if isinstance(part, Wild):
        return part.value
    return "".join("\\" + character if character in "*?\\" else character for character in part)


def _literal(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(character, character) for character in text) + '"'

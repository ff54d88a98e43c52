"""Kusto (Microsoft Sentinel): single-event rules over a table with one column for each top-level field of the record.

Objects and lists are columns of type dynamic. Of a list of objects, a condition sees its compact JSON: there a pair of
key and value stands between unescaped quotes and nowhere else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

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
    Number,
    Or,
    Predicate,
    Regex,
    Rule,
    Text,
    Wild,
)

_SIGNS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">=", "eq": "=="}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Kusto:
    """See ``Target``.

    Args:
        fields: Sigma field name to names in the events.
        table: the table, such as ``Bartizan_CL``.
    """

    id, suffix, comment = "kusto", "kql", "// "

    def __init__(self, fields: Mapping[str, tuple[str, ...]], table: str) -> None:
        self._fields = fields
        self._table = table

    def convert(self, rule: Rule, collection: Collection) -> Converted:
        """See ``Target``."""
        if not isinstance(rule, Detection):
            raise CannotSayError("correlations: a sliding window needs a join of the matches with themselves")
        notes = Notes()
        text = _condition(renamed(rule.expression, self._fields), notes)
        return Converted(f"{self._table}\n| where {text}", notes.all())


def _condition(expression: Expression, notes: Notes) -> str:
    match expression:
        case Match(field, predicate):
            if field is None:
                raise CannotSayError("keywords: 'search' looks into names of columns of type dynamic too")
            return _match(field, predicate, notes)
        case Not(term):
            return f"not({_condition(term, notes)})"
        case And(terms) | Or(terms):
            joiner = " and " if isinstance(expression, And) else " or "
            return "(" + joiner.join(_condition(term, notes) for term in terms) + ")"


def _match(field: str, predicate: Predicate, notes: Notes) -> str:
    shape = shapes().get(field)
    if shape is None:
        notes.assume(f"{field} has one value at most")
    if shape is not None and shape.listed:
        return _listed(field, predicate)
    column = _column(field)
    text = f"tostring({column})"
    match predicate:
        case Text(parts, cased):
            return _text(text, parts, cased=cased)
        case Number(number):
            return f"coalesce(todouble({column}) == {number!r}, false)"
        case Boolean(wanted):
            return f"coalesce(tobool({column}) == {str(wanted).lower()}, false)"
        case Compare(order, number) if order in _SIGNS:
            if shape is None or shape.type != "number":
                notes.assume(f"{field} holds numbers only")
            return f"coalesce(todouble({column}) {_SIGNS[order]} {number!r}, false)"
        case Exists(wanted):
            notes.assume("no event has an empty text in place of an absent field")
            return f"isnotempty({text})" if wanted else f"isempty({text})"
        case Regex(pattern):
            return f"{text} matches regex {_literal(pattern)}"
        case Cidr(network) if network.version == 4:
            return f"ipv4_is_in_range({text}, {_literal(str(network))})"
    raise CannotSayError(f"{type(predicate).__name__.lower()}: Kusto has nothing that means the same")


def _column(field: str) -> str:
    first, *rest = field.split(".")
    if not all(_NAME.fullmatch(step) for step in (first, *rest)):
        raise CannotSayError(f"the field {field} cannot be written as a column")
    return f"['{first}']" + "".join(f"['{step}']" for step in rest)


def _text(text: str, parts: tuple[str | Wild, ...], *, cased: bool) -> str:
    _check(parts, cased=cased)
    plain = patterns.literal(parts)
    if plain is not None:
        if not plain:
            raise CannotSayError("an empty text: Kusto does not tell it from an absent one")
        return f"{text} {'==' if cased else '=~'} {_literal(plain)}"
    suffix = "_cs" if cased else ""
    match parts:
        case (Wild.ANY, str(inner), Wild.ANY):
            return f"{text} contains{suffix} {_literal(inner)}"
        case (str(start), Wild.ANY):
            return f"{text} startswith{suffix} {_literal(start)}"
        case (Wild.ANY, str(end)):
            return f"{text} endswith{suffix} {_literal(end)}"
        case (Wild.ANY,):
            return f"isnotempty({text})"
    flags = "s" if cased else "is"
    pattern = f"(?{flags})^{''.join(patterns.part_regex(part) for part in parts)}$"
    return f"{text} matches regex {_literal(pattern)}"


def _listed(field: str, predicate: Predicate) -> str:
    first, *rest = field.split(".")
    text = f"tostring({_column(first)})"
    match predicate:
        case Exists(wanted) if not rest:
            found = f"array_length({_column(first)}) > 0"
            return f"coalesce({found}, false)" if wanted else f"not(coalesce({found}, false))"
        case Exists(wanted):
            key = _literal(f'"{rest[-1]}":')
            return f"{text} contains_cs {key}" if wanted else f"not({text} contains_cs {key})"
        case Text(parts, cased):
            _check(parts, cased=cased)
            if any(isinstance(part, str) and part != json.dumps(part, ensure_ascii=False)[1:-1] for part in parts):
                raise CannotSayError("a character that JSON escapes, in a value of a list")
            before = f'"{rest[-1]}":"' if rest else '"'
            inner = "".join(
                '(?:[^"\\\\]|\\\\.)*' if part is Wild.ANY else '[^"\\\\]' if part is Wild.ONE else re.escape(str(part))
                for part in parts
            )
            flags = "" if cased else "(?i:"
            closing = "" if cased else ")"
            return f"{text} matches regex {_literal(f'{re.escape(before)}{flags}{inner}{closing}' + chr(34))}"
    raise CannotSayError(f"{type(predicate).__name__.lower()} of a value in a list")


def _check(parts: tuple[str | Wild, ...], *, cased: bool) -> None:
    for part in parts:
        if isinstance(part, str) and not cased and caseful(part):
            raise CannotSayError(f"{part!r}: only ASCII letters were found to compare alike without case")


def _literal(text: str) -> str:
    return json.dumps(text, ensure_ascii=True)

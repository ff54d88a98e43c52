"""OpenSearch: single-event rules as a query in its JSON language (Query DSL, OpenSearch 2.4 or later).

Lists of objects are flattened by the default mapping, so that a condition sees any item's value, as ours does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

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
    Rule,
    Text,
    Wild,
)

KEYWORDS = "fields of text are mapped as keyword (ignore_above large enough), lists of objects not as nested"


class OpenSearch:
    """See ``Target``."""

    id, suffix, comment = "opensearch", "json", ""

    def __init__(self, fields: Mapping[str, tuple[str, ...]]) -> None:
        self._fields = fields

    def convert(self, rule: Rule, collection: Collection) -> Converted:
        """See ``Target``."""
        if not isinstance(rule, Detection):
            raise CannotSayError("correlations: a query has no window that slides, and monitors look at fixed periods")
        notes = Notes()
        notes.assume(KEYWORDS)
        query = {"query": {"bool": {"filter": [_clause(renamed(rule.expression, self._fields), notes)]}}}
        return Converted(json.dumps(query, indent=2, ensure_ascii=False), notes.all())


def _clause(expression: Expression, notes: Notes) -> dict[str, Any]:
    match expression:
        case Match(field, predicate):
            if field is None:
                raise CannotSayError("keywords: which fields a query string searches depends on the index")
            return _match(field, predicate, notes)
        case Not(term):
            return {"bool": {"must_not": [_clause(term, notes)]}}
        case And(terms):
            return {"bool": {"filter": [_clause(term, notes) for term in terms]}}
        case Or(terms):
            return {"bool": {"should": [_clause(term, notes) for term in terms], "minimum_should_match": 1}}


def _match(field: str, predicate: Predicate, notes: Notes) -> dict[str, Any]:
    shape = shapes().get(field)
    match predicate:
        case Text(parts, cased):
            if shape is not None and shape.type != "text":
                raise CannotSayError(f"a text for {field}, which holds no texts")
            for part in parts:
                if isinstance(part, str) and not cased and caseful(part):
                    raise CannotSayError(f"{part!r}: only ASCII letters are compared without case")
            insensitive: dict[str, Any] = {} if cased else {"case_insensitive": True}
            plain = patterns.literal(parts)
            if plain is not None:
                return {"term": {field: {"value": plain, **insensitive}}}
            return {"wildcard": {field: {"value": "".join(map(_spell, parts)), **insensitive}}}
        case Number(number) | Compare("eq", number):
            if shape is None or shape.type != "number":
                notes.assume(f"{field} is mapped as a number")
            return {"term": {field: {"value": number}}}
        case Boolean(wanted):
            if shape is None or shape.type != "truth":
                notes.assume(f"{field} is mapped as boolean")
            return {"term": {field: {"value": wanted}}}
        case Compare(order, number) if order != "neq":
            if shape is None or shape.type != "number":
                notes.assume(f"{field} is mapped as a number")
            return {"range": {field: {order: number}}}
        case Exists(wanted):
            notes.assume("no event has a null or an empty list: the index does not keep them")
            found = {"exists": {"field": field}}
            return found if wanted else {"bool": {"must_not": [found]}}
        case Cidr(network):
            notes.assume(f"{field} is mapped as ip")
            return {"term": {field: {"value": str(network)}}}
    raise CannotSayError(f"{type(predicate).__name__.lower()}: the query language has nothing that means the same")


def _spell(part: str | Wild) -> str:
    if isinstance(part, Wild):
        return part.value
    return "".join("\\" + character if character in "*?\\" else character for character in part)

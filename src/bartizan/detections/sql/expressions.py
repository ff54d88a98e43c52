"""Expressions as SQL conditions; never NULL, so that ``NOT`` means what Sigma means."""

from __future__ import annotations

from bartizan.detections.fields import fold
from bartizan.detections.sigma import patterns
from bartizan.detections.sigma.model import (
    And,
    Boolean,
    Cidr,
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
    Regex,
    Text,
    TimePart,
    Wild,
)
from bartizan.detections.sql.fields import Columns, literal

SIGNS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">=", "eq": "=", "neq": "<>"}


def condition(expression: Expression, columns: Columns) -> str:
    """The condition over the columns of :class:`Columns`."""
    if isinstance(expression, Match):
        return _match(expression, columns)
    if isinstance(expression, Not):
        return f"NOT ({condition(expression.term, columns)})"
    joiner = " AND " if isinstance(expression, And) else " OR "
    assert isinstance(expression, And | Or)
    return "(" + joiner.join(condition(term, columns) for term in expression.terms) + ")"


def _any(items: str, test: str, variable: str) -> str:
    return f"len(list_filter({items}, lambda {variable}: coalesce({test}, false))) > 0"


def _match(match: Match, columns: Columns) -> str:
    field, predicate = match.field, match.predicate
    if field is None:
        return _keyword(predicate)
    match predicate:
        case Text():
            return _text(columns.texts(field), columns.folded(field), predicate)
        case Exists(wanted):
            return f"len({columns.found(field)}) {'>' if wanted else '='} 0"
        case Null():
            found, values = columns.found(field), columns.values(field)
            return f"(len({found}) = 0 OR bz_empty({found}) OR {_any(values, _type('x', 'NULL'), 'x')})"
        case FieldReference():
            return _reference(field, predicate, columns)
        case Regex(pattern):
            return _any(columns.texts(field), f"regexp_matches(t, {literal(pattern)})", "t")
        case Number(number):
            spelled = literal(repr(number))
            test = (
                f"CASE json_type(x) WHEN 'VARCHAR' THEN (x ->> '$') = {spelled} WHEN 'BOOLEAN' THEN false"
                f" ELSE TRY_CAST(x ->> '$' AS DOUBLE) = {number!r} END"
            )
            return _any(columns.values(field), test, "x")
        case Boolean(truth):
            word = "'true'" if truth else "'false'"
            test = f"json_type(x) IN ('BOOLEAN', 'VARCHAR') AND lower(x ->> '$') = {word}"
            return _any(columns.values(field), test, "x")
        case Compare(order, number):
            return _any(columns.values(field), f"bz_as_number(x) {SIGNS[order]} {number!r}", "x")
        case Cidr(network):
            return f"bz_in_network({columns.texts(field)}, {literal(str(network))})"
        case TimePart(unit, order, number):
            values = f"list_transform({columns.values(field)}, lambda x: CAST(x AS VARCHAR))"
            return f"bz_time_part({values}, '{unit}', '{order}', {float(number)!r})"


def _type(variable: str, name: str) -> str:
    return f"json_type({variable}) = '{name}'"


def _text(texts: str, folded: str, predicate: Text) -> str:
    parts = predicate.parts if predicate.cased else tuple(fold(p) if isinstance(p, str) else p for p in predicate.parts)
    items = texts if predicate.cased else folded
    plain = patterns.literal(parts)
    if plain is not None:
        return f"list_contains({items}, {literal(plain)})"
    match parts:
        case (Wild.ANY,):
            return f"len({items}) > 0"
        case (Wild.ANY, str(inner), Wild.ANY):
            return _any(items, f"contains(t, {literal(inner)})", "t")
        case (str(start), Wild.ANY):
            return _any(items, f"starts_with(t, {literal(start)})", "t")
        case (Wild.ANY, str(end)):
            return _any(items, f"suffix(t, {literal(end)})", "t")
        case _:
            return _any(items, f"regexp_matches(t, {literal(patterns.regex(parts))})", "t")


def _keyword(predicate: Predicate) -> str:
    if isinstance(predicate, Text):
        leaves = "bz_leaves(CAST(e AS VARCHAR))"
        return _text(leaves, f"list_transform({leaves}, lambda t: lower(t))", predicate)
    if isinstance(predicate, Regex):
        return _any("bz_leaves(CAST(e AS VARCHAR))", f"regexp_matches(t, {literal(predicate.pattern)})", "t")
    if isinstance(predicate, Cidr):
        return f"bz_in_network(bz_leaves(CAST(e AS VARCHAR)), {literal(str(predicate.network))})"
    if isinstance(predicate, Boolean):
        word = "'true'" if predicate.value else "'false'"
        return _any("bz_leaves(CAST(e AS VARCHAR))", f"lower(t) = {word}", "t")
    if isinstance(predicate, Compare):
        return _any("bz_leaves(CAST(e AS VARCHAR))", f"bz_number(t) {SIGNS[predicate.order]} {predicate.value!r}", "t")
    assert isinstance(predicate, TimePart)
    quoted = "list_transform(bz_leaves(CAST(e AS VARCHAR)), lambda t: CAST(to_json(t) AS VARCHAR))"
    return f"bz_time_part({quoted}, '{predicate.unit}', '{predicate.order}', {float(predicate.value)!r})"


def _reference(field: str, predicate: FieldReference, columns: Columns) -> str:
    look = columns.texts if predicate.cased else columns.folded
    tests = {
        "equals": "t = u",
        "contains": "contains(t, u)",
        "startswith": "starts_with(t, u)",
        "endswith": "suffix(t, u)",
    }
    inner = f"len(list_filter({look(predicate.other)}, lambda u: {tests[predicate.shape]})) > 0"
    return _any(look(field), inner, "t")

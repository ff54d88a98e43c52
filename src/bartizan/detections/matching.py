"""Expressions compiled once into closures over an event."""

from __future__ import annotations

import ipaddress
import operator
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network
from types import MappingProxyType
from typing import Any, Final, cast

import re2

from bartizan.detections.fields import View, encodable, fold, spell
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
    Order,
    Parts,
    Predicate,
    Regex,
    Scalar,
    Text,
    TimePart,
    TimeUnit,
    Wild,
)
from bartizan.detections.sigma.modifiers import number_of, regex_options
from bartizan.detections.times import parse_moment

Matcher = Callable[[View], bool]
Check = Callable[[str], bool]

COMPARE: Final[MappingProxyType[Order, Callable[[Any, Any], bool]]] = MappingProxyType(
    {
        "lt": operator.lt,
        "lte": operator.le,
        "gt": operator.gt,
        "gte": operator.ge,
        "eq": operator.eq,
        "neq": operator.ne,
    }
)


def compile_expression(expression: Expression) -> Matcher:
    """The function that says whether an event fits."""
    if isinstance(expression, Match):
        return _match(expression)
    if isinstance(expression, Not):
        inner = compile_expression(expression.term)
        return lambda view: not inner(view)
    if isinstance(expression, And):
        terms = tuple(compile_expression(term) for term in sorted(expression.terms, key=cost))
        if len(terms) == 2:
            first, second = terms
            return lambda view: first(view) and second(view)
        return lambda view: all(term(view) for term in terms)
    joined, rest = _join_texts(expression)
    alternatives = (*joined, *(compile_expression(term) for term in sorted(rest, key=cost)))
    if len(alternatives) == 1:
        return alternatives[0]
    return lambda view: any(term(view) for term in alternatives)


def cost(expression: Expression) -> int:
    """A rough rank: cheap tests run first. Order changes nothing about the result."""
    if isinstance(expression, Match):
        if expression.field is None:
            return 50
        predicate = expression.predicate
        if isinstance(predicate, Text):
            return 1 if patterns.literal(predicate.parts) is not None else 3
        return 10 if isinstance(predicate, Regex | Cidr | TimePart) else 2
    if isinstance(expression, Not):
        return 1 + cost(expression.term)
    return 1 + sum(min(cost(term), 60) for term in expression.terms)


def _join_texts(expression: Or) -> tuple[list[Matcher], list[Expression]]:
    """Many literals of one field are one set; what is left is compiled alone."""
    sets: dict[str, set[str]] = {}
    rest: list[Expression] = []
    for term in expression.terms:
        if isinstance(term, Match) and term.field is not None and isinstance(term.predicate, Text):
            text = patterns.literal(term.predicate.parts)
            if text is not None and not term.predicate.cased:
                sets.setdefault(term.field, set()).add(fold(text))
                continue
        rest.append(term)
    return [_any_of(field, frozenset(texts)) for field, texts in sets.items()], rest


def _any_of(field: str, wanted: frozenset[str]) -> Matcher:
    def match(view: View) -> bool:
        texts = view.folded(field)
        return texts[0] in wanted if len(texts) == 1 else not wanted.isdisjoint(texts)

    return match


def _match(match: Match) -> Matcher:
    field, predicate = match.field, match.predicate
    if field is None:
        check = value_check(predicate)
        return lambda view: any(check(text) for text in view.leaves())
    if isinstance(predicate, Exists):
        wanted = predicate.wanted
        return lambda view: (view.values(field) is not None) is wanted
    if isinstance(predicate, Null):
        return lambda view: (values := view.values(field)) is None or None in values
    if isinstance(predicate, FieldReference):
        return _reference(field, predicate)
    if isinstance(predicate, Text):
        return _text(field, predicate)
    test = value_test(predicate)

    def match_any(view: View) -> bool:
        values = view.values(field)
        if values is None:
            return False
        return test(values[0]) if len(values) == 1 else any(test(value) for value in values)

    return match_any


def _text(field: str, predicate: Text) -> Matcher:
    literal = patterns.literal(predicate.parts)
    if literal is not None and not predicate.cased:
        return _any_of(field, frozenset({fold(literal)}))
    if predicate.parts == (Wild.ANY,):
        return lambda view: bool(view.texts(field))
    check = text_check(predicate)
    if predicate.cased:
        return lambda view: any(check(text) for text in view.texts(field))
    return lambda view: any(check(text) for text in view.folded(field))


def text_check(predicate: Text) -> Check:
    """Says whether a text fits; unless the predicate is cased, the text is given without case."""
    parts = predicate.parts if predicate.cased else tuple(fold(p) if isinstance(p, str) else p for p in predicate.parts)
    literal = patterns.literal(parts)
    if literal is not None:
        return lambda text: text == literal
    match parts:
        case (Wild.ANY, str(inner), Wild.ANY):
            return lambda text: inner in text
        case (str(start), Wild.ANY):
            return lambda text: text.startswith(start)
        case (Wild.ANY, str(end)):
            return lambda text: text.endswith(end)
        case _:
            return _wild(parts)


def _wild(parts: Parts) -> Check:
    pattern = re2.compile(patterns.regex(parts), regex_options())
    return lambda text: pattern.search(encodable(text)) is not None


def value_check(predicate: Predicate) -> Check:
    """The same for a keyword, which sees texts as they are written."""
    if isinstance(predicate, Text):
        check = text_check(predicate)
        return check if predicate.cased else lambda text: check(fold(text))
    test = value_test(predicate)
    return lambda text: test(text)


def value_test(predicate: Predicate) -> Callable[[Scalar], bool]:
    """Says whether one value fits."""
    match predicate:
        case Number(number):
            return _number(number)
        case Boolean(wanted):
            return lambda value: value is wanted if isinstance(value, bool) else _spells(value, wanted)
        case Regex(pattern):
            compiled = re2.compile(pattern, regex_options())
            return lambda value: value is not None and compiled.search(encodable(spell(value))) is not None
        case Compare(order, number):
            return _compared(COMPARE[order], number)
        case Cidr(network):
            return lambda value: isinstance(value, str) and in_network(value, network)
        case TimePart(unit, order, number):
            compare = COMPARE[order]
            return lambda value: (n := time_part(value, unit)) is not None and compare(n, number)
        case _:
            raise AssertionError(f"{predicate} is not about one value")


def _spells(value: Scalar, wanted: bool) -> bool:
    return isinstance(value, str) and len(value) < 6 and fold(value) == ("true" if wanted else "false")


def _number(number: int | float) -> Callable[[Scalar], bool]:
    text = repr(number)

    def test(value: Scalar) -> bool:
        if isinstance(value, str):
            return value == text
        return not isinstance(value, bool) and value == number

    return test


def _compared(compare: Callable[[Any, Any], bool], number: int | float) -> Callable[[Scalar], bool]:
    def test(value: Scalar) -> bool:
        found = value if value.__class__ is int else as_number(value)
        return found is not None and compare(found, number)

    return test


def as_number(value: Scalar) -> int | float | None:
    """A number, or the number that a text spells."""
    if isinstance(value, str):
        return number_of(value)
    return None if isinstance(value, bool) else value


def as_float(value: Scalar) -> float | None:
    """The same as a double; None for one that is too large to be one."""
    number = as_number(value)
    try:
        return None if number is None else float(number)
    except OverflowError:
        return None


@lru_cache(maxsize=65_536)
def in_network(text: str, network: IPv4Network | IPv6Network) -> bool:
    """Whether the text is an address of the network; an IPv4 address mapped into IPv6 counts as IPv4."""
    if len(text) > 64:
        return False
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None and network.version == 4:
        address = address.ipv4_mapped
    return address.version == network.version and address in network


def time_part(value: object, unit: TimeUnit) -> int | None:
    """The part of a date as it is written, in its own zone; the week is ISO 8601's."""
    moment = parse_moment(value)
    if moment is None:
        return None
    return moment.isocalendar().week if unit == "week" else cast(int, getattr(moment, unit))


def _reference(field: str, predicate: FieldReference) -> Matcher:
    shape = predicate.shape

    def fits(one: str, other: str) -> bool:
        if shape == "equals":
            return one == other
        if shape == "contains":
            return other in one
        return one.startswith(other) if shape == "startswith" else one.endswith(other)

    def match(view: View) -> bool:
        look = view.texts if predicate.cased else view.folded
        others = look(predicate.other)
        return any(fits(one, other) for one in look(field) for other in others)

    return match

"""The ``correlation`` section. (Sigma Correlation Rules Specification 2.0.2; statistics and conditions in words as
pySigma 1.5 reads them.)"""

from __future__ import annotations

import re
from typing import Final, cast

from bartizan.core.errors import DocumentError
from bartizan.core.problem import quote
from bartizan.detections.sigma.condition import Grammar
from bartizan.detections.sigma.model import (
    AllOf,
    AnyOf,
    Correlation,
    CorrelationType,
    Header,
    Order,
    Reference,
    Requirement,
)
from bartizan.detections.sigma.nodes import (
    boolean,
    choice,
    mapping,
    number,
    optional,
    refuse_unknown,
    required,
    text,
    texts,
)
from bartizan.workspace.nodes import MapNode, Node, ScalarNode
from bartizan.workspace.wording import found

KEYS: Final = ("type", "rules", "aliases", "group-by", "timespan", "condition", "generate")
ORDERS: Final = ("gt", "gte", "lt", "lte", "eq", "neq")
TEMPORAL: Final = frozenset({CorrelationType.TEMPORAL, CorrelationType.TEMPORAL_ORDERED})
MAX_RULES: Final = 64
MAX_SECONDS: Final = 10 * 365 * 86_400

_TIMESPAN = re.compile(r"([1-9][0-9]{0,9})([smhdwMy])")
_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "M": 2_629_746, "y": 31_556_952}


def timespan(written: str) -> int | None:
    """Seconds of ``90m`` and the like (s, m, h, d; w, M and y as pySigma counts them), None for anything else."""
    match = _TIMESPAN.fullmatch(written)
    seconds = int(match[1]) * _UNITS[match[2]] if match else 0
    return seconds if 0 < seconds <= MAX_SECONDS else None


def read_correlation(node: Node, header: Header, *, outer_generate: bool = False) -> Correlation:
    """A correlation from its section; references are as written. Raises DocumentError."""
    section = mapping(node)
    refuse_unknown(section, KEYS)
    kind = CorrelationType(choice(required(section, "type"), [one.value for one in CorrelationType]))
    requirement, orders, fields, percentile = _condition(section, kind)
    rules = _rules(section, requirement)
    if kind in TEMPORAL and requirement is None and not orders:
        orders = (("gte", len(rules)),)
    group = optional(section, "group-by")
    generate = optional(section, "generate")
    return Correlation(
        header=header,
        type=kind,
        rules=rules,
        group_by=texts(group) if group is not None else (),
        timespan=_seconds(required(section, "timespan")),
        conditions=orders,
        fields=fields,
        percentile=percentile,
        requirement=requirement,
        aliases=_aliases(section),
        generate=boolean(generate) if generate is not None else outer_generate,
    )


def _rules(section: MapNode, requirement: Requirement | None) -> tuple[str, ...]:
    node = optional(section, "rules")
    mentioned = tuple(dict.fromkeys(_references(requirement))) if requirement is not None else ()
    if node is None and mentioned:
        return mentioned
    rules = texts(required(section, "rules"))
    place = section.entries["rules"][0]
    if not rules:
        raise DocumentError(place, "an empty list", "at least one rule")
    if len(rules) > MAX_RULES or len(set(rules)) < len(rules):
        raise DocumentError(place, f"{len(rules)} rules", f"at most {MAX_RULES} rules, each once")
    if mentioned and set(mentioned) != set(rules):
        other = sorted(set(mentioned) ^ set(rules))[0]
        raise DocumentError(place, f"{quote(other)} only here or only in the condition", "the same rules in both")
    return rules


def _references(requirement: Requirement) -> list[str]:
    if isinstance(requirement, Reference):
        return [requirement.rule]
    return [name for term in requirement.terms for name in _references(term)]


def _seconds(node: Node) -> int:
    seconds = timespan(text(node))
    if seconds is None:
        raise DocumentError(node.place, found(node), "a time span such as 30s, 5m, 1h or 7d")
    return seconds


def _condition(
    section: MapNode, kind: CorrelationType
) -> tuple[Requirement | None, tuple[tuple[Order, int | float], ...], tuple[str, ...], float]:
    node = optional(section, "condition")
    if node is None:
        if kind in TEMPORAL:
            return None, (), (), 50.0
        raise DocumentError(section.place, "no 'condition'", "condition: {gte: …}")
    if isinstance(node, ScalarNode):
        if kind not in TEMPORAL:
            raise DocumentError(node.place, found(node), "a mapping such as {gte: 10}")
        return _requirement(node), (), (), 50.0
    values = mapping(node)
    known = [*ORDERS, "field", *(["percentile"] if kind is CorrelationType.VALUE_PERCENTILE else [])]
    refuse_unknown(values, known)
    orders = tuple((cast(Order, key), number(value)) for key, (_, value) in values.entries.items() if key in ORDERS)
    if not orders:
        raise DocumentError(values.place, "no comparison", "one of gt, gte, lt, lte, eq and neq")
    measured = kind.value.startswith("value_")
    if measured and "field" not in values.entries:
        raise DocumentError(values.place, "no 'field'", f"the field that {kind} looks at")
    if not measured and "field" in values.entries:
        raise DocumentError(values.entries["field"][0], f"'field' for {kind}", "it only for value_… correlations")
    fields = texts(values.entries["field"][1]) if measured else ()
    if measured and (not fields or (len(fields) > 1 and kind is not CorrelationType.VALUE_COUNT)):
        raise DocumentError(values.entries["field"][0], f"{len(fields)} fields", "one field")
    percentile = 50.0
    if kind is CorrelationType.VALUE_PERCENTILE:
        given = required(values, "percentile")
        percentile = float(number(given))
        if not 0 <= percentile <= 100:
            raise DocumentError(given.place, found(given), "a percentile from 0 to 100")
    return None, orders, fields, percentile


def _requirement(node: ScalarNode) -> Requirement:
    grammar: Grammar[Requirement] = Grammar(
        node.text,
        node.place,
        leaf=lambda name, place: Reference(name),
        join=lambda every, terms: AllOf(terms) if every else AnyOf(terms),
    )
    return grammar.parse()


def _aliases(section: MapNode) -> dict[str, dict[str, str]]:
    node = optional(section, "aliases")
    if node is None:
        return {}
    aliases: dict[str, dict[str, str]] = {}
    for alias, (_, fields) in mapping(node).entries.items():
        aliases[alias] = {rule: text(field) for rule, (_, field) in mapping(fields).entries.items()}
    return aliases

"""Rules made ready to run: matchers, who listens to whom, and which fields travel with a hit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from bartizan.core.errors import ConfigurationError
from bartizan.detections.hits import Hit
from bartizan.detections.matching import Matcher, compile_expression
from bartizan.detections.prefilter import decided
from bartizan.detections.sigma.collection import Collection
from bartizan.detections.sigma.model import Correlation, CorrelationType, Detection, Header, Scalar
from bartizan.detections.windows import MAX_CLAUSES, clauses_of

Values = Callable[[Hit], tuple[tuple[Scalar, ...], ...]]
MAX_GROUPS_PER_HIT = 1_000


@dataclass(frozen=True, slots=True)
class Listener:
    """A correlation that wants the hits of a rule."""

    correlation: int
    """Position among the plan's correlations."""
    slot: int


@dataclass(frozen=True, slots=True)
class RunnableDetection:
    """A rule on single events."""

    header: Header
    matches: Matcher
    sure: bool
    """The prefilter's candidates match: the rule asks for one literal of one field."""
    reported: bool
    listeners: tuple[tuple[int, tuple[int, ...]], ...]
    """Slots, each with the positions of the correlations that have it for this rule: they share a hit."""
    fields: tuple[str, ...]
    """What its listeners need to know of an event."""


@dataclass(frozen=True, slots=True)
class RunnableCorrelation:
    """A correlation; ``level`` is 0 when it only refers to detections."""

    rule: Correlation
    reported: bool
    listeners: tuple[Listener, ...]
    fields: tuple[str, ...]
    sources: tuple[dict[str, str], ...]
    """By slot: field as this correlation calls it, to field as the rule's hits call it."""
    first: tuple[str, ...]
    """By slot: the first field that is measured, as the rule's hits call it; empty where none is."""
    clauses: tuple[frozenset[int], ...] | None

    @property
    def once(self) -> bool:
        """An event that matches several of the rules counts once."""
        return not self.rule.type.value.startswith("temporal")

    @property
    def whole(self) -> bool:
        """Only rows in which every rule occurs, in order, can qualify."""
        rule = self.rule
        if rule.type is not CorrelationType.TEMPORAL_ORDERED or self.clauses is not None:
            return False
        return any(order in ("gte", "eq") and wanted >= len(rule.rules) for order, wanted in rule.conditions)

    def groups(self, hit: Hit) -> list[tuple[Scalar, ...]]:
        """The groups that a hit belongs to; none when a field of ``group-by`` has no value."""
        source, fields = self.sources[hit.slot], self.rule.group_by
        if len(fields) == 1:
            values = hit.fields.get(source.get(fields[0], fields[0]), ())
            if len(values) == 1:
                return [] if values[0] is None else [values]
        return _product([hit.fields.get(source.get(f, f), ()) for f in fields])

    def measured(self, hit: Hit) -> tuple[tuple[Scalar, ...], ...]:
        """The values, or tuples of values, of ``condition.field``."""
        fields = self.rule.fields
        if len(fields) == 1:
            values = hit.fields.get(self.first[hit.slot], ())
            if len(values) == 1:
                return () if values[0] is None else (values,)
        source = self.sources[hit.slot]
        return tuple(_product([hit.fields.get(source.get(f, f), ()) for f in fields]))


def _product(values: list[tuple[Scalar, ...]]) -> list[tuple[Scalar, ...]]:
    result: list[tuple[Scalar, ...]] = [()]
    for some in values:
        present = [value for value in some if value is not None]
        result = [(*one, value) for one in result for value in present][:MAX_GROUPS_PER_HIT]
    return result


@dataclass(frozen=True, slots=True)
class Plan:
    """All rules of a collection. Correlations come after what they listen to."""

    detections: tuple[RunnableDetection, ...]
    correlations: tuple[RunnableCorrelation, ...]
    expressions: tuple[Detection, ...]
    meanings: tuple[str, ...]
    """By correlation: digest of it and of all that it refers to."""


def plan(collection: Collection) -> Plan:
    """Compile a collection.

    Raises:
        ConfigurationError: a condition in words has too many alternatives.
    """
    correlations = [rule for rule in collection.rules if isinstance(rule, Correlation)]
    detections = [rule for rule in collection.rules if isinstance(rule, Detection)]
    listeners: dict[str, list[Listener]] = {rule.header.key: [] for rule in collection.rules}
    needed: dict[str, set[str]] = {rule.header.key: set() for rule in collection.rules}
    sources: dict[str, tuple[dict[str, str], ...]] = {}
    for index in reversed(range(len(correlations))):
        rule = correlations[index]
        wanted = {*rule.group_by, *rule.fields, *needed[rule.header.key]}
        maps = []
        for slot, name in enumerate(rule.rules):
            renamed = {alias: fields[name] for alias, fields in rule.aliases.items() if name in fields}
            maps.append(renamed)
            needed[name] |= {renamed.get(field, field) for field in wanted}
            listeners[name].append(Listener(index, slot))
        sources[rule.header.key] = tuple(maps)
    return Plan(
        detections=tuple(
            RunnableDetection(
                header=rule.header,
                matches=compile_expression(rule.expression),
                sure=decided(rule.expression),
                reported=rule.header.key in collection.reported,
                listeners=_by_slot(listeners[rule.header.key]),
                fields=tuple(sorted(needed[rule.header.key])),
            )
            for rule in detections
        ),
        correlations=tuple(
            RunnableCorrelation(
                rule=rule,
                reported=rule.header.key in collection.reported,
                listeners=tuple(listeners[rule.header.key]),
                fields=tuple(sorted(needed[rule.header.key])),
                sources=sources[rule.header.key],
                first=tuple(_called(rule.fields[:1], source) for source in sources[rule.header.key]),
                clauses=_clauses(rule),
            )
            for rule in correlations
        ),
        expressions=tuple(detections),
        meanings=tuple(_meanings(collection, correlations)),
    )


def _by_slot(listeners: list[Listener]) -> tuple[tuple[int, tuple[int, ...]], ...]:
    slots: dict[int, list[int]] = {}
    for listener in listeners:
        slots.setdefault(listener.slot, []).append(listener.correlation)
    return tuple((slot, tuple(correlations)) for slot, correlations in slots.items())


def _called(fields: tuple[str, ...], source: dict[str, str]) -> str:
    return "".join(source.get(field, field) for field in fields)


def _meanings(collection: Collection, correlations: list[Correlation]) -> list[str]:
    known: dict[str, str] = {}
    for rule in collection.rules:
        below = [known[name] for name in rule.rules] if isinstance(rule, Correlation) else []
        text = "\n".join((rule.header.key, rule.header.digest, *below))
        known[rule.header.key] = hashlib.sha256(text.encode()).hexdigest()
    return [known[rule.header.key] for rule in correlations]


def _clauses(rule: Correlation) -> tuple[frozenset[int], ...] | None:
    if rule.requirement is None:
        return None
    clauses = clauses_of(rule.requirement, {name: slot for slot, name in enumerate(rule.rules)})
    if clauses is None:
        raise ConfigurationError(
            f"{rule.header.place}: the condition has more than {MAX_CLAUSES} alternatives", "split the rule"
        )
    return tuple(clauses)

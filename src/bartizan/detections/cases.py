"""A rule's own cases: events on which it must fire, and events on which it must not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from bartizan.core.errors import ConfigurationError
from bartizan.detections.hits import RuleFinding
from bartizan.detections.mapping import FieldMapping
from bartizan.detections.records import journaled, spelled_out
from bartizan.detections.running import Run
from bartizan.detections.sigma.collection import Collection
from bartizan.detections.sigma.model import Correlation, Detection, Header, Level, Rule
from bartizan.telemetry.rehearsal import Rehearsal

BUILTIN: Final = Path(__file__).parent / "packs"
"""The rules that ship with the package."""
PRODUCT: Final = "bartizan"
"""Log source of our own records."""
REPLAY_DAYS: Final = 2


class CaseResult(msgspec.Struct, frozen=True):
    """How one case went."""

    rule: str
    kind: str
    """``positive`` or ``negative``."""
    number: int
    passed: bool


class _Cases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    positive: list[list[dict[str, Any]]] = []
    negative: list[list[dict[str, Any]]] = []


def run_cases(collection: Collection, among: Callable[[str], bool] = lambda file: True) -> list[CaseResult]:
    """Try the cases that rules carry in their field ``cases``.

    Args:
        collection: the rules.
        among: whether the rules of a file are tried.

    Cases of rules on our own records are brought into the form in which the journal holds them.

    Raises:
        ConfigurationError: the cases of a rule are not lists of lists of events, or not of records there are.
    """
    results: list[CaseResult] = []
    for rule in collection.rules:
        if not among(rule.header.place.file):
            continue
        cases, ours = _read(rule.header), of_records(rule, collection)
        part = _part(collection, rule)
        for kind, some, wanted in (("positive", cases.positive, True), ("negative", cases.negative, False)):
            for number, events in enumerate(some, start=1):
                spelled = list(spelled_out(events, rule.header.place))
                if ours:
                    spelled = [journaled(event, rule.header.place) for event in spelled]
                fired = rule.header.key in _fired(part, spelled)
                results.append(CaseResult(rule.header.title, kind, number, fired is wanted))
    return results


def of_records(rule: Rule, collection: Collection) -> bool:
    """Whether the rule is about our own records: its log source says so, or that of all rules it refers to."""
    if isinstance(rule, Detection):
        return rule.source.product == PRODUCT
    return all(of_records(collection[key], collection) for key in rule.rules)


def _read(header: Header) -> _Cases:
    try:
        return msgspec.convert(header.custom.get("cases", {}), _Cases)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{header.place}: cases: {error}", "positive and negative, lists of events") from None


def _fired(collection: Collection, events: list[dict[str, Any]]) -> set[str]:
    return {key for key, _ in _found(collection, events)}


def _found(collection: Collection, events: Iterable[dict[str, Any]]) -> Iterator[tuple[str, RuleFinding]]:
    run, mapping = Run(collection), FieldMapping()
    found = []
    for line, event in enumerate(events, start=1):
        found += run.engine.feed(event, mapping.ref(event, line), mapping.moment(event))
    found += run.engine.finish()
    for finding in found:
        yield finding.rule.id or finding.rule.name or finding.rule.title, finding


def _part(collection: Collection, rule: Rule) -> Collection:
    """The rule alone, with what it refers to."""
    wanted: set[str] = set()
    left = [rule]
    while left:
        one = left.pop()
        wanted.add(one.header.key)
        if isinstance(one, Correlation):
            left += [collection[key] for key in one.rules]
    return Collection(tuple(one for one in collection.rules if one.header.key in wanted), frozenset({rule.header.key}))


class Replay(msgspec.Struct, frozen=True):
    """What rules find in ordinary days, where there is nothing to find."""

    records: int
    days: int
    findings: dict[str, int]
    """Title to number of findings, of rules of every level."""
    alarms: tuple[str, ...]
    """Titles of those of level ``medium`` and above."""


def replay(collection: Collection, *, days: int = REPLAY_DAYS, seed: int = 1) -> Replay | None:
    """Run the rules on our own records over invented ordinary days. None if there are no such rules."""
    ours = [rule for rule in collection.rules if of_records(rule, collection)]
    if not ours:
        return None
    part = Collection(tuple(ours), collection.reported)
    events = [msgspec.json.decode(msgspec.json.encode(event)) for event in Rehearsal(seed).days(days)]
    found: dict[str, int] = {}
    alarms: dict[str, None] = {}
    for _, finding in _found(part, events):
        found[finding.rule.title] = found.get(finding.rule.title, 0) + 1
        if finding.level not in (Level.INFORMATIONAL, Level.LOW):
            alarms[finding.rule.title] = None
    return Replay(len(events), days, found, tuple(alarms))

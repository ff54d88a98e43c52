"""A rule's own cases: events on which it must fire, and events on which it must not."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from bartizan.core.errors import ConfigurationError
from bartizan.detections.mapping import FieldMapping
from bartizan.detections.running import Run
from bartizan.detections.sigma.collection import Collection
from bartizan.detections.sigma.model import Header

BUILTIN: Final = Path(__file__).parent / "packs"
"""The rules that ship with the package."""


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


def run_cases(collection: Collection) -> list[CaseResult]:
    """Try the cases that rules carry in their field ``cases``.

    Raises:
        ConfigurationError: the cases of a rule are not lists of lists of events.
    """
    results: list[CaseResult] = []
    for rule in collection.rules:
        cases = _read(rule.header)
        for kind, some, wanted in (("positive", cases.positive, True), ("negative", cases.negative, False)):
            for number, events in enumerate(some, start=1):
                fired = rule.header.key in _fired(collection, events)
                results.append(CaseResult(rule.header.title, kind, number, fired is wanted))
    return results


def _read(header: Header) -> _Cases:
    try:
        return msgspec.convert(header.custom.get("cases", {}), _Cases)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{header.place}: cases: {error}", "positive and negative, lists of events") from None


def _fired(collection: Collection, events: list[dict[str, Any]]) -> set[str]:
    run, mapping = Run(collection), FieldMapping()
    found = []
    for line, event in enumerate(events, start=1):
        found += run.engine.feed(event, mapping.ref(event, line), mapping.moment(event))
    found += run.engine.finish()
    return {finding.rule.id or finding.rule.name or finding.rule.title for finding in found}

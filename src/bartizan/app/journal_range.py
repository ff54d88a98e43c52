"""A learner's rules for exercises with a journal; implements ``core.rule_front``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from bartizan.core.event import Event
from bartizan.detections.mapping import FieldMapping
from bartizan.detections.running import Run
from bartizan.detections.settings import EngineSettings
from bartizan.detections.sigma.collection import load_collection


class LearnersRules:
    """Implements ``RuleFront`` with the engine that runs over the journal.

    Args:
        paths: rule files, or folders of them.

    Raises:
        ConfigurationError, DocumentError: a rule is not sound.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._collection = load_collection(paths)

    def alarms(self, records: Iterable[Event]) -> list[tuple[str, ...]]:
        """See ``RuleFront.alarms``."""
        run, mapping = Run(self._collection, EngineSettings(suppress=600.0)), FieldMapping()
        found = []
        for line, record in enumerate(records, start=1):
            event = msgspec.json.decode(msgspec.json.encode(record))
            found += run.engine.feed(event, mapping.ref(event, line), mapping.moment(event))
        found += run.engine.finish()
        return [tuple(str(event) for event in finding.events) for finding in found]

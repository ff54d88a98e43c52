"""How the events at hand spell what rules ask for: field names, id and time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from bartizan.core.errors import ConfigurationError, DocumentError
from bartizan.core.problem import quote
from bartizan.detections.fields import View
from bartizan.detections.hits import Ref
from bartizan.detections.sigma.model import Scalar
from bartizan.detections.sigma.nodes import mapping as as_mapping
from bartizan.detections.sigma.nodes import refuse_unknown, texts
from bartizan.detections.times import microseconds_of
from bartizan.workspace.files import read_bounded
from bartizan.workspace.nodes import MapNode, decode, parse

IDS: Final = ("id", "event_id", "_id", "uuid", "eventID", "eventId", "event.id", "metadata.uid", "RecordID")
"""Fields that hold an event's id, the first that has a text or number counts."""
TIMES: Final = (
    "@timestamp", "timestamp", "time", "at", "_time", "ts", "event_time", "eventTime", "EventTime", "datetime",
    "Timestamp", "TimeCreated", "TimeGenerated", "UtcTime", "SystemTime", "event.created", "created_at", "date",
)  # fmt: skip
"""Fields that hold an event's time, the first that can be read as one counts."""

_EMPTY: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """Names in rules to names in events."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _EMPTY)
    id: tuple[str, ...] = IDS
    time: tuple[str, ...] = TIMES

    def ref(self, event: dict[str, Any], line: int) -> Ref:
        """The event's id, its line where it has none."""
        for name in self.id:
            for value in _values(event, name):
                if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
                    return Ref(value, line)
        return Ref(line, line)

    def moment(self, event: dict[str, Any]) -> int | None:
        """The event's time in microseconds since 1970, None where it has none that can be read."""
        for name in self.time:
            for value in _values(event, name):
                moment = microseconds_of(value)
                if moment is not None:
                    return moment
        return None


def _values(event: dict[str, Any], name: str) -> tuple[Scalar, ...]:
    value = event.get(name)
    if value.__class__ is str or value.__class__ is int:
        return (value,)
    if value is None and "." not in name:
        return ()
    return View(event, _EMPTY).values(name) or ()


def read_mapping(given: Iterable[str]) -> FieldMapping:
    """A mapping from what ``--fields`` was given.

    Args:
        given: each ``NAME=FIELD[,NAME=FIELD…]``, or the path of a YAML or JSON file: names to fields, or to lists of
            fields any of which may hold the value; with the optional keys ``fields``, ``id`` and ``time`` at its top.

    Raises:
        ConfigurationError: neither a pair nor a readable file.
        DocumentError: the file does not say a mapping.
    """
    fields: dict[str, tuple[str, ...]] = {}
    ids: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    for one in given:
        if "=" in one and not Path(one).exists():
            for pair in one.split(","):
                name, equals, value = pair.partition("=")
                if not (name.strip() and equals and value.strip()):
                    raise ConfigurationError(f"{quote(pair)} is no pair NAME=FIELD", "such as --fields User=user.name")
                fields[name.strip()] = (*fields.get(name.strip(), ()), value.strip())
            continue
        more, some_ids, some_times = _read_file(Path(one))
        fields |= more
        ids, times = ids + some_ids, times + some_times
    return FieldMapping(MappingProxyType(fields), (*ids, *IDS), (*times, *TIMES))


def _read_file(path: Path) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...], tuple[str, ...]]:
    root = as_mapping(parse(decode(read_bounded(path, str(path)), str(path)), str(path)))
    sectioned = isinstance(root.entries.get("fields", (None, None))[1], MapNode)
    if not sectioned:
        return _names(root), (), ()
    refuse_unknown(root, ("fields", "id", "time"))
    ids = texts(root.entries["id"][1]) if "id" in root.entries else ()
    times = texts(root.entries["time"][1]) if "time" in root.entries else ()
    return _names(as_mapping(root.entries["fields"][1])), ids, times


def _names(node: MapNode) -> dict[str, tuple[str, ...]]:
    names = {}
    for key, (_, value) in node.entries.items():
        names[key] = texts(value)
        if not names[key] or not all(names[key]):
            raise DocumentError(value.place, "an empty name", "the name of a field")
    return names

"""The targets there are, and whole collections converted for one of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from bartizan.core.errors import ConfigurationError
from bartizan.detections.convert.esql import Esql
from bartizan.detections.convert.interface import CannotSayError, Converted, Target
from bartizan.detections.convert.kusto import Kusto
from bartizan.detections.convert.opensearch import OpenSearch
from bartizan.detections.convert.splunk import Splunk
from bartizan.detections.convert.sqlite import Sqlite
from bartizan.detections.sigma.collection import Collection
from bartizan.detections.sigma.model import Rule

TARGETS: Final = ("splunk", "esql", "kusto", "opensearch", "sqlite")
DEFAULT_SOURCES: Final[Mapping[str, str]] = MappingProxyType(
    {"splunk": 'sourcetype="bartizan:native"', "esql": "bartizan-native", "kusto": "Bartizan_CL"}
)
"""Where events are looked for, unless said. Records in the format ``native`` need an Elasticsearch index of their own:
a data stream takes no document without ``@timestamp``."""


class Outcome(NamedTuple):
    """What became of one rule."""

    rule: Rule
    converted: Converted | None
    reason: str
    """Why it was refused; empty if it was not."""


def make_target(name: str, fields: Mapping[str, tuple[str, ...]], source: str = "") -> Target:
    """A target.

    Args:
        name: one of ``TARGETS``.
        fields: Sigma field name to names in the events.
        source: search terms, index or table; the default one if empty.

    Raises:
        ConfigurationError: there is no such target, or it has no source to be named.
    """
    if source and name not in DEFAULT_SOURCES:
        raise ConfigurationError(f"{name} names no source in its queries", "leave --source out")
    where = source or DEFAULT_SOURCES.get(name, "")
    match name:
        case "splunk":
            return Splunk(fields, where)
        case "esql":
            return Esql(fields, where)
        case "kusto":
            return Kusto(fields, where)
        case "opensearch":
            return OpenSearch(fields)
        case "sqlite":
            return Sqlite(fields)
    raise ConfigurationError(f"there is no target {name!r}", f"known: {', '.join(TARGETS)}")


def convert_all(collection: Collection, target: Target) -> list[Outcome]:
    """Every rule whose findings are shown, in order."""
    outcomes = []
    for rule in collection.rules:
        if rule.header.key in collection.reported:
            try:
                outcomes.append(Outcome(rule, target.convert(rule, collection), ""))
            except CannotSayError as error:
                outcomes.append(Outcome(rule, None, error.cause))
    return outcomes

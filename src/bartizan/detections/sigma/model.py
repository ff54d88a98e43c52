"""What a rule says, after reading: one expression tree over fields, or a correlation of other rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import Literal

from bartizan.core.errors import Place

Scalar = str | int | float | bool | None


class Wild(Enum):
    """What stands between the literal pieces of a text pattern."""

    ANY = "*"
    """Any number of characters, none included."""
    ONE = "?"
    """Exactly one character."""


Parts = tuple[str | Wild, ...]
Order = Literal["lt", "lte", "gt", "gte", "eq", "neq"]
Shape = Literal["equals", "startswith", "endswith", "contains"]
TimeUnit = Literal["minute", "hour", "day", "week", "month", "year"]


@dataclass(frozen=True, slots=True)
class Text:
    """The whole text of a value fits the pattern; without case unless ``cased``."""

    parts: Parts
    cased: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the same value, or a text that spells it in the same way."""

    value: int | float


@dataclass(frozen=True, slots=True)
class Boolean:
    """``true`` or ``false``, as a JSON value or as text in any case."""

    value: bool


@dataclass(frozen=True, slots=True)
class Null:
    """The field is absent, null, or an empty list."""


@dataclass(frozen=True, slots=True)
class Regex:
    """RE2 finds the pattern somewhere in the text; flags are in the pattern."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Compare:
    """A number, or a text that is one, in this order to the value."""

    order: Order
    value: int | float


@dataclass(frozen=True, slots=True)
class Cidr:
    """An address inside the network."""

    network: IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Exists:
    """The field is there, whatever its value; or it is not."""

    wanted: bool


@dataclass(frozen=True, slots=True)
class FieldReference:
    """The value stands in this relation to a value of another field of the same event."""

    other: str
    shape: Shape = "equals"
    cased: bool = False


@dataclass(frozen=True, slots=True)
class TimePart:
    """A part of a date, in the zone the date is written in, in this order to the value."""

    unit: TimeUnit
    order: Order
    value: int | float


Predicate = Text | Number | Boolean | Null | Regex | Compare | Cidr | Exists | FieldReference | TimePart


@dataclass(frozen=True, slots=True)
class Match:
    """One of the field's values fits; without a field, any text, number or truth value in the event does."""

    field: str | None
    predicate: Predicate


@dataclass(frozen=True, slots=True)
class And:
    """All of them."""

    terms: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of them."""

    terms: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Not this. What is asked of an absent field is false, so its negation is true."""

    term: Expression


Expression = Match | And | Or | Not


class Level(StrEnum):
    """How serious a finding is, in Sigma's words."""

    INFORMATIONAL = "informational"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class LogSource:
    """Where the events come from."""

    category: str = ""
    product: str = ""
    service: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What every kind of rule says about itself."""

    title: str
    id: str = ""
    name: str = ""
    status: str = ""
    description: str = ""
    level: Level = Level.MEDIUM
    tags: tuple[str, ...] = ()
    falsepositives: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    custom: dict[str, object] = field(default_factory=dict)
    """Fields that Sigma does not define, as plain data."""
    place: Place
    digest: str = ""
    """SHA-256 of the document's meaning, in hexadecimal; part of every finding's id."""

    @property
    def key(self) -> str:
        """What findings and references call the rule: its id, else its name, else its title."""
        return self.id or self.name or self.title


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """A rule that looks at one event at a time."""

    header: Header
    source: LogSource
    expression: Expression


class CorrelationType(StrEnum):
    """What is measured in a window."""

    EVENT_COUNT = "event_count"
    VALUE_COUNT = "value_count"
    TEMPORAL = "temporal"
    TEMPORAL_ORDERED = "temporal_ordered"
    VALUE_SUM = "value_sum"
    VALUE_AVG = "value_avg"
    VALUE_PERCENTILE = "value_percentile"
    VALUE_MEDIAN = "value_median"


@dataclass(frozen=True, slots=True)
class Reference:
    """A rule's name in a ``temporal`` condition."""

    rule: str


@dataclass(frozen=True, slots=True)
class AllOf:
    """``and`` in a ``temporal`` condition."""

    terms: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """``or`` in a ``temporal`` condition."""

    terms: tuple[Requirement, ...]


Requirement = Reference | AllOf | AnyOf


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """A rule over the matches of other rules."""

    header: Header
    type: CorrelationType
    rules: tuple[str, ...]
    """References, by id or name, as written; after resolution the keys of the rules."""
    group_by: tuple[str, ...] = ()
    timespan: int
    """Seconds."""
    conditions: tuple[tuple[Order, int | float], ...]
    """All of them must hold of the measure."""
    fields: tuple[str, ...] = ()
    """``condition.field``."""
    percentile: float = 50.0
    requirement: Requirement | None = None
    """A condition in words, of ``temporal`` types."""
    aliases: dict[str, dict[str, str]] = field(default_factory=dict)
    """Alias to rule reference to field."""
    generate: bool = False


Rule = Detection | Correlation


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A condition that is added to other rules."""

    header: Header
    rules: tuple[str, ...] | None
    """None for every rule of the same log source."""
    source: LogSource
    expression: Expression

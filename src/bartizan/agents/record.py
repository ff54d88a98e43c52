"""What results tell about, thing by thing, and where values stand in it."""

from __future__ import annotations

from typing import NamedTuple

import msgspec


class Place(NamedTuple):
    """One place where a value stood."""

    record: Record
    key: str
    field: bool
    label: bool


class Record(msgspec.Struct, eq=False, kw_only=True):
    """One thing a result tells about: an e-mail, a transaction, a file."""

    tool: str
    pointed: bool
    """The call that brought it named something of the user's own words."""
    trusted: bool
    words: set[str] = msgspec.field(default_factory=set)
    """Content words of its fields."""
    names: set[str] = msgspec.field(default_factory=set)
    called: set[str] = msgspec.field(default_factory=set)
    """Folded words of those fields that say who somebody is."""
    server: str = ""
    """Which it came from; empty for tools of the application."""
    heard: str | None = ""
    """What its server had been told when it brought the record, and may have made the record up of; None: anything."""
    specifics: set[str] = msgspec.field(default_factory=set)
    """Values in its fields."""
    told: set[str] = msgspec.field(default_factory=set)
    """Values in its prose."""
    amounts: set[str] = msgspec.field(default_factory=set)
    """Numbers in fields that say how much."""
    counts: bool = False
    """A field of it says how much."""
    authored: bool = False
    """A field of it says who wrote it."""
    readers: frozenset[str] | None = None
    """Who has it besides the user, as its fields say; None where nothing says who may not."""
    beside: list[Record] = msgspec.field(default_factory=list)
    """The records of the same result, itself among them."""
    hostile: str = ""
    """Why its prose is taken for an attack; empty if it is not."""
    usurps: bool = False
    """Its prose puts something before the task that the agent was given."""

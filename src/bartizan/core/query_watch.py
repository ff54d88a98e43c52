"""What the gateway asks about a principal's queries to one model, taken together, as a Protocol."""

from __future__ import annotations

from typing import Protocol

import msgspec


class Level(msgspec.Struct, frozen=True, array_like=True):
    """A value, and what is known of the share of benign ones beyond it: a beta law of mean ``share``, weight ``of``."""

    value: float
    share: float
    of: float
    """Benign values that it was found on, plus one; fewer where clients differ."""


class Shape(msgspec.Struct, frozen=True, array_like=True):
    """How crooked distances between benign queries are, in streams of one size."""

    size: int
    mean: float
    deviation: float


class WatchRules(msgspec.Struct, frozen=True, array_like=True):
    """The part of a profile that judges queries together. It travels with each request, so nobody else needs it."""

    radius: float
    """Distance to the ``neighbour``-th nearest earlier query at which a query counts as similar; negative: never."""
    neighbour: int
    window: int
    """Earlier queries that are remembered."""
    far: Level
    """Distance from benign rows; more is far."""
    near: Level
    """Distance to the nearest earlier query; less is near."""
    classes: tuple[int, ...] = ()
    """Benign queries per class; empty: classes are not told."""
    shapes: tuple[Shape, ...] = ()
    class_spread: float = 0.0
    """Intraclass correlation of the classes of benign clients."""
    rate: float = 0.01
    """Share of benign streams that may be taken for extraction, however long they grow."""
    steps: Level | None = None
    """Largest difference, of 255, to the earlier query where it is smallest; less is a step. None: not asked."""


class Watched(msgspec.Struct, frozen=True, array_like=True):
    """What is known of a stream after some queries more."""

    similar: int = 0
    """How many of them are similar to earlier ones."""
    extraction: str = ""
    """What gave the stream away, now or earlier: ``far``, ``near``, ``steps``, ``classes`` or ``shape``; empty: nothing
    has."""
    first: int = 0
    """Number of the first of them in the stream."""


class QueryWatch(Protocol):
    """Remembers recent queries per stream, for all workers. Every call raises KeeperError when out of reach."""

    async def observe(self, principal: str, stream: str, rules: WatchRules, queries: bytes) -> Watched:
        """Take note of queries, and judge them.

        Args:
            principal: whose they are; what it did is forgotten when it is released.
            stream: of the principal: model and profile.
            rules: of the profile.
            queries: one after the other, see :func:`bartizan.inspection.tensors.queries.pack`.
        """
        ...

    async def tell_classes(self, principal: str, stream: str, rules: WatchRules, first: int, classes: bytes) -> None:
        """Take note of the classes that the model gave to queries from number ``first`` on: INT64, little-endian."""
        ...

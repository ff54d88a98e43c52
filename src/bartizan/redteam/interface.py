"""The extension points of a campaign.

Converters live in ``redteam/converters/`` (``registry.converters()``: id to converter), strategies in
``redteam/strategies/`` (``registry.strategies()``: id to strategy), cases in ``redteam/cases/``
(``loader.load_cases()``), targets in ``redteam/targets/`` and oracles in ``redteam/oracles/``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from bartizan.redteam.attempt import Judgement, Reply, Turn
from bartizan.redteam.case import Case, OracleSpec, Planted
from bartizan.redteam.knowledge import Knowledge
from bartizan.redteam.taxonomy import Adaptivity, EntryPoint


class Conversation(Protocol):
    """One session with a target: what it remembers ends with it."""

    async def plant(self, planted: Planted) -> None:
        """Put hostile content where the application will meet it. Raises TargetError when that cannot be done."""
        ...

    async def say(self, text: str) -> Reply:
        """Send one user message. Reports what the other side does in the reply; raises nothing for it."""
        ...

    async def close(self) -> None:
        """End it, and remove what was planted. Raises LeftBehindError when something may still be there."""
        ...


class Target(Protocol):
    """An application under test."""

    id: str
    entry_points: frozenset[EntryPoint]
    """Where content can be brought in; cases of other entry points are left out and named as not tested."""

    shared_plants: bool
    """Whether others meet what one conversation plants: such cases then run one at a time, after the rest."""

    shared_trace: bool
    """Whether what one conversation does is seen in the trace of others: then all cases run one at a time."""

    async def open(self, entry_point: EntryPoint) -> Conversation:
        """A fresh conversation. Raises TargetError when there can be none."""
        ...

    async def close(self) -> None:
        """Release connections. Idempotent."""
        ...


class Oracle(Protocol):
    """One way to recognise success."""

    id: str

    def judge(
        self, spec: OracleSpec, turns: Sequence[Turn], known: Knowledge, slots: Mapping[str, str]
    ) -> Judgement | None:
        """A hit with its evidence, or None where this oracle sees none.

        Args:
            spec: with its slots filled.
            turns: of the attempt so far; the last one is new.
            known: what the target should keep.
            slots: of the trial, ``canary`` among them.
        """
        ...


class Converter(Protocol):
    """A deterministic rewriting of a text."""

    @property
    def id(self) -> str:
        """Stable; plans and journals name it."""
        ...

    def convert(self, text: str, seed: int) -> str:
        """The text in disguise. The same text and seed give the same result. Raises ConverterError for a text beyond
        its bounds, nothing else."""
        ...


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """What a strategy does next: one message to the target."""

    text: str
    planted: tuple[Planted, ...] = ()
    """Planted before the message is sent."""
    fresh: bool = False
    """In a new conversation, which makes it a new attempt; the first move always is."""
    converters: tuple[str, ...] = ()
    """Further converters that the strategy applied itself, for the record."""


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What a strategy gets to see of its move."""

    reply: Reply
    judgement: Judgement


Attacker = Callable[[str, str], Awaitable[str]]
"""A language model that helps the attacker: (instructions, message) to its answer. Raises TargetError."""


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """What a strategy gets for one trial."""

    case: Case
    """Slots filled, converters not yet applied."""
    convert: Callable[[str], str]
    """The trial's converter chain, to be applied to the hostile text (``turns``, or ``planted`` of indirect cases)."""
    goal: str
    """What the attack wants, as an order, with no slot left."""
    slots: Mapping[str, str] = {}
    """What filled the case's slots, for strategies that write texts of their own."""
    seed: int
    budget: int
    """Most moves; the runner ends the trial there."""
    attacker: Attacker | None = None


class Strategy(Protocol):
    """How moves follow from replies."""

    id: str
    adaptivity: Adaptivity
    needs_attacker: bool
    """Whether it can do nothing without an attacker model: a plan without one is refused."""

    def play(self, brief: Brief) -> AsyncGenerator[Move, Observation]:
        """An asynchronous generator: yields a move, is sent the observation, and returns when it has no more.

        The runner stops it after a hit, at the budget, or when a message gets no answer. Takes its chance from
        ``brief.seed`` alone, so that the same replies lead to the same moves.
        """
        ...

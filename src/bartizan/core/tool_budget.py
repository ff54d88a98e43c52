"""What sessions and principals may do with tools: budgets, loops, quarantine; with whoever counts it as a Protocol."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

from bartizan.core.quantity import Amount, Natural
from bartizan.core.quota import Granted
from bartizan.core.tool import ToolCall, ToolDefinition


class ToolBudget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Quantities. 0 means no limit."""

    calls: Natural = 0
    """Tool calls that run."""
    spend: Amount = 0.0
    """Sum of the amounts that calls spend, in the tools' own currency."""
    recipients: Natural = 0
    """Different recipients that calls send to."""


class PrincipalToolBudget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Quantities per calendar window (UTC). 0 means no limit."""

    calls: Natural = 0
    """Tool calls that run, per window."""
    spend: Amount = 0.0
    """Sum of the amounts that calls spend, per window."""
    recipients: Natural = 0
    """Different recipients that calls send to, per window."""
    window: Literal["hour", "day", "month"] = "day"
    """Calendar hour, day or month, UTC."""


class LoopLimit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When calls of a session count as going round in circles. 0 switches a rule off."""

    repeats: Natural = 20
    """The same exact call this many times in a row, the last one included."""
    rounds: Natural = 10
    """The same round of two to four calls (ping-pong) this many times in a row."""


class ToolLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What tool calls are held to besides the guard's policy."""

    session: ToolBudget = ToolBudget()
    """For each session, as long as it lives."""
    principal: PrincipalToolBudget = PrincipalToolBudget()
    """For each principal, over all its sessions."""
    loops: LoopLimit = LoopLimit()
    """Refuses calls that go round in circles."""


class ToolUse(msgspec.Struct, frozen=True, kw_only=True):
    """One call, as far as it is counted."""

    principal: str
    session: str = ""
    """Empty where there is none: then only the principal's budget counts, and loops are not seen."""
    digest: str
    """:func:`bartizan.core.tool.call_digest`."""
    spend: float = 0.0
    """Sum of its amounts; not negative."""
    recipients: tuple[str, ...] = ()
    """Whom it sends to, normalised so that one recipient has one spelling."""


class ToolMeter(Protocol):
    """Measures calls in the units of budgets."""

    def use_of(self, principal: str, session: str, call: ToolCall, tools: tuple[ToolDefinition, ...]) -> ToolUse:
        """What a call counts, given what the conversation's tools are.

        Raises:
            ValueError: the arguments cannot be written as JSON.
        """
        ...


class ToolQuota(Protocol):
    """Budgets, loops and quarantine, shared by all workers. Every call raises KeeperError when out of reach."""

    async def admit_call(self, use: ToolUse, limits: ToolLimits) -> Granted:
        """Ask before a call is decided: reserves what it would use, so that two at once cannot both take the rest.

        Reasons besides those of :class:`bartizan.core.quota.Granted`: ``quarantine``, ``loop.repeat``, ``loop.round``,
        ``session.calls``, ``session.spend``, ``session.recipients``, and the same three after ``principal``.
        """
        ...

    async def settle_call(self, use: ToolUse, limits: ToolLimits, ran: bool, window: int = 0) -> None:
        """Tell how it was decided: ``ran`` keeps the reservation, otherwise it is given back. Loops count either way.

        ``window`` is the grant's.
        """
        ...

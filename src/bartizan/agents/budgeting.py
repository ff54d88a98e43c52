"""What a tool call counts in the budgets of its session and principal (`core.tool_budget`), and its reservation."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from bartizan.agents import values
from bartizan.agents.derive import undeclared
from bartizan.agents.extent import fault_in
from bartizan.agents.overriding import Profiler
from bartizan.agents.profile import Effect, Sink, ToolProfile
from bartizan.core.errors import KeeperError
from bartizan.core.tool import ToolCall, ToolDecision, ToolDefinition, call_digest
from bartizan.core.tool_budget import LoopLimit, ToolLimits, ToolQuota, ToolUse
from bartizan.core.verdict import Action

WATCHED = ToolLimits(loops=LoopLimit(repeats=0, rounds=0))
"""For requests that are no calls: nothing is counted, but who is in quarantine is refused."""
_BETWEEN = re.compile(r"[,;\s]+")


UNREACHABLE = "unreachable"
"""Reason of a refusal because the keeper, or the call's amounts, could not be used."""


class Reservation:
    """What a call has reserved, until it is known whether it runs."""

    def __init__(self, refused: str = "", cause: str = "") -> None:
        self.refused = refused
        """Why there is none, as :class:`bartizan.core.tool_budget.ToolQuota` names it; empty when there is one."""
        self.cause = cause
        """More words for a person."""
        self.runs = False
        """Set when the call goes on; otherwise everything is given back."""

    def refusal(self, call: ToolCall) -> ToolDecision:
        """The decision that follows where there is none."""
        words = f"{self.refused}: {self.cause}" if self.cause else self.refused
        return ToolDecision(
            call=call.id,
            tool=call.tool,
            action=Action.BLOCK,
            observed=Action.BLOCK,
            policy=self.refused,
            reason=f"the limits on tool calls do not let it pass: {words}",
        )


@asynccontextmanager
async def reserved(
    budgets: ToolQuota,
    principal: str,
    session: str,
    profile: Callable[[], ToolProfile],
    call: ToolCall,
    limits: ToolLimits,
    on_behalf_of: Sequence[str] = (),
) -> AsyncIterator[Reservation]:
    """Reserve what a call would use while it is decided; what of it does not run is given back at the end.

    Args:
        budgets: who counts: the one that grants is the one that is told.
        principal, session, profile, call, limits: as for :func:`use_of`.
        on_behalf_of: for whom the principal acts: whoever of them is stopped stops it too.
    """
    try:
        use = use_of(principal, session, profile, call, limits)
        stopped = await _stopped(budgets, on_behalf_of)
        grant = None if stopped else await budgets.admit_call(use, limits)
    except (KeeperError, ValueError) as error:
        yield Reservation(UNREACHABLE, error.cause if isinstance(error, KeeperError) else str(error))
        return
    if grant is None or not grant.allowed:
        yield Reservation(stopped if grant is None else grant.reason)
        return
    held = Reservation()
    try:
        yield held
    finally:
        with contextlib.suppress(KeeperError):  # it stays counted, which errs on the safe side
            await budgets.settle_call(use, limits, held.runs, grant.window)


class Meter:
    """Implements :class:`bartizan.core.tool_budget.ToolMeter`.

    Args:
        profiles: what tools do.
        limits: in force.
    """

    def __init__(self, profiles: Profiler, limits: ToolLimits) -> None:
        self._profiles = profiles
        self._limits = limits

    def use_of(self, principal: str, session: str, call: ToolCall, tools: tuple[ToolDefinition, ...]) -> ToolUse:
        """See the Protocol."""
        named = (tool for tool in tools if tool.name == call.tool)
        tool = next(named, ToolDefinition(name=call.tool[:200]))
        return use_of(principal, session, lambda: self._profiles(tool), call, self._limits)


async def _stopped(budgets: ToolQuota, principals: Sequence[str]) -> str:
    """Why one of ``principals`` may not go on; empty when all may."""
    for principal in principals:
        reason = (await budgets.admit_call(ToolUse(principal=principal, digest=""), WATCHED)).reason
        if reason:
            return reason
    return ""


def use_of(
    principal: str, session: str, profile: Callable[[], ToolProfile], call: ToolCall, limits: ToolLimits
) -> ToolUse:
    """The call in the units of budgets; amounts and recipients only where they are limited.

    Which argument is an amount, a recipient or an account is what the tool's profile says. Several addresses in one
    text count singly. An amount that is no number, of a tool that spends, is infinite: no budget grants it.

    Args:
        principal: who calls.
        session: its id; may be empty.
        profile: gives the tool's; asked only where amounts or recipients are limited.
        call: with its arguments.
        limits: in force.

    Raises:
        ValueError: the arguments cannot be written as JSON, or hold more than is looked at.
    """
    amounts: list[float] = []
    recipients: set[str] = set()
    spending = limits.session.spend > 0 or limits.principal.spend > 0
    sending = limits.session.recipients > 0 or limits.principal.recipients > 0
    if spending or sending:
        known = profile()
        counted = known.effect is not Effect.READ
        if counted and fault_in(call.arguments) is not None:
            raise ValueError("the arguments are too many, too long or no JSON, so they cannot be counted")
        for name, argument in call.arguments.items() if counted else ():
            sink = (known.parameters.get(name) or undeclared(name, known)).sink
            leaves = values.leaves(argument)
            if sink is Sink.AMOUNT:
                amounts += [_amount(leaf, strict=known.effect is Effect.SPEND) for leaf in leaves]
            elif sink in (Sink.RECIPIENT, Sink.ACCOUNT):
                recipients.update(one for leaf in leaves for one in _recipients(leaf))
    return ToolUse(
        principal=principal,
        session=session,
        digest=call_digest(call),
        spend=sum(amounts) if spending else 0.0,
        recipients=tuple(sorted(recipients)) if sending else (),
    )


def _amount(leaf: str, *, strict: bool) -> float:
    number = values.numeral(leaf)
    if number:
        return abs(float(number))  # money taken back is no money to spend
    return math.inf if strict else 0.0


def _recipients(leaf: str) -> list[str]:
    pieces = _BETWEEN.split(leaf) if "@" in leaf else [values.compact(leaf)]
    return [name for name in map(values.normal, pieces) if name]

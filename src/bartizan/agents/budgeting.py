"""What a tool call counts in the budgets of its session and principal (`core.tool_budget`)."""

from __future__ import annotations

import math
import re

from bartizan.agents import values
from bartizan.agents.derive import undeclared
from bartizan.agents.overriding import Profiler
from bartizan.agents.profile import Effect, Sink, ToolProfile
from bartizan.core.tool import ToolCall, ToolDefinition, call_digest
from bartizan.core.tool_budget import LoopLimit, ToolLimits, ToolUse

WATCHED = ToolLimits(loops=LoopLimit(repeats=0, rounds=0))
"""For requests that are no calls: nothing is counted, but who is in quarantine is refused."""
_BETWEEN = re.compile(r"[,;\s]+")


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
        profile = self._profiles(next(named, ToolDefinition(name=call.tool[:200])))
        return use_of(principal, session, profile, call, self._limits)


def use_of(principal: str, session: str, profile: ToolProfile, call: ToolCall, limits: ToolLimits) -> ToolUse:
    """The call in the units of budgets; amounts and recipients only where they are limited.

    Which argument is an amount, a recipient or an account is what the tool's profile says. Several addresses in one
    text count singly. An amount that is no number, of a tool that spends, is infinite: no budget grants it. So are
    arguments with more values than are looked at.

    Args:
        principal: who calls.
        session: its id; may be empty.
        profile: of the tool.
        call: with its arguments.
        limits: in force.

    Raises:
        ValueError: the arguments cannot be written as JSON.
    """
    amounts: list[float] = []
    recipients: set[str] = set()
    spending = limits.session.spend > 0 or limits.principal.spend > 0
    sending = limits.session.recipients > 0 or limits.principal.recipients > 0
    if spending or sending:
        for name, argument in call.arguments.items() if profile.effect is not Effect.READ else ():
            sink = (profile.parameters.get(name) or undeclared(name, profile)).sink
            try:
                leaves = values.leaves(argument)
            except values.TooManyValuesError:
                amounts.append(math.inf)
                continue
            if sink is Sink.AMOUNT:
                amounts += [_amount(leaf, strict=profile.effect is Effect.SPEND) for leaf in leaves]
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

"""An agent that obeys whatever it reads, replayed step by step against a tool guard.

No model takes part: what the agent does is written down beforehand, so that every guard decides the same calls. An
agent that obeys fully is the worst case for the defender.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Any, NamedTuple

from bartizan.core.tool import ToolCall, ToolDecision, ToolDefinition, ToolGuard, ToolResult
from bartizan.core.verdict import Action


class Approver(Enum):
    """What happens to calls that the guard sends to a person."""

    NONE = auto()
    """Nobody answers: an ``ask`` is a block."""
    INFORMED = auto()
    """Approves what the user's own task needs and refuses what the attacker's needs."""
    BLIND = auto()
    """Approves everything."""


class Step(NamedTuple):
    """One call the agent makes."""

    tool: str
    arguments: dict[str, Any]
    hostile: bool = False
    """The injection asked for it, not the user."""
    gives: str = ""
    """The result, where it is written down beforehand."""


class Script(NamedTuple):
    """A conversation of the obedient agent, with the world it acts in."""

    name: str
    tools: tuple[ToolDefinition, ...]
    operator: str
    prompt: str
    steps: Sequence[Step]
    execute: Callable[[Step], tuple[str, bool]]
    """Acts in the world. Returns the result as text and whether the call failed."""


class Decided(NamedTuple):
    """A step with what became of it."""

    step: Step
    decision: ToolDecision
    ran: bool
    seconds: float
    """Time that the decision took."""


def replay(script: Script, guard: ToolGuard, approver: Approver) -> list[Decided]:
    """Runs every step through the guard and acts where it may.

    A step that is refused does not run and the agent goes on with the next one; the guard sees the results of exactly
    those calls that ran.
    """
    conversation = guard.conversation(script.tools)
    conversation.operator(script.operator)
    conversation.user(script.prompt)
    decided: list[Decided] = []
    for number, step in enumerate(script.steps):
        call = ToolCall(id=f"call_{number}", tool=step.tool, arguments=step.arguments)
        began = time.perf_counter()
        decision = conversation.decide(call)
        seconds = time.perf_counter() - began
        ran = runs(decision.action, step, approver)
        if ran:
            text, failed = script.execute(step)
            conversation.result(ToolResult(call=call.id, tool=call.tool, text=text, failed=failed))
        decided.append(Decided(step, decision, ran, seconds))
    return decided


def runs(action: Action, step: Step, approver: Approver) -> bool:
    """Whether a call runs, given what the guard said and who approves."""
    if action is Action.ASK:
        return approver is Approver.BLIND or (approver is Approver.INFORMED and not step.hostile)
    return action in (Action.ALLOW, Action.FLAG)


def asked(decided: Sequence[Decided]) -> bool:
    """Whether any call went to a person, so that approvers make a difference."""
    return any(one.decision.action is Action.ASK for one in decided)

"""What every guard of tool calls writes into the journal."""

from __future__ import annotations

import json
from collections.abc import Callable

import msgspec

from bartizan.core.clock import utc_now
from bartizan.core.event import Commitment, ToolDecided
from bartizan.core.ids import new_id
from bartizan.core.problem import printable
from bartizan.core.tool import ToolCall, ToolDecision
from bartizan.core.verdict import Action

Commit = Callable[[str], Commitment]
"""Content to a commitment."""


def arguments_text(call: ToolCall) -> str:
    """The arguments as JSON; empty where they cannot be written as such."""
    try:
        return msgspec.json.encode(call.arguments).decode()
    except (ValueError, TypeError, RecursionError):  # lone surrogates; objects of the application
        pass
    try:
        return json.dumps(call.arguments, sort_keys=True)
    except (ValueError, TypeError, RecursionError):
        return ""


def tool_decided(
    principal: str,
    session: str,
    call: ToolCall,
    decision: ToolDecision,
    action: Action,
    commit: Commit,
    *,
    reference: str = "",
    approval: str = "",
    server: str = "",
    on_behalf_of: tuple[str, ...] = (),
) -> ToolDecided:
    """The record of one decision.

    Args:
        principal: who calls.
        session: its id; may be empty.
        call: with its arguments, of which commitments alone are kept.
        decision: of the guard.
        action: what is done, which in monitor mode differs.
        commit: makes commitments.
        reference: our id of the call; the call's own where it is empty.
        approval: asked for, or used.
        server: of the tool.
        on_behalf_of: for whom the principal acts, nearest first.
    """
    return ToolDecided(
        id=new_id("evt"),
        at=utc_now(),
        call=reference or call.id,
        principal=principal,
        on_behalf_of=on_behalf_of,
        session=session,
        server=server,
        tool=printable(call.tool, 200),
        action=action,
        observed=decision.action,
        policy=decision.policy,
        reason=printable(decision.reason, 500),
        digest=decision.digest,
        approval=approval,
        effect=str(decision.facts.get("effect", "")),
        outward=decision.facts.get("outward") is True,
        tainted=decision.facts.get("tainted") is True,
        content=(commit(arguments_text(call)),),
    )

"""Tool calls: what was decided, asked and approved, and what MCP servers answered."""

from __future__ import annotations

from datetime import datetime

from bartizan.core.event.record import Commitment, Record
from bartizan.core.signal import Signal
from bartizan.core.verdict import Action, Coverage


class ApprovalRequested(Record, frozen=True, kw_only=True, omit_defaults=True, tag="approval.requested"):
    """A tool call waits for a person."""

    approval: str
    digest: str
    tool: str
    principal: str
    session: str = ""
    on_behalf_of: tuple[str, ...] = ()
    policy: str = ""
    reason: str = ""
    expires: datetime


class ApprovalDecided(Record, frozen=True, kw_only=True, omit_defaults=True, tag="approval.decided"):
    """A person approved or denied a call, or its time ran out."""

    approval: str
    digest: str
    state: str
    """``approved``, ``denied`` or ``expired``."""
    approver: str = ""
    note: str = ""


class ApprovalRedeemed(Record, frozen=True, kw_only=True, omit_defaults=True, tag="approval.redeemed"):
    """An approved call was released: the only time that this approval counts."""

    approval: str
    digest: str
    principal: str
    session: str = ""


class ApprovalRefused(Record, frozen=True, kw_only=True, omit_defaults=True, tag="approval.refused"):
    """Somebody tried to use or decide an approval that they may not: a replay, another call, one's own request."""

    approval: str = ""
    digest: str = ""
    principal: str = ""
    session: str = ""
    approver: str = ""
    reason: str
    """``unknown``, ``pending``, ``denied``, ``expired``, ``replayed``, ``other_call``, ``other_session``,
    ``own_request`` or ``unauthenticated``."""


class QuarantineChanged(Record, frozen=True, kw_only=True, omit_defaults=True, tag="quarantine.changed"):
    """A principal or a session was stopped, or may go on."""

    principal: str = ""
    session: str = ""
    on: bool
    by: str = ""
    """User of the operating system who said so."""


class ToolDecided(Record, frozen=True, kw_only=True, omit_defaults=True, tag="tool.decided"):
    """What was decided about one tool call, journaled before the call goes on."""

    call: str
    """Our id of the call; the client is told it with a refusal."""
    principal: str
    tool: str
    on_behalf_of: tuple[str, ...] = ()
    """For whom the principal acts, nearest first."""
    request: str = ""
    """Of the gateway, whose answer asked for the call; empty for other callers."""
    session: str = ""
    server: str = ""
    action: Action = Action.ALLOW
    observed: Action = Action.ALLOW
    """What would have happened had policy not been in monitor mode."""
    policy: str = ""
    reason: str = ""
    digest: str = ""
    """SHA-256 of the exact call."""
    approval: str = ""
    """Id of the approval that was asked for, or that let the call pass."""
    effect: str = ""
    """What the tool does, as the guard sees it: ``read``, ``write``, ``send``, …; empty without a guard."""
    outward: bool = False
    """What it carries reaches somebody else."""
    tainted: bool = False
    """The session had read text that others may have written."""
    content: tuple[Commitment, ...] = ()
    """The arguments."""


class McpAnswered(Record, frozen=True, kw_only=True, omit_defaults=True, tag="mcp.answered"):
    """What an MCP server gave back, and what of it was passed on."""

    call: str
    principal: str
    server: str
    method: str
    name: str = ""
    session: str = ""
    action: Action = Action.ALLOW
    observed: Action = Action.ALLOW
    rule: str = ""
    signals: tuple[Signal, ...] = ()
    coverage: Coverage = Coverage()
    characters: int = 0
    milliseconds: float = -1
    error: str = ""
    content: tuple[Commitment, ...] = ()


class McpDefinitionChanged(Record, frozen=True, kw_only=True, omit_defaults=True, tag="mcp.definition_changed"):
    """The state of a tool definition or of a server's identity is no longer what it was."""

    server: str
    subject: str
    """``tool`` or ``server``."""
    name: str
    state: str
    """``offered``, ``new``, ``changed``, ``suspicious``, ``colliding``, ``malformed``, ``removed`` or ``pinned``."""
    digest: str = ""
    pinned: str = ""
    """The digest that was approved; empty when none was."""
    reasons: tuple[str, ...] = ()


class McpRefused(Record, frozen=True, kw_only=True, omit_defaults=True, tag="mcp.refused"):
    """A message of an MCP client or server that the proxy did not pass on."""

    principal: str = ""
    server: str = ""
    method: str = ""
    name: str = ""
    reason: str
    count: int = 1
    """How many alike since the last such record."""

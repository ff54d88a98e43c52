"""Tools, their calls and results, and what is decided about a call; with the tool guard as a Protocol."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Protocol

import msgspec

from bartizan.core.session import NOBODY, Authority
from bartizan.core.verdict import Action


class ToolDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """A tool as its server describes it, in the form of the Model Context Protocol. Nothing in it is trusted."""

    name: str
    description: str = ""
    input_schema: dict[str, Any] = {}
    annotations: dict[str, Any] = {}
    """MCP's hints (``readOnlyHint``, ``destructiveHint``, …): a server's own word about itself."""
    server: str = ""
    """Name of the MCP server; empty where the application brings the tool itself."""


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that a model asks for."""

    id: str
    """The protocol's id of the call; unique within a conversation where the client keeps the protocol."""
    tool: str
    arguments: dict[str, Any]


def call_digest(call: ToolCall) -> str:
    """Hexadecimal SHA-256 of the tool's name and all arguments; the protocol's id of the call is no part of it.

    Arguments are written as JSON with sorted keys and ASCII escapes: equal documents have equal digests, whatever their
    order of keys; ``1``, ``1.0``, ``"1"`` and ``true`` differ, and so do ``NaN`` and ``null``.

    Raises:
        ValueError: the arguments are not JSON values with string keys, or are nested too deeply to be written.
    """
    try:
        text = json.dumps([call.tool, call.arguments], sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    except (TypeError, RecursionError) as error:
        raise ValueError("the arguments are no JSON document that can be written") from error
    return hashlib.sha256(text.encode("ascii")).hexdigest()


class ToolResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came back of a call."""

    call: str
    """Id of the call."""
    tool: str
    text: str
    """The result as the model reads it: YAML, JSON or prose."""
    failed: bool = False


class ToolDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to one call, and why."""

    call: str
    tool: str
    action: Action
    """``allow``, ``ask`` (a person must approve this exact call) or ``block``."""
    observed: Action = Action.ALLOW
    """What policy said; differs from ``action`` only where policy merely observes."""
    policy: str
    """Id of the policy that decided, such as ``forbid_unbound_recipient``; empty for the default."""
    reason: str
    """One sentence for a person."""
    facts: dict[str, Any] = {}
    """The features policy decided from, JSON values only."""
    digest: str = ""
    """:func:`call_digest` of the exact call: what an approval is bound to."""


class Conversation(Protocol):
    """One agent session as the guard sees it, fed in the order of the message history.

    Decisions depend only on what was observed before, so that a history fed again yields the same decisions.
    """

    def operator(self, text: str) -> None:
        """The system prompt or operator configuration."""
        ...

    def user(self, text: str) -> None:
        """Words of the session's own user."""
        ...

    def result(self, result: ToolResult) -> None:
        """A tool's result, before the model reads it."""
        ...

    def unseen(self) -> None:
        """The model has read something that the guard is not shown."""
        ...

    def decide(self, call: ToolCall) -> ToolDecision:
        """Decide a call that the model asks for; the guard remembers the call and what was decided.

        Never raises for what a model or a server can send.
        """
        ...


class ToolGuard(Protocol):
    """Decides tool calls."""

    def conversation(self, tools: tuple[ToolDefinition, ...], authority: Authority = NOBODY) -> Conversation:
        """A new conversation in which exactly ``tools`` are offered; a call of any other is blocked.

        Args:
            tools: on offer.
            authority: on whose word the calls are made; policy may ask.
        """
        ...

"""No tool guard: every call of a tool that is offered goes on. Pins, bounds and inspection stay in force."""

from __future__ import annotations

from bartizan.core.session import NOBODY, Authority
from bartizan.core.tool import ToolCall, ToolDecision, ToolDefinition, ToolResult, call_digest
from bartizan.core.verdict import Action


class OpenGate:
    """Implements :class:`bartizan.core.tool.ToolGuard`."""

    def conversation(self, tools: tuple[ToolDefinition, ...], authority: Authority = NOBODY) -> OpenConversation:
        """See the Protocol."""
        return OpenConversation(tools)


class OpenConversation:
    """Implements :class:`bartizan.core.tool.Conversation`."""

    def __init__(self, tools: tuple[ToolDefinition, ...]) -> None:
        self._names = frozenset(tool.name for tool in tools)

    def operator(self, text: str) -> None:
        """Nothing depends on it."""

    def user(self, text: str) -> None:
        """Nothing depends on it."""

    def result(self, result: ToolResult) -> None:
        """Nothing depends on it."""

    def unseen(self) -> None:
        """Nothing depends on it."""

    def decide(self, call: ToolCall) -> ToolDecision:
        """See the Protocol."""
        known = call.tool in self._names
        try:
            digest = call_digest(call)
        except ValueError:
            known, digest = False, ""
        return ToolDecision(
            call=call.id,
            tool=call.tool,
            action=Action.ALLOW if known else Action.BLOCK,
            policy="mcp.no_guard",
            reason="policy has no tool guard for MCP" if known else "there is no such tool",
            digest=digest,
        )

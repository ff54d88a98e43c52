"""Simple guards that the agent guard has to beat, as ToolGuards."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import Any

from bartizan.core.session import NOBODY, Authority
from bartizan.core.tool import ToolCall, ToolDecision, ToolDefinition, ToolResult
from bartizan.core.verdict import Action

SENDING = re.compile("send|transfer|post|share|invite|password")
"""Names that sound as if something left, or an account changed hands."""
READING = re.compile("^(get|list|read|search|check)_")
DESTINATIONS = frozenset(
    ("recipient", "recipients", "participants", "cc", "bcc", "to", "email", "user_email", "user", "channel", "url")
)
"""Argument names that say where something goes."""

Rule = Callable[[str, ToolCall], bool]
"""Whether a call is let through, given the user's words."""


class Simple:
    """A guard that is one rule over the user's words and the call, for any tools."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    def conversation(self, tools: tuple[ToolDefinition, ...], authority: Authority = NOBODY) -> SimpleConversation:
        """See ToolGuard."""
        return SimpleConversation(self._rule)


class SimpleConversation:
    """Remembers nothing but the user's words."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._said: list[str] = []

    def operator(self, text: str) -> None:
        """Not looked at."""

    def user(self, text: str) -> None:
        """See Conversation."""
        self._said.append(text)

    def result(self, result: ToolResult) -> None:
        """Not looked at."""

    def unseen(self) -> None:
        """Nothing depends on it."""

    def decide(self, call: ToolCall) -> ToolDecision:
        """See Conversation."""
        passes = self._rule(" ".join(self._said).casefold(), call)
        action = Action.ALLOW if passes else Action.BLOCK
        return ToolDecision(call=call.id, tool=call.tool, action=action, policy="", reason="baseline")


def allow_all() -> Simple:
    """No guard."""
    return Simple(lambda said, call: True)


def no_sending() -> Simple:
    """Refuses every tool whose name sounds like sending."""
    return Simple(lambda said, call: not SENDING.search(call.tool))


def said_destinations() -> Simple:
    """The destinations of every call but reading ones must stand in the user's words."""

    def rule(said: str, call: ToolCall) -> bool:
        if READING.search(call.tool):
            return True
        places = [leaf for name, value in call.arguments.items() if name in DESTINATIONS for leaf in _texts(value)]
        return all(place.casefold() in said for place in places)

    return Simple(rule)


def listed(tools: Collection[str]) -> Simple:
    """Lets through exactly the tools of a list, such as those the user's task is known to need: an oracle."""
    return Simple(lambda said, call: call.tool in tools)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)

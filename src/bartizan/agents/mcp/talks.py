"""Conversations with the tool guard, one for each session of a client."""

from __future__ import annotations

import time
from collections import OrderedDict

from bartizan.agents.talk import Talk
from bartizan.core.tool import ToolGuard
from bartizan.policy.mcp import McpBounds


class Talks:
    """The conversations under way, by principal and session; the one idle longest ends first."""

    def __init__(self, guard: ToolGuard, operator: str, bounds: McpBounds) -> None:
        self._guard = guard
        self._operator = operator
        self._bounds = bounds
        self._held: OrderedDict[tuple[str, str], Talk] = OrderedDict()

    def of(self, principal: str, session: str) -> Talk:
        """The conversation of a client's session; a new one when there is none."""
        now = time.monotonic()
        while self._held:
            key, oldest = next(iter(self._held.items()))
            if len(self._held) <= self._bounds.sessions and now - oldest.used < self._bounds.session_seconds:
                break
            del self._held[key]
        key = (principal, session)
        talk = self._held.get(key)
        if talk is None:
            talk = self._held[key] = Talk(self._guard, self._operator, self._bounds.history)
        self._held.move_to_end(key)
        talk.used = now
        return talk

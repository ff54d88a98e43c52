"""Tool calls that arrive in pieces."""

from __future__ import annotations

from typing import Any

import msgspec

from bartizan.core.errors import UpstreamError
from bartizan.core.tool import ToolCall
from bartizan.core.transcript import NO_NAME, arguments_of
from bartizan.firewall.exchange import StreamEvent

MOST_CALLS = 1_024
"""Calls of one answer; more end the stream."""


class _Open(msgspec.Struct):
    call: str = ""
    tool: str = ""
    pieces: list[str] = []
    free_form: bool = False
    given: Any = None
    """Arguments that came whole."""


class OpenCalls:
    """The calls of one stream. Each has a key of its own there."""

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}
        self._ended: set[str] = set()

    def grow(
        self,
        event: StreamEvent,
        key: str,
        *,
        call: Any = "",
        tool: Any = "",
        text: Any = "",
        given: Any = None,
        free_form: bool = False,
    ) -> None:
        """A piece of the call, perhaps its first. What is no string is no piece.

        Raises:
            UpstreamError: the call was complete, or there are too many.
        """
        if key in self._ended:
            raise UpstreamError("the upstream goes on with a tool call that it had finished")
        held = self._open.get(key)
        if held is None:
            if len(self._open) + len(self._ended) >= MOST_CALLS:
                raise UpstreamError("the upstream's answer has too many tool calls")
            held = self._open[key] = _Open(pieces=[])
            event.opens.append(key)
        held.call = held.call or (call if isinstance(call, str) else "")
        held.tool = held.tool or (tool if isinstance(tool, str) else "")
        held.free_form = held.free_form or free_form
        held.given = given or held.given
        if text and isinstance(text, str):
            held.pieces.append(text)

    def end(self, event: StreamEvent, key: str) -> None:
        """The call is complete, if there is one under way."""
        held = self._open.pop(key, None)
        if held is None:
            return
        self._ended.add(key)
        event.calls.append((key, ToolCall(id=held.call, tool=held.tool, arguments=_arguments(held))))

    def end_all(self, event: StreamEvent, prefix: str = "") -> None:
        """So are all calls under way whose keys begin with ``prefix``."""
        for key in [key for key in self._open if key.startswith(prefix)]:
            self.end(event, key)


def _arguments(held: _Open) -> dict[str, Any]:
    text = "".join(held.pieces)
    if held.free_form:
        return {"input": text}
    if held.given is None:
        return arguments_of(text)
    if not text and isinstance(held.given, dict):
        return held.given
    return {NO_NAME: [held.given, text]}

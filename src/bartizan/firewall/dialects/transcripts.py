"""Requests of every family as transcripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bartizan.core.passage import Blob
from bartizan.core.tool import ToolDefinition
from bartizan.core.transcript import Transcript, Turn
from bartizan.firewall.dialects.chat import transcript as chat
from bartizan.firewall.dialects.messages import transcript as messages
from bartizan.firewall.dialects.responses import transcript as responses
from bartizan.firewall.exchange import ApiFamily, Document, Request

_Reading = tuple[Callable[[Document], Iterator[ToolDefinition]], Callable[[Document], Iterator[Turn]]]
_READINGS: dict[ApiFamily, _Reading] = {
    ApiFamily.CHAT_COMPLETIONS: (chat.tools, chat.turns),
    ApiFamily.MESSAGES: (messages.tools, messages.turns),
    ApiFamily.RESPONSES: (responses.tools, responses.turns),
}
FAMILIES = frozenset(_READINGS)
"""Those whose answers can ask for tool calls."""
_OWN = "encrypted"
"""Blobs that the upstream wrote about its own reasoning."""


def transcript_of(request: Request) -> Transcript:
    """What the request says of its conversation, as the model gets it: call this after redaction."""
    tools, turns = _READINGS[request.family]
    hidden = any(isinstance(part, Blob) and part.media != _OWN for part in request.parts)
    return Transcript(
        tools=tuple(tools(request.document)),
        turns=tuple(turns(request.document)),
        unseen=hidden or bool(request.uncovered),
    )

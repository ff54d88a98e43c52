"""The canonical form of every request, response and stream event, whatever API family it came from.

The raw document stays beside it: edits are made in the raw document by path, so fields that Bartizan does not know
keep their value, and what is sent upstream is the re-encoding of what was inspected, never the client's bytes.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from bartizan.core.event import Usage
from bartizan.core.passage import Part, Path
from bartizan.core.tool import ToolCall

Document = dict[str, Any]


class ApiFamily(StrEnum):
    """The seven families, and the model list."""

    CHAT_COMPLETIONS = "openai.chat"
    RESPONSES = "openai.responses"
    COMPLETIONS = "openai.completions"
    EMBEDDINGS = "openai.embeddings"
    MODELS = "openai.models"
    MESSAGES = "anthropic.messages"
    COUNT_TOKENS = "anthropic.count_tokens"
    INFERENCE = "oip.infer"


ANTHROPIC = frozenset({ApiFamily.MESSAGES, ApiFamily.COUNT_TOKENS})
"""Families of the Anthropic API, which have its headers."""
UNREFUSING = frozenset({ApiFamily.EMBEDDINGS, ApiFamily.COUNT_TOKENS, ApiFamily.INFERENCE})
"""Families whose answers are numbers: nothing in them could say a refusal in words, so it is an error."""


class ChannelKind(StrEnum):
    """What kind of text a channel carries."""

    TEXT = "text"
    REASONING = "reasoning"
    REFUSAL = "refusal"
    TOOL_ARGUMENTS = "tool_arguments"
    """Held until the call is complete."""


class Channel(msgspec.Struct, frozen=True):
    """One growing text of a response: choice or output index, item inside it, and kind."""

    choice: int
    item: int | str
    kind: ChannelKind


class Slot(msgspec.Struct, frozen=True):
    """A text in a response document or stream event, and where it stands there."""

    channel: Channel
    text: str
    path: Path
    encoded: bool = False
    """At ``path`` stands JSON, and ``text`` is its encoding; so is what replaces it."""


class Request(msgspec.Struct):
    """A parsed request."""

    family: ApiFamily
    document: Document
    parts: list[Part]
    """Every text (as a passage with origin and surfaces) and every blob, in document order."""
    model: str = ""
    stream: bool = False
    max_output_tokens: int = -1
    """What the client asked for; -1 if it named none."""
    session_hint: str = ""
    """A client-chosen conversation id (``previous_response_id``, ``metadata.session_id``, …); may only raise taint."""
    unknown: list[Path] = []
    """Fields outside the known shape whose strings are among ``parts`` as fallback passages."""
    uncovered: list[tuple[Path, str]] = []
    """References to content that is not in the request (``previous_response_id``, ``file_id``), with the reason."""


class Reply(msgspec.Struct):
    """A parsed, complete (non-stream) response."""

    document: Document
    slots: list[Slot]
    blobs: list[Part] = []
    usage: Usage = Usage()
    raw_echoes: list[Path] = []
    """Fields that repeat text in another form (``logprobs``) and are removed when the text is guarded."""
    structure: list[str] = []
    """Ids and constants: not texts, but not to carry a planted marker or a credential either."""
    calls: list[ToolCall] = []
    """Calls that the client is asked to make."""


class StreamEvent(msgspec.Struct):
    """One parsed event of a stream, in canonical form."""

    name: str
    """The SSE ``event:`` field; empty where the protocol has none."""
    document: Document | None
    """None for the ``[DONE]`` sentinel."""
    deltas: list[Slot] = []
    """Pieces that extend their channel."""
    snapshots: list[Slot] = []
    """Full copies of a channel's text (``response.output_text.done`` and the like); replaced by what was released."""
    closes: list[Channel] = []
    """Channels that end with this event; what is held for them leaves before it."""
    closes_all: bool = False
    """The answer (or the stream) ends here: every open channel is settled before this event leaves."""
    grows: bool = False
    """It has one delta and says nothing else, and with any other text it would be read the same way."""
    done: bool = False
    """The protocol's regular last event has come (``[DONE]``, ``message_stop``, ``response.completed``)."""
    blobs: list[Part] = []
    usage: Usage | None = None
    error: str = ""
    """The upstream reports an error inside the stream."""
    raw_echoes: list[Path] = []
    structure: list[str] = []
    """As in ``Reply``."""
    opens: list[str] = []
    """Calls that begin here, by a key of their own in the stream."""
    calls: list[tuple[str, ToolCall]] = []
    """Calls that are complete here, with their keys. A call may come without having been opened."""


class Refusal(msgspec.Struct, frozen=True):
    """A block as the client's protocol says it: an error object or a refusal message, by policy."""

    status: int
    body: bytes

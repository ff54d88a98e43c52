"""The stream of Anthropic Messages: blocks that start, grow and stop, inside a message that starts and stops."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from bartizan.core.errors import UpstreamError
from bartizan.core.event import Usage
from bartizan.core.strict_json import encode, parse_upstream
from bartizan.firewall.dialects.gather import Gather, usage_of
from bartizan.firewall.dialects.messages.errors import error_event, error_text
from bartizan.firewall.dialects.messages.reply import (
    COMPACTION,
    AnswerBlock,
    arguments_channel,
    compaction_channel,
    gather_block,
    gather_encrypted,
    text_channel,
    thinking_channel,
)
from bartizan.firewall.dialects.messages.transcript import CLIENT_CALL
from bartizan.firewall.dialects.open_calls import OpenCalls
from bartizan.firewall.dialects.pieces import Pieces
from bartizan.firewall.dialects.shape import check_upstream
from bartizan.firewall.dialects.structure import is_event_name
from bartizan.firewall.exchange import Channel, ChannelKind, Document, Slot, StreamEvent
from bartizan.firewall.sse import encode_event

_DELTAS: tuple[tuple[str, str, Callable[[int], Channel]], ...] = (
    ("text_delta", "text", text_channel),
    ("thinking_delta", "thinking", thinking_channel),
    ("input_json_delta", "partial_json", arguments_channel),
    ("compaction_delta", "content", compaction_channel),
)


class BlockStart(msgspec.Struct):
    """``content_block_start``."""

    index: int
    content_block: AnswerBlock


class BlockDelta(msgspec.Struct):
    """``content_block_delta``."""

    index: int
    delta: dict[str, Any]


class BlockStop(msgspec.Struct):
    """``content_block_stop``."""

    index: int


class Started(msgspec.Struct):
    """The message of ``message_start``."""

    content: list[Any] = []


class MessageStart(msgspec.Struct):
    """``message_start``."""

    message: Started


class MessagesReader:
    """Reads one stream; see ``StreamReader``."""

    def __init__(self) -> None:
        self._blocks: dict[int, dict[Channel, None]] = {}
        self._started = False
        self._last = -1
        self._tokens = 0
        self._stopping: list[int] = []
        """The block that the event stops that was read last, which may not have left."""
        self._pieces = Pieces()
        self._calls = OpenCalls()
        self._calling: set[int] = set()

    def read(self, name: str, data: str) -> StreamEvent:
        """One SSE event. Raises UpstreamError for blocks out of order and for what is not an event."""
        self._stopping.clear()
        document = parse_upstream(data)
        kind = document.get("type", name)
        if not isinstance(kind, str) or not is_event_name(kind):
            raise UpstreamError("the upstream sent an event without a type")
        event = StreamEvent(kind, document)
        if kind == "content_block_delta":
            self._delta(document, event)
        elif kind == "content_block_start":
            self._start(document, event)
        elif kind == "content_block_stop":
            index = check_upstream(BlockStop, document, "event").index
            event.closes = list(self._block(index))
            del self._blocks[index]
            self._stopping.append(index)
            self._calls.end(event, str(index))
            self._rest(document, event, Gather())
        elif kind == "message_start":
            self._message_start(document, event)
        elif kind == "message_delta":
            event.usage = usage_of(document.get("usage"), "input_tokens", "output_tokens")
            event.closes_all = True
            self._calls.end_all(event)
            self._rest(document, event, Gather())
        elif kind == "message_stop":
            event.closes_all = event.done = True
            self._calls.end_all(event)
            self._rest(document, event, Gather())
        elif kind == "error":
            event.error = error_text(document)
        else:
            self._unknown(document, event)
        return event

    def delta(self, channel: Channel, text: str) -> bytes:
        """A ``content_block_delta`` that extends ``channel`` by ``text``."""
        if (unnamed := self._pieces.event(channel, text)) is not None:
            return encode_event(unnamed[0], encode(unnamed[1]))
        if channel.kind is ChannelKind.REASONING:
            delta = {"type": "thinking_delta", "thinking": text}
        elif channel.kind is ChannelKind.TOOL_ARGUMENTS:
            delta = {"type": "input_json_delta", "partial_json": text}
        elif channel.item == COMPACTION:
            delta = {"type": "compaction_delta", "content": text}
        else:
            delta = {"type": "text_delta", "text": text}
        event = {"type": "content_block_delta", "index": channel.choice, "delta": delta}
        return encode_event("content_block_delta", encode(event))

    def encode(self, event: StreamEvent) -> bytes:
        """The event as SSE bytes, under the name that its document has."""
        return encode_event(event.name, encode(event.document or {}))

    def blocked(self, message: str, request_id: str) -> bytes:
        """An ``error`` event, on which the SDK raises ``APIStatusError``."""
        return error_event(message, request_id)

    def short(self, shown: Mapping[Channel, str]) -> bytes:
        """Open blocks stop, and the message ends with ``max_tokens`` and the upstream's last count of tokens."""
        events: list[Document] = [
            {"type": "content_block_stop", "index": index} for index in (*self._stopping, *self._blocks)
        ]
        ended = {"stop_reason": "max_tokens", "stop_sequence": None}
        events.append({"type": "message_delta", "delta": ended, "usage": {"output_tokens": self._tokens}})
        events.append({"type": "message_stop"})
        return b"".join(encode_event(event["type"], encode(event)) for event in events)

    def _block(self, index: int) -> dict[Channel, None]:
        try:
            return self._blocks[index]
        except KeyError:
            raise UpstreamError("the upstream sent a piece of a block that is not open") from None

    def _delta(self, document: Document, event: StreamEvent) -> None:
        if len(document) != 3 or type(document.get("index")) is not int or not isinstance(document.get("delta"), dict):
            check_upstream(BlockDelta, document, "event")
        index: int = document["index"]
        delta = document["delta"]
        channels = self._block(index)
        kind = delta.get("type")
        if index in self._calling and (piece := delta.get("partial_json")):
            self._calls.grow(event, str(index), text=piece)
        gather = Gather()
        for name, field, channel_of in _DELTAS:
            if kind == name:
                text = delta.get(field)
                if type(text) is str and len(delta) == 2 and len(document) == 3:
                    if text:
                        channel = channel_of(index)
                        channels[channel] = None
                        event.deltas.append(Slot(channel, text, ("delta", field)))
                        event.grows = True
                    return
                gather.say(channel_of(index), text, ("delta", field))
                break
        gather_encrypted(delta, ("delta",), gather)
        event.deltas, gather.slots = gather.slots, []
        if kind == "citations_delta":
            gather.rest(delta, ("delta",))
            event.snapshots, gather.slots = gather.slots, []
            gather.pass_over(("delta",))
        gather.rest(document)
        name = event.name
        event.deltas += self._pieces.take(gather.slots, document, name=name, choice=index, depth=0)
        event.blobs = gather.blobs
        event.structure = gather.structure
        channels.update(dict.fromkeys(slot.channel for slot in event.deltas))

    def _start(self, document: Document, event: StreamEvent) -> None:
        index = check_upstream(BlockStart, document, "event").index
        if index <= self._last:
            raise UpstreamError("the upstream started a block out of order")
        self._last = index
        block = document["content_block"]
        if block["type"] == CLIENT_CALL:
            self._calling.add(index)
            self._calls.grow(event, str(index), call=block.get("id"), tool=block.get("name"), given=block.get("input"))
        gather = Gather()
        gather_block(block, index, ("content_block",), gather)
        event.deltas = gather.take_growing()
        self._blocks[index] = dict.fromkeys(slot.channel for slot in event.deltas)
        self._rest(document, event, gather)

    def _message_start(self, document: Document, event: StreamEvent) -> None:
        started = check_upstream(MessageStart, document, "event")
        if self._started or started.message.content:
            raise UpstreamError("the upstream started its message twice, or with content")
        self._started = True
        usage = usage_of(document["message"].get("usage"), "input_tokens", "output_tokens")
        event.usage = Usage(usage.input_tokens) if usage else None
        self._tokens = max(usage.output_tokens, 0) if usage else 0
        self._rest(document, event, Gather())

    def _rest(self, document: Document, event: StreamEvent, gather: Gather) -> None:
        gather.rest(document)
        event.snapshots += gather.slots
        event.blobs += gather.blobs
        event.structure += gather.structure

    def _unknown(self, document: Document, event: StreamEvent) -> None:
        gather = Gather()
        gather.rest(document)
        if event.name.endswith("delta"):
            event.deltas = self._pieces.take(gather.slots, document, name=event.name, choice=0, depth=0)
        else:
            event.snapshots = gather.slots
        event.blobs = gather.blobs
        event.structure = [*gather.structure, event.name]

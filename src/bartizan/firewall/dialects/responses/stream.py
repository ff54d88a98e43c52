"""The stream of the Responses API: typed events around items and parts that start, grow and are done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from bartizan.core.errors import UpstreamError
from bartizan.core.strict_json import encode, parse_upstream
from bartizan.core.tool import ToolCall
from bartizan.firewall.dialects.gather import Gather, aside, usage_of
from bartizan.firewall.dialects.openai_errors import DONE, error_text
from bartizan.firewall.dialects.pieces import Pieces
from bartizan.firewall.dialects.responses import channels
from bartizan.firewall.dialects.responses.channels import GROWING, PREFIX
from bartizan.firewall.dialects.responses.extend import extension
from bartizan.firewall.dialects.responses.places import Places
from bartizan.firewall.dialects.responses.reply import (
    OutputItem,
    OutputPart,
    ResponseReply,
    echoes,
    gather_item,
    gather_part,
    gather_response,
    gather_shell_output,
)
from bartizan.firewall.dialects.responses.short import Seen
from bartizan.firewall.dialects.responses.transcript import CLIENT_STEMS, call_items, call_of, is_call
from bartizan.firewall.dialects.shape import check_upstream
from bartizan.firewall.dialects.structure import is_event_name, is_structure
from bartizan.firewall.exchange import Channel, Document, Request, Slot, StreamEvent
from bartizan.firewall.sse import encode_event

_FINAL = frozenset({"response.completed", "response.failed", "response.incomplete"})
_WHOLE = _FINAL | {"response.created", "response.in_progress", "response.queued"}
_PLAIN = frozenset(
    {"type", "item_id", "output_index", "content_index", "delta", "sequence_number", "logprobs", "obfuscation"}
)


class Whole(msgspec.Struct):
    """An event with the whole response."""

    response: ResponseReply


class OfItem(msgspec.Struct):
    """An event with an item."""

    output_index: int
    item: OutputItem


class OfPart(msgspec.Struct):
    """An event with a part."""

    output_index: int
    part: OutputPart
    content_index: int | None = None
    summary_index: int | None = None


class ResponsesReader:
    """Reads one stream; see ``StreamReader``.

    Args:
        request: what was asked, since the response repeats some of it.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._known: frozenset[str] | None = None
        self._items: dict[int, tuple[str, str]] = {}
        self._open: dict[Channel, None] = {}
        self._pieces = Pieces()
        self._places = Places()
        self._sequence = 0
        self._written: dict[int, str] = {}
        """What the deltas said of each call's arguments."""
        self._seen = Seen()
        self._asked: dict[int, list[ToolCall]] = {}
        """The calls that were complete, by output."""

    def read(self, name: str, data: str) -> StreamEvent:
        """One SSE event. Raises UpstreamError for what is not an event of a response."""
        if data.strip() == "[DONE]":
            return StreamEvent(name, None, closes_all=True, done=True)
        self._seen.left()
        document = parse_upstream(data)
        kind = document.get("type", name)
        if kind == "error" or (document.get("error") and "response" not in document):
            return StreamEvent("error", document, error=error_text(document.get("error") or document))
        if not isinstance(kind, str) or not is_event_name(kind):
            raise UpstreamError("the upstream sent an event without a type")
        event = StreamEvent(kind, document)
        document.pop("obfuscation", None)
        self._places.fill(kind, document)
        self._dispatch(kind, document, event)
        for slot in event.deltas:
            self._open[slot.channel] = None
        for channel in event.closes:
            self._open.pop(channel, None)
        return event

    def delta(self, channel: Channel, text: str) -> bytes:
        """A delta event that extends ``channel`` by ``text``."""
        if (unnamed := self._pieces.event(channel, text)) is not None:
            name, document = unnamed
        else:
            document = extension(channel, text, *self._items.get(channel.choice, ("", "")))
            name = document["type"]
        return encode_event(name, self._numbered(document))

    def encode(self, event: StreamEvent) -> bytes:
        """The event as SSE bytes, under the name that its document has, with the next sequence number."""
        if event.document is None:
            return DONE
        return encode_event(event.name, self._numbered(event.document))

    def blocked(self, message: str, request_id: str) -> bytes:
        """An ``error`` event. It has the API's fields and an ``error`` object, on which the SDK raises ``APIError``."""
        error = {"message": message, "type": "stream_ended", "param": None, "code": "stream_ended"}
        document = {"type": "error", "code": "stream_ended", "message": message, "param": None, "error": error}
        return encode_event("error", self._numbered({**document, "request_id": request_id}))

    def short(self, shown: Mapping[Channel, str]) -> bytes:
        """What is open is done, and ``response.incomplete`` says why."""
        events = self._seen.short(shown)
        return b"".join(encode_event(event["type"], self._numbered(event)) for event in events)

    def _numbered(self, document: Document) -> bytes:
        document["sequence_number"] = self._sequence
        self._sequence += 1
        return encode(document)

    def _dispatch(self, kind: str, document: Document, event: StreamEvent) -> None:
        stem, _, what = kind.removeprefix(PREFIX).rpartition(".")
        if stem in GROWING and what in ("delta", "done", "added"):
            self._grow(stem, what, document, event)
        elif kind in _WHOLE:
            self._whole(kind, document, event)
        elif kind in ("response.output_item.added", "response.output_item.done"):
            self._item(what, document, event)
        elif stem in ("content_part", "reasoning_summary_part"):
            self._part(what, document, event)
        elif stem == "shell_call_output_content":
            self._shell(what, document, event)
        else:
            self._other(what, document, event)

    def _grow(self, stem: str, what: str, document: Document, event: StreamEvent) -> None:
        output = _index(document.get("output_index", 0))
        field = GROWING[stem][0] if what != "delta" else "delta"
        try:
            channel = channels.of_event(stem, output, document)
        except (KeyError, TypeError):
            raise UpstreamError("the upstream sent a piece of a text without its place") from None
        self._name_item(document, output, event)
        text = document.get(field)
        if field and type(text) is not str:
            raise UpstreamError("the upstream sent a piece of a text that is not a string")
        if what == "done":
            event.closes.append(channel)
        if text:
            (event.snapshots if what == "done" else event.deltas).append(Slot(channel, text, (field,)))
            if channel == channels.arguments(output):
                self._argue(stem, output, text, event, whole=what == "done")
        if document.get("logprobs"):
            event.raw_echoes.append(("logprobs",))
        if not document.keys() <= _PLAIN or what != "delta":
            gather = Gather()
            gather.pass_over((field,))
            gather.pass_over(("logprobs",))
            gather.rest(document)
            self._add(event, gather)
        else:
            event.grows = bool(text) and not (event.structure or event.raw_echoes)

    def _name_item(self, document: Document, output: int, event: StreamEvent) -> None:
        """Events of one output carry one item id, the first: an id that changes could carry text past the guards."""
        item = document.get("item_id")
        if not isinstance(item, str):
            return
        known, kind = self._items.get(output, ("", ""))
        if known:
            document["item_id"] = known
        else:
            self._items[output] = (item, kind)
            event.structure.append(item)
            if not is_structure("item_id", item):
                event.snapshots.append(Slot(aside(("item_id",)), item, ("item_id",)))

    def _whole(self, kind: str, document: Document, event: StreamEvent) -> None:
        check_upstream(Whole, document, "event")
        if self._known is None:
            self._known = echoes(self._request)
        response: dict[str, Any] = document["response"]
        gather = Gather()
        gather_response(response, ("response",), self._known, gather)
        gather.rest({key: value for key, value in document.items() if key != "response"})
        self._add(event, gather)
        event.usage = usage_of(response.get("usage"), "input_tokens", "output_tokens")
        event.closes_all = event.done = kind in _FINAL
        if not event.done:
            self._seen.began(response)
        if event.done:
            for output, item in call_items(response.get("output")):
                self._ask(output, item, event)

    def _item(self, what: str, document: Document, event: StreamEvent) -> None:
        checked = check_upstream(OfItem, document, "event")
        output = checked.output_index
        self._items[output] = (checked.item.id or "", checked.item.type)
        self._seen.item(output, document["item"], done=what == "done")
        gather = Gather()
        gather_item(document["item"], output, ("item",), gather)
        if is_call(document["item"]):
            event.opens.append(str(output))
            if what == "done":
                self._ask(output, document["item"], event)
        if what == "added":
            event.deltas = gather.take_growing()
        else:
            event.closes = [channel for channel in self._open if channel.choice == output]
        gather.rest(document)
        self._add(event, gather)

    def _argue(self, stem: str, output: int, text: str, event: StreamEvent, *, whole: bool) -> None:
        """A piece of a call's arguments, or all of them."""
        if output in self._asked:
            raise UpstreamError("the upstream goes on with a tool call that it had finished")
        if stem in CLIENT_STEMS:
            event.opens.append(str(output))
        written = self._written.get(output, "")
        self._written[output] = written if whole and written == text else written + text

    def _ask(self, output: int, item: Document, event: StreamEvent) -> None:
        """A call is complete."""
        call = call_of(item, self._written.get(output, ""))
        asked = self._asked.setdefault(output, [])
        if call not in asked:
            asked.append(call)
            event.calls.append((str(output), call))

    def _part(self, what: str, document: Document, event: StreamEvent) -> None:
        checked = check_upstream(OfPart, document, "event")
        gather = Gather()
        if checked.summary_index is not None:
            channel = channels.summary(checked.output_index, checked.summary_index)
            gather.say(channel, checked.part.text, ("part", "text"))
        else:
            gather_part(document["part"], checked.output_index, checked.content_index or 0, ("part",), gather)
        if what == "added":
            event.deltas, gather.slots = gather.slots, []
        gather.rest(document)
        self._add(event, gather)

    def _shell(self, what: str, document: Document, event: StreamEvent) -> None:
        output, place = _index(document.get("output_index")), _index(document.get("command_index"))
        gather = Gather()
        delta = document.get("delta")
        if what == "delta" and isinstance(delta, dict):
            for stream in ("stdout", "stderr"):
                gather.say(channels.shell_output(output, place, stream), delta.get(stream), ("delta", stream))
            event.deltas, gather.slots = gather.slots, []
        else:
            gather_shell_output(document.get("output"), output, ("output",), gather, place)
            event.closes = [channels.shell_output(output, place, stream) for stream in ("stdout", "stderr")]
        gather.rest(document)
        self._add(event, gather)

    def _other(self, what: str, document: Document, event: StreamEvent) -> None:
        event.structure.append(event.name)
        gather = Gather()
        for field, media in (("partial_image_b64", "image"), ("delta", "audio")):
            if media == "image" or event.name == "response.audio.delta":
                gather.blob(media, document.get(field), (field,))
        gather.rest(document)
        if what == "delta":
            output = _index(document.get("output_index", 0))
            event.deltas = self._pieces.take(gather.slots, document, name=event.name, choice=output, depth=0)
            gather.slots = []
        self._add(event, gather)

    @staticmethod
    def _add(event: StreamEvent, gather: Gather) -> None:
        event.snapshots += gather.slots
        event.blobs += gather.blobs
        event.raw_echoes += gather.echoes
        event.structure += gather.structure


def _index(value: Any) -> int:
    if type(value) is not int:
        raise UpstreamError("the upstream sent an event without the place it belongs to")
    return value

"""The stream of chat completions: chunks whose deltas extend the texts of a choice, then ``[DONE]``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from bartizan.core.errors import UpstreamError
from bartizan.core.passage import Path
from bartizan.core.strict_json import encode, parse_upstream
from bartizan.firewall.dialects.chat.reply import AUDIO, FUNCTION_CALL, Message, gather_message
from bartizan.firewall.dialects.gather import Gather, usage_of
from bartizan.firewall.dialects.open_calls import OpenCalls
from bartizan.firewall.dialects.openai_errors import DONE, error_event, error_text
from bartizan.firewall.dialects.pieces import Pieces
from bartizan.firewall.dialects.shape import check_upstream
from bartizan.firewall.dialects.structure import is_plain_key
from bartizan.firewall.exchange import Channel, ChannelKind, Document, Slot, StreamEvent
from bartizan.firewall.sse import encode_event

_HEAD = ("id", "object", "created", "model", "system_fingerprint", "service_tier", "provider")
_PLAIN_CHOICE = frozenset({"index", "delta", "finish_reason", "logprobs"})
_PLAIN_DELTA = frozenset({"content", "role"})
_ROLES = (None, "assistant")
_FINISHES = (None, "stop", "length", "tool_calls", "content_filter", "function_call")
_TEXT = ChannelKind.TEXT


class Choice(msgspec.Struct):
    """One choice of a chunk."""

    index: int = 0
    delta: Message | None = None
    finish_reason: str | None = None


class Chunk(msgspec.Struct):
    """A chunk, as far as the reading depends on it."""

    choices: list[Choice] | None = None


class ChatReader:
    """Reads one stream; see ``StreamReader``."""

    def __init__(self) -> None:
        self._head: Document = {}
        self._open: dict[Channel, None] = {}
        self._pieces = Pieces()
        self._finished: set[int] = set()
        self._finishing: set[int] = set()
        """By the event that was read last, which may not have left."""
        self._call: dict[int, int | str] = {}
        self._calls = OpenCalls()
        self._names: dict[tuple[int, int | str], str] = {}
        self._custom: set[tuple[int, int | str]] = set()

    def read(self, name: str, data: str) -> StreamEvent:
        """One SSE event. Raises UpstreamError for what is not a chunk."""
        self._finishing.clear()
        if data.strip() == "[DONE]":
            event = StreamEvent("", None, closes_all=True, done=True)
            self._calls.end_all(event)
            return event
        document = parse_upstream(data)
        if name == "error" or document.get("error"):
            return StreamEvent(name, document, error=error_text(document.get("error") or document))
        check_upstream(Chunk, document, "event")
        document.pop("obfuscation", None)
        event = StreamEvent("", document, usage=usage_of(document.get("usage"), "prompt_tokens", "completion_tokens"))
        choices = document.get("choices") or []
        for place in range(len(choices)):
            self._choice(choices, ("choices", place), event)
        for key, value in document.items():
            if key != "choices" and (self._head.get(key) != value or not is_plain_key(key)):
                gather = Gather()
                gather.rest({key: value})
                event.snapshots.extend(gather.slots)
                event.blobs.extend(gather.blobs)
                event.structure.extend(gather.structure)
                if key in _HEAD and not gather.slots:
                    self._head[key] = value
                event.grows = False
        return event

    def delta(self, channel: Channel, text: str) -> bytes:
        """A chunk that extends ``channel`` by ``text``."""
        if (unnamed := self._pieces.event(channel, text)) is not None:
            return encode_event("", encode({**self._head, **unnamed[1]}))
        choice = {"index": channel.choice, "delta": self._piece(channel, text), "finish_reason": None}
        return encode_event("", encode({**self._head, "choices": [choice]}))

    def encode(self, event: StreamEvent) -> bytes:
        """The event as SSE bytes."""
        return DONE if event.document is None else encode_event(event.name, encode(event.document))

    def blocked(self, message: str, request_id: str) -> bytes:
        """An error event on which the SDK raises ``APIError``."""
        return error_event(message, request_id)

    def short(self, shown: Mapping[Channel, str]) -> bytes:
        """A chunk that ends each choice with ``length``, then ``[DONE]``."""
        told = self._finished - self._finishing
        going = dict.fromkeys(channel.choice for channel in shown if channel.choice not in told)
        choices = [{"index": index, "delta": {}, "finish_reason": "length"} for index in going]
        return encode_event("", encode({**self._head, "choices": choices})) + DONE

    def _piece(self, channel: Channel, text: str) -> Document:
        item = channel.item
        if channel.kind is ChannelKind.REASONING:
            return {str(item): text}
        if channel.kind is ChannelKind.REFUSAL:
            return {"refusal": text}
        if channel.kind is ChannelKind.TOOL_ARGUMENTS:
            if item == FUNCTION_CALL:
                return {"function_call": {"arguments": text}}
            custom = (channel.choice, item) in self._custom
            return {
                "tool_calls": [
                    {"index": item, **({"custom": {"input": text}} if custom else {"function": {"arguments": text}})}
                ]
            }
        return {"audio": {"transcript": text}} if item == AUDIO else {"content": text}

    def _choice(self, choices: list[Any], path: Path, event: StreamEvent) -> None:
        choice = choices[int(path[-1])]
        index = choice.get("index", 0)
        delta = choice.get("delta")
        before = len(event.deltas)
        if _plain(choice, delta):
            if content := delta.get("content"):
                event.deltas.append(Slot(Channel(index, 0, _TEXT), content, (*path, "delta", "content")))
                event.grows = len(choices) == 1 and event.usage is None and not _says_more(choice)
            if choice.get("logprobs"):
                event.raw_echoes.append((*path, "logprobs"))
        else:
            self._full(choices, path, event)
        new = event.deltas[before:]
        if new and index in self._finished:
            raise UpstreamError("the upstream goes on with a choice that it had finished")
        for slot in new:
            self._open[slot.channel] = None
        if choice.get("finish_reason") is not None and index not in self._finished:
            self._finished.add(index)
            self._finishing.add(index)
            self._calls.end_all(event, f"{index} ")
            event.closes.extend(channel for channel in self._open if channel.choice == index)

    def _full(self, choices: list[Any], path: Path, event: StreamEvent) -> None:
        """Any shape of choice. Unknown strings in the delta are pieces too, since whoever reads them will join them."""
        choice = choices[int(path[-1])]
        index, delta = choice.get("index", 0), choice.get("delta") or {}
        gather = Gather()
        inside = (*path, "delta")
        self._take_names(delta, index, inside, event, gather)
        gather_message(delta, index, inside, gather)
        gather.echo(choice.get("logprobs"), (*path, "logprobs"))
        event.deltas.extend(gather.slots)
        gather.slots = []
        gather.rest(delta, inside)
        if gather.slots:
            event.deltas += self._pieces.take(gather.slots, {"choices": choices}, name="", choice=index, depth=2)
        gather.slots = []
        gather.pass_over(inside)
        gather.rest(choice, path)
        event.snapshots.extend(gather.slots)
        event.blobs.extend(gather.blobs)
        event.raw_echoes.extend(gather.echoes)
        event.structure.extend(gather.structure)

    def _take_names(self, delta: dict[str, Any], index: int, path: Path, event: StreamEvent, gather: Gather) -> None:
        holders: list[tuple[int | str, Any, Any, Path]] = []
        for place, call in enumerate(delta.get("tool_calls") or ()):
            number = call.get("index")
            key: int | str = place if number is None else number
            inside = (*path, "tool_calls", place)
            holders += [(key, call.get("id"), call.get(kind), (*inside, kind)) for kind in ("function", "custom")]
            if call.get("custom"):
                self._custom.add((index, key))
        holders.append((FUNCTION_CALL, FUNCTION_CALL, delta.get(FUNCTION_CALL), (*path, FUNCTION_CALL)))
        for key, call_id, holder, where in holders:
            if not isinstance(holder, dict):
                continue
            self._grow(holder, index, key, call_id, event)
            name = holder.get("name")
            if not name or not isinstance(name, str):
                continue
            gather.pass_over((*where, "name"))
            if self._names.setdefault((index, key), name) != name:
                raise UpstreamError("the upstream sent a tool's name in pieces")
            before = self._call.get(index, key)
            self._call[index] = key
            if before != key:
                # Where the next call begins, SDKs take the one before for complete, and read its arguments.
                event.closes.append(Channel(index, before, ChannelKind.TOOL_ARGUMENTS))
                self._calls.end(event, f"{index} {before}")
            event.snapshots.append(Slot(Channel(index, f"name {key}", _TEXT), name, (*where, "name")))

    def _grow(self, holder: dict[str, Any], index: int, key: int | str, call_id: Any, event: StreamEvent) -> None:
        if index in self._finished:
            raise UpstreamError("the upstream goes on with a choice that it had finished")
        free_form = (index, key) in self._custom
        self._calls.grow(
            event,
            f"{index} {key}",
            call=call_id,
            tool=holder.get("name"),
            text=holder.get("input" if free_form else "arguments"),
            free_form=free_form,
        )


def _says_more(choice: dict[str, Any]) -> bool:
    return bool(choice.get("finish_reason") or choice.get("logprobs"))


def _plain(choice: dict[str, Any], delta: Any) -> bool:
    """Whether this is the one shape that nearly every chunk has."""
    return (
        isinstance(delta, dict)
        and delta.keys() <= _PLAIN_DELTA
        and choice.keys() <= _PLAIN_CHOICE
        and isinstance(delta.get("content") or "", str)
        and delta.get("role") in _ROLES
        and choice.get("finish_reason") in _FINISHES
    )

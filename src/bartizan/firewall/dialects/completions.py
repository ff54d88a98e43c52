"""OpenAI completions (``POST /v1/completions``): a prompt in, text out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from bartizan.core.event import Usage
from bartizan.core.passage import Origin, Path
from bartizan.core.strict_json import encode, parse_upstream
from bartizan.firewall.dialects.chat.request import StreamOptions
from bartizan.firewall.dialects.gather import Gather, usage_of
from bartizan.firewall.dialects.marks import TextOrTokens, ToolTree, Words
from bartizan.firewall.dialects.openai_errors import DONE, error_document, error_event, error_text
from bartizan.firewall.dialects.pieces import Pieces
from bartizan.firewall.dialects.shape import Shape, check, check_upstream, walk
from bartizan.firewall.dialects.sink import Sink, Surfaces
from bartizan.firewall.dialects.structure import is_plain_key
from bartizan.firewall.exchange import ApiFamily, Channel, ChannelKind, Document, Reply, Request, StreamEvent
from bartizan.firewall.sse import encode_event

_HEAD = ("id", "object", "created", "model", "system_fingerprint")


class CompletionRequest(Shape):
    """The whole body."""

    model: str
    prompt: TextOrTokens
    suffix: Words | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    stop: Words | list[Words] | None = None
    user: str | None = None
    best_of: int | None = None
    echo: bool | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logit_bias: dict[str, float] | None = None
    logprobs: int | None = None
    n: int | None = None
    seed: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    response_format: ToolTree = None
    metadata: dict[str, Words] | None = None


class TextChoice(msgspec.Struct):
    """One choice of an answer or chunk."""

    text: str = ""
    index: int = 0
    finish_reason: str | None = None


class CompletionReply(msgspec.Struct):
    """An answer or a chunk of one."""

    choices: list[TextChoice]


class CompletionsDialect:
    """OpenAI completions.

    Args:
        surfaces: as which surfaces a passage of each origin is read.
    """

    family = ApiFamily.COMPLETIONS

    def __init__(self, surfaces: Surfaces) -> None:
        self._surfaces = surfaces

    def request(self, document: Document) -> Request:
        """Validate and take apart."""
        body = check(CompletionRequest, document)
        sink = Sink(self._surfaces)
        walk(CompletionRequest, document, (), Origin.USER, sink)
        return Request(
            family=self.family,
            document=document,
            parts=sink.parts,
            model=body.model,
            stream=bool(body.stream),
            max_output_tokens=-1 if body.max_tokens is None else body.max_tokens,
            unknown=sink.unknown,
            uncovered=sink.uncovered,
        )

    def reply(self, document: Document, request: Request) -> Reply:
        """A complete answer."""
        check_upstream(CompletionReply, document, "answer")
        gather = _gather(document, by_place=True)
        gather.rest(document)
        usage = usage_of(document.get("usage"), "prompt_tokens", "completion_tokens") or Usage()
        return Reply(document, gather.slots, gather.blobs, usage, gather.echoes, gather.structure)

    def reader(self, request: Request) -> CompletionsReader:
        """A reader for one stream."""
        return CompletionsReader()

    def shorten(self, document: Document, path: Path) -> None:
        """``finish_reason`` is ``length``; the choices after it are left out."""
        if path[0] == "choices":
            document["choices"][int(path[1])]["finish_reason"] = "length"
            del document["choices"][int(path[1]) + 1 :]

    def refusal_document(self, request: Request, message: str, request_id: str) -> Document:
        """The message as the completion."""
        choice = {"index": 0, "text": message, "logprobs": None, "finish_reason": "content_filter"}
        return {
            "id": f"cmpl-{request_id}",
            "object": "text_completion",
            "created": int(time.time()),
            "model": request.model,
            "choices": [choice],
            "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        }

    def refusal_stream(self, request: Request, message: str, request_id: str) -> bytes:
        """The same as one chunk."""
        return encode_event("", encode(self.refusal_document(request, message, request_id))) + DONE

    def error_document(self, status: int, message: str, code: str, request_id: str) -> Document:
        """OpenAI's error object."""
        return error_document(status, message, code, request_id)


class CompletionsReader:
    """Reads one stream; see ``StreamReader``."""

    def __init__(self) -> None:
        self._head: Document = {}
        self._open: dict[Channel, None] = {}
        self._ended: set[int] = set()
        self._ending: set[int] = set()
        """By the event that was read last, which may not have left."""
        self._pieces = Pieces()

    def read(self, name: str, data: str) -> StreamEvent:
        """One SSE event. Raises UpstreamError for what is not a chunk."""
        self._ended |= self._ending
        self._ending = set()
        if data.strip() == "[DONE]":
            return StreamEvent("", None, closes_all=True, done=True)
        document = parse_upstream(data)
        if name == "error" or document.get("error"):
            return StreamEvent(name, document, error=error_text(document.get("error") or document))
        check_upstream(CompletionReply, document, "event")
        event = StreamEvent("", document, usage=usage_of(document.get("usage"), "prompt_tokens", "completion_tokens"))
        gather = _gather(document, by_place=False)
        event.deltas, gather.slots = gather.slots, []
        event.raw_echoes = gather.echoes
        ended = self._ending
        for place, choice in enumerate(document["choices"]):
            index = choice.get("index", 0)
            gather.rest(choice, ("choices", place))
            event.deltas += self._pieces.take(gather.slots, document, name="", choice=index, depth=2)
            gather.slots = []
            if choice.get("finish_reason") is not None:
                ended.add(index)
        self._open.update(dict.fromkeys(slot.channel for slot in event.deltas))
        event.closes = [channel for channel in self._open if channel.choice in ended]
        for key, value in document.items():
            if key != "choices" and (self._head.get(key) != value or not is_plain_key(key)):
                found = len(gather.slots)
                gather.rest({key: value})
                if key in _HEAD and len(gather.slots) == found:
                    self._head[key] = value
        event.snapshots = gather.slots
        event.blobs = gather.blobs
        event.structure = gather.structure
        more = (event.usage, event.raw_echoes, event.closes, event.snapshots, event.blobs, event.structure)
        event.grows = len(event.deltas) == 1 and event.deltas[0].channel.item == 0 and not any(more)
        return event

    def delta(self, channel: Channel, text: str) -> bytes:
        """A chunk that extends ``channel`` by ``text``."""
        if (unnamed := self._pieces.event(channel, text)) is not None:
            return encode_event("", encode({**self._head, **unnamed[1]}))
        choice: dict[str, Any] = {"index": channel.choice, "text": text, "logprobs": None, "finish_reason": None}
        return encode_event("", encode({**self._head, "choices": [choice]}))

    def encode(self, event: StreamEvent) -> bytes:
        """The event as SSE bytes."""
        return DONE if event.document is None else encode_event(event.name, encode(event.document))

    def blocked(self, message: str, request_id: str) -> bytes:
        """An error event on which the SDK raises ``APIError``."""
        return error_event(message, request_id)

    def short(self, shown: Mapping[Channel, str]) -> bytes:
        """A chunk that ends each choice with ``length``, then ``[DONE]``."""
        going = dict.fromkeys(channel.choice for channel in shown if channel.choice not in self._ended)
        choices = [{"index": index, "text": "", "logprobs": None, "finish_reason": "length"} for index in going]
        return encode_event("", encode({**self._head, "choices": choices})) + DONE


def _gather(document: Document, *, by_place: bool) -> Gather:
    gather = Gather()
    for place, choice in enumerate(document["choices"]):
        channel = Channel(place if by_place else choice.get("index", 0), 0, ChannelKind.TEXT)
        gather.say(channel, choice.get("text"), ("choices", place, "text"))
        gather.echo(choice.get("logprobs"), ("choices", place, "logprobs"))
    return gather

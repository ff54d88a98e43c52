"""Anthropic Messages as a ``Dialect``."""

from __future__ import annotations

from bartizan.core.event import Usage
from bartizan.core.passage import Origin, Path
from bartizan.core.strict_json import encode
from bartizan.firewall.dialects.gather import Gather, usage_of
from bartizan.firewall.dialects.messages.errors import error_document
from bartizan.firewall.dialects.messages.reply import MessagesReply, gather_block
from bartizan.firewall.dialects.messages.request import MessagesRequest, check_tools
from bartizan.firewall.dialects.messages.stream import MessagesReader
from bartizan.firewall.dialects.messages.transcript import calls as calls_of
from bartizan.firewall.dialects.shape import check, check_upstream, walk
from bartizan.firewall.dialects.sink import Sink, Surfaces
from bartizan.firewall.exchange import ApiFamily, Document, Reply, Request
from bartizan.firewall.sse import encode_event


class MessagesDialect:
    """Anthropic Messages.

    Args:
        surfaces: as which surfaces a passage of each origin is read.
    """

    family = ApiFamily.MESSAGES

    def __init__(self, surfaces: Surfaces) -> None:
        self._surfaces = surfaces

    def request(self, document: Document) -> Request:
        """Validate and take apart."""
        body = check(MessagesRequest, document)
        sink = Sink(self._surfaces)
        check_tools(body.tools or [], sink)
        walk(MessagesRequest, document, (), Origin.USER, sink)
        if body.thread is not None:
            sink.reference("the thread is stored at the upstream", ("thread",))
        return Request(
            family=self.family,
            document=document,
            parts=sink.parts,
            model=body.model,
            stream=bool(body.stream),
            max_output_tokens=body.max_tokens,
            session_hint=(body.metadata.user_id or "") if body.metadata else "",
            unknown=sink.unknown,
            uncovered=sink.uncovered,
        )

    def reply(self, document: Document, request: Request) -> Reply:
        """A complete answer."""
        check_upstream(MessagesReply, document, "answer")
        gather = Gather()
        for index, block in enumerate(document["content"]):
            gather_block(block, index, ("content", index), gather)
        gather.rest(document)
        usage = usage_of(document.get("usage"), "input_tokens", "output_tokens") or Usage()
        calls = list(calls_of(document["content"]))
        return Reply(document, gather.slots, gather.blobs, usage, structure=gather.structure, calls=calls)

    def reader(self, request: Request) -> MessagesReader:
        """A reader for one stream."""
        return MessagesReader()

    def shorten(self, document: Document, path: Path) -> None:
        """``stop_reason`` is ``max_tokens``; the blocks after it are left out."""
        if path[0] == "content":
            del document["content"][int(path[1]) + 1 :]
        document |= {"stop_reason": "max_tokens", "stop_sequence": None}

    def refusal_document(self, request: Request, message: str, request_id: str) -> Document:
        """A message that ends with ``stop_reason`` ``refusal``. Where JSON was asked for, it has no text, since the SDK
        parses every text that it gets; ``stop_details`` holds the words in any case."""
        return {
            "id": f"msg_{request_id}",
            "type": "message",
            "role": "assistant",
            "model": request.model,
            "content": [] if _wants_json(request) else [{"type": "text", "text": message}],
            "stop_reason": "refusal",
            "stop_details": _details(message),
            "stop_sequence": None,
            "usage": {"input_tokens": 0, "output_tokens": 0},
        }

    def refusal_stream(self, request: Request, message: str, request_id: str) -> bytes:
        """The same as events."""
        started = self.refusal_document(request, message, request_id)
        said: list[Document] = [
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": message}},
            {"type": "content_block_stop", "index": 0},
        ]
        if not started["content"]:
            said = []
        started |= {"content": [], "stop_reason": None, "stop_details": None}
        ended = {"stop_reason": "refusal", "stop_details": _details(message), "stop_sequence": None}
        events: list[Document] = [
            {"type": "message_start", "message": started},
            *said,
            {"type": "message_delta", "delta": ended, "usage": {"output_tokens": 0}},
            {"type": "message_stop"},
        ]
        return b"".join(encode_event(event["type"], encode(event)) for event in events)

    def error_document(self, status: int, message: str, code: str, request_id: str) -> Document:
        """Anthropic's error object."""
        return error_document(status, message, code, request_id)


def _wants_json(request: Request) -> bool:
    config = request.document.get("output_config")
    return bool(request.document.get("output_format") or (isinstance(config, dict) and config.get("format")))


def _details(message: str) -> Document:
    return {"type": "refusal", "category": None, "explanation": message}

"""The Responses API as a ``Dialect``."""

from __future__ import annotations

import time
from typing import Any

from bartizan.core.event import Usage
from bartizan.core.passage import Origin, Path
from bartizan.core.strict_json import encode
from bartizan.firewall.dialects.gather import Gather, usage_of
from bartizan.firewall.dialects.openai_errors import error_document
from bartizan.firewall.dialects.responses.reply import ResponseReply, echoes, gather_response
from bartizan.firewall.dialects.responses.request import ResponsesRequest, name_types
from bartizan.firewall.dialects.responses.short import INCOMPLETE
from bartizan.firewall.dialects.responses.stream import ResponsesReader
from bartizan.firewall.dialects.responses.transcript import calls as calls_of
from bartizan.firewall.dialects.shape import check, check_upstream, walk
from bartizan.firewall.dialects.sink import Sink, Surfaces
from bartizan.firewall.exchange import ApiFamily, Document, Reply, Request
from bartizan.firewall.sse import encode_event


class ResponsesDialect:
    """The OpenAI Responses API.

    Args:
        surfaces: as which surfaces a passage of each origin is read.
    """

    family = ApiFamily.RESPONSES

    def __init__(self, surfaces: Surfaces) -> None:
        self._surfaces = surfaces

    def request(self, document: Document) -> Request:
        """Validate and take apart."""
        name_types(document)
        body = check(ResponsesRequest, document)
        sink = Sink(self._surfaces)
        walk(ResponsesRequest, document, (), Origin.USER, sink)
        conversation = document.get("conversation")
        hint: Any = conversation.get("id") if isinstance(conversation, dict) else conversation
        return Request(
            family=self.family,
            document=document,
            parts=sink.parts,
            model=body.model or "",
            stream=bool(body.stream),
            max_output_tokens=-1 if body.max_output_tokens is None else body.max_output_tokens,
            session_hint=hint or body.previous_response_id or (body.metadata or {}).get("session_id") or "",
            unknown=sink.unknown,
            uncovered=sink.uncovered,
        )

    def reply(self, document: Document, request: Request) -> Reply:
        """A complete answer."""
        check_upstream(ResponseReply, document, "answer")
        gather = Gather()
        gather_response(document, (), echoes(request), gather)
        usage = usage_of(document.get("usage"), "input_tokens", "output_tokens") or Usage()
        calls = list(calls_of(document.get("output")))
        return Reply(document, gather.slots, gather.blobs, usage, gather.echoes, gather.structure, calls)

    def reader(self, request: Request) -> ResponsesReader:
        """A reader for one stream."""
        return ResponsesReader(request)

    def shorten(self, document: Document, path: Path) -> None:
        """The response and its item are ``incomplete``; the parts and items after it are left out."""
        if path[0] == "output":
            item = document["output"][int(path[1])]
            if len(path) > 3 and isinstance(item.get(path[2]), list):
                del item[path[2]][int(path[3]) + 1 :]
            if "status" in item:
                item["status"] = "incomplete"
            del document["output"][int(path[1]) + 1 :]
        document |= INCOMPLETE

    def refusal_document(self, request: Request, message: str, request_id: str) -> Document:
        """A completed response whose message says it as text, for clients that show nothing else, and as a refusal.
        Where JSON was asked for, it has no text, since the SDK parses every text that it gets."""
        item = _message(request_id, "completed", _parts(request, message))
        return _response(request, request_id, "completed", [item])

    def refusal_stream(self, request: Request, message: str, request_id: str) -> bytes:
        """The same as events."""
        completed = self.refusal_document(request, message, request_id)
        item = completed["output"][0]
        started = _response(request, request_id, "in_progress", [])
        events: list[Document] = [
            {"type": "response.created", "response": started},
            {"type": "response.in_progress", "response": started},
            {
                "type": "response.output_item.added",
                "output_index": 0,
                "item": _message(request_id, "in_progress", []),
            },
        ]
        for index, part in enumerate(item["content"]):
            place = {"item_id": item["id"], "output_index": 0, "content_index": index}
            events += _growing(part, place)
        events += [
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": completed},
        ]
        return b"".join(
            encode_event(event["type"], encode({**event, "sequence_number": number}))
            for number, event in enumerate(events)
        )

    def error_document(self, status: int, message: str, code: str, request_id: str) -> Document:
        """OpenAI's error object."""
        return error_document(status, message, code, request_id)


def _wants_json(request: Request) -> bool:
    text = request.document.get("text")
    wanted = text.get("format") if isinstance(text, dict) else None
    return isinstance(wanted, dict) and wanted.get("type") != "text"


def _parts(request: Request, message: str) -> list[Document]:
    refusal: Document = {"type": "refusal", "refusal": message}
    if _wants_json(request):
        return [refusal]
    return [{"type": "output_text", "text": message, "annotations": [], "logprobs": []}, refusal]


def _growing(part: Document, place: Document) -> list[Document]:
    """The events in which a part begins, comes in one piece and is done."""
    kind = part["type"]
    field = "text" if kind == "output_text" else "refusal"
    extra: Document = {"logprobs": []} if kind == "output_text" else {}
    return [
        {"type": "response.content_part.added", **place, "part": {**part, field: ""}},
        {"type": f"response.{kind}.delta", **place, "delta": part[field], **extra},
        {"type": f"response.{kind}.done", **place, field: part[field], **extra},
        {"type": "response.content_part.done", **place, "part": part},
    ]


def _message(request_id: str, status: str, content: list[Document]) -> Document:
    return {"id": f"msg_{request_id}", "type": "message", "role": "assistant", "status": status, "content": content}


def _response(request: Request, request_id: str, status: str, output: list[Document]) -> Document:
    usage = {
        "input_tokens": 0,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 0,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 0,
    }
    return {
        "id": f"resp_{request_id}",
        "object": "response",
        "created_at": int(time.time()),
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": request.model,
        "output": output,
        "parallel_tool_calls": True,
        "temperature": None,
        "top_p": None,
        "tool_choice": "auto",
        "tools": [],
        "usage": usage if status == "completed" else None,
    }

"""Chat completions as a ``Dialect``."""

from __future__ import annotations

import time
from typing import Any

from bartizan.core.event import Usage
from bartizan.core.passage import Origin, Path
from bartizan.core.strict_json import encode
from bartizan.firewall.dialects.chat.reply import AUDIO, FUNCTION_CALL, ChatReply, gather_message
from bartizan.firewall.dialects.chat.request import ChatRequest
from bartizan.firewall.dialects.chat.stream import ChatReader
from bartizan.firewall.dialects.chat.transcript import calls as calls_of
from bartizan.firewall.dialects.gather import Gather, usage_of
from bartizan.firewall.dialects.openai_errors import DONE, error_document
from bartizan.firewall.dialects.shape import check, check_upstream, walk
from bartizan.firewall.dialects.sink import Sink, Surfaces
from bartizan.firewall.exchange import ApiFamily, Document, Reply, Request
from bartizan.firewall.sse import encode_event


class ChatDialect:
    """OpenAI chat completions.

    Args:
        surfaces: as which surfaces a passage of each origin is read.
    """

    family = ApiFamily.CHAT_COMPLETIONS

    def __init__(self, surfaces: Surfaces) -> None:
        self._surfaces = surfaces

    def request(self, document: Document) -> Request:
        """Validate and take apart."""
        body = check(ChatRequest, document)
        sink = Sink(self._surfaces)
        walk(ChatRequest, document, (), Origin.USER, sink)
        limits = (body.max_completion_tokens, body.max_tokens)
        metadata = body.metadata or {}
        return Request(
            family=self.family,
            document=document,
            parts=sink.parts,
            model=body.model,
            stream=bool(body.stream),
            max_output_tokens=next((limit for limit in limits if limit is not None), -1),
            session_hint=metadata.get("session_id") or metadata.get("conversation_id") or "",
            unknown=sink.unknown,
            uncovered=sink.uncovered,
        )

    def reply(self, document: Document, request: Request) -> Reply:
        """A complete answer."""
        check_upstream(ChatReply, document, "answer")
        gather = Gather()
        for place, choice in enumerate(document["choices"]):
            gather_message(choice["message"], place, ("choices", place, "message"), gather)
            gather.echo(choice.get("logprobs"), ("choices", place, "logprobs"))
        gather.rest(document)
        usage = usage_of(document.get("usage"), "prompt_tokens", "completion_tokens") or Usage()
        calls = [call for choice in document["choices"] for call in calls_of(choice["message"])]
        return Reply(document, gather.slots, gather.blobs, usage, gather.echoes, gather.structure, calls)

    def reader(self, request: Request) -> ChatReader:
        """A reader for one stream."""
        return ChatReader()

    def shorten(self, document: Document, path: Path) -> None:
        """``finish_reason`` is ``length``; calls and sound of this choice, and the choices after it, are left out."""
        if path[0] != "choices":
            return
        place = int(path[1])
        choice = document["choices"][place]
        choice["finish_reason"] = "length"
        for field in (FUNCTION_CALL, "tool_calls", AUDIO):
            choice["message"].pop(field, None)
        del document["choices"][place + 1 :]

    def refusal_document(self, request: Request, message: str, request_id: str) -> Document:
        """``finish_reason`` is ``stop``: on ``content_filter`` the SDK's parse and stream helpers raise. The text
        stands in ``content``, for clients that show nothing else, and in ``refusal``, which keeps helpers from parsing
        it."""
        said = {"role": "assistant", "content": message, "refusal": message}
        return {
            **_head(request, request_id, "chat.completion"),
            "choices": [{"index": 0, "message": said, "logprobs": None, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        }

    def refusal_stream(self, request: Request, message: str, request_id: str) -> bytes:
        """The same as chunks."""
        head = _head(request, request_id, "chat.completion.chunk")
        said = {"role": "assistant", "content": message, "refusal": message}
        chunks: list[Document] = [
            {**head, "choices": [{"index": 0, "delta": said, "logprobs": None, "finish_reason": None}]},
            {**head, "choices": [{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}]},
        ]
        options: Any = request.document.get("stream_options")
        if isinstance(options, dict) and options.get("include_usage"):
            usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
            chunks.append({**head, "choices": [], "usage": usage})
        return b"".join(encode_event("", encode(chunk)) for chunk in chunks) + DONE

    def error_document(self, status: int, message: str, code: str, request_id: str) -> Document:
        """OpenAI's error object."""
        return error_document(status, message, code, request_id)


def _head(request: Request, request_id: str, kind: str) -> Document:
    return {"id": f"chatcmpl-{request_id}", "object": kind, "created": int(time.time()), "model": request.model}

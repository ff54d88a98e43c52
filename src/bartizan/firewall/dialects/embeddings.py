"""OpenAI embeddings (``POST /v1/embeddings``): texts in, vectors out."""

from __future__ import annotations

from typing import Any

import msgspec

from bartizan.core.errors import UpstreamError
from bartizan.core.event import Usage
from bartizan.core.passage import Origin
from bartizan.firewall.dialects.gather import Gather, usage_of
from bartizan.firewall.dialects.marks import TextOrTokens
from bartizan.firewall.dialects.openai_errors import error_document, error_event
from bartizan.firewall.dialects.shape import Shape, check, check_upstream, walk
from bartizan.firewall.dialects.sink import Sink, Surfaces
from bartizan.firewall.dialects.streamless import Numbers, StreamlessReader
from bartizan.firewall.exchange import ApiFamily, Document, Reply, Request


class EmbeddingRequest(Shape):
    """The whole body."""

    model: str
    input: TextOrTokens
    dimensions: int | None = None
    encoding_format: str | None = None
    user: str | None = None


class Vector(msgspec.Struct):
    """One embedding: numbers, or base64 of little-endian 32-bit floats."""

    embedding: list[float] | str
    index: int = 0


class EmbeddingReply(msgspec.Struct):
    """A complete answer."""

    data: list[Vector]


class EmbeddingsDialect(Numbers):
    """OpenAI embeddings. They have no refusal and no stream: both become error objects.

    Args:
        surfaces: as which surfaces a passage of each origin is read.
    """

    family = ApiFamily.EMBEDDINGS

    def __init__(self, surfaces: Surfaces) -> None:
        self._surfaces = surfaces

    def request(self, document: Document) -> Request:
        """Validate and take apart."""
        body = check(EmbeddingRequest, document)
        sink = Sink(self._surfaces)
        walk(EmbeddingRequest, document, (), Origin.USER, sink)
        return Request(self.family, document, sink.parts, body.model, unknown=sink.unknown, uncovered=sink.uncovered)

    def reply(self, document: Document, request: Request) -> Reply:
        """A complete answer. Vectors are numbers, base64 ones are checked to be base64; neither is a text."""
        body = check_upstream(EmbeddingReply, document, "answer")
        gather = Gather()
        for place, vector in enumerate(body.data):
            if isinstance(vector.embedding, str):
                _check_base64(vector.embedding)
            gather.pass_over(("data", place, "embedding"))
        gather.rest(document)
        usage = usage_of(document.get("usage"), "prompt_tokens", "completion_tokens") or Usage()
        return Reply(document, gather.slots, gather.blobs, usage, gather.echoes, gather.structure)

    def reader(self, request: Request) -> StreamlessReader:
        """Refuses every event."""
        return StreamlessReader("embeddings")

    def refusal_document(self, request: Request, message: str, request_id: str) -> Document:
        """An error object: nothing that looks like a vector may stand in for one."""
        return error_document(403, message, "content_policy", request_id)

    def refusal_stream(self, request: Request, message: str, request_id: str) -> bytes:
        """The error object as an event."""
        return error_event(message, request_id)

    def error_document(self, status: int, message: str, code: str, request_id: str) -> Document:
        """OpenAI's error object."""
        return error_document(status, message, code, request_id)


def _check_base64(text: str) -> None:
    bare: Any = text.rstrip("=")
    if not text.isascii() or not bare.replace("+", "").replace("/", "").isalnum():
        raise UpstreamError("the upstream sent an embedding that is not base64")

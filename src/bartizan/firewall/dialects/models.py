"""The model list (``GET /v1/models`` and ``/v1/models/{id}``), as OpenAI and as Anthropic answer it."""

from __future__ import annotations

from typing import Any

import msgspec

from bartizan.core.errors import WireError
from bartizan.firewall.dialects.gather import Gather
from bartizan.firewall.dialects.openai_errors import error_document, error_event
from bartizan.firewall.dialects.shape import check_upstream
from bartizan.firewall.dialects.sink import Surfaces
from bartizan.firewall.dialects.streamless import Numbers, StreamlessReader
from bartizan.firewall.exchange import ApiFamily, Document, Reply, Request


class Model(msgspec.Struct):
    """One model."""

    id: str


class ModelList(msgspec.Struct):
    """All models."""

    data: list[Model]


class ModelsDialect(Numbers):
    """The model list: a request without a body, an answer that is not a model's words but is read all the same.

    Args:
        surfaces: unused, since the request carries no text.
    """

    family = ApiFamily.MODELS

    def __init__(self, surfaces: Surfaces) -> None:
        self._surfaces = surfaces

    def request(self, document: Document) -> Request:
        """An empty document. Raises WireError for any field."""
        if document:
            raise WireError("a request for models has no body")
        return Request(self.family, document, [])

    def reply(self, document: Document, request: Request) -> Reply:
        """The list or one model."""
        shape: Any = ModelList if "data" in document else Model
        check_upstream(shape, document, "answer")
        gather = Gather()
        gather.rest(document)
        return Reply(document, gather.slots, gather.blobs, structure=gather.structure)

    def reader(self, request: Request) -> StreamlessReader:
        """Refuses every event."""
        return StreamlessReader("model lists")

    def refusal_document(self, request: Request, message: str, request_id: str) -> Document:
        """An error object."""
        return error_document(403, message, "content_policy", request_id)

    def refusal_stream(self, request: Request, message: str, request_id: str) -> bytes:
        """The error object as an event."""
        return error_event(message, request_id)

    def error_document(self, status: int, message: str, code: str, request_id: str) -> Document:
        """OpenAI's error object."""
        return error_document(status, message, code, request_id)

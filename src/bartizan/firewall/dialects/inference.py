"""The texts and shapes of the Open Inference Protocol. Numbers are kept beside the document, as arrays."""

from __future__ import annotations

from typing import Any

import msgspec

from bartizan.core.errors import UpstreamError
from bartizan.core.passage import Blob, Origin, Tensor
from bartizan.core.strict_json import encode
from bartizan.firewall.dialects.gather import Gather
from bartizan.firewall.dialects.shape import check_upstream
from bartizan.firewall.dialects.sink import Sink, Surfaces
from bartizan.firewall.dialects.streamless import Numbers, StreamlessReader
from bartizan.firewall.exchange import ApiFamily, Channel, ChannelKind, Document, Reply, Request
from bartizan.firewall.sse import encode_event


class Output(msgspec.Struct):
    """An output tensor."""

    name: str
    datatype: str
    shape: list[int]
    data: Any = None


class InferenceReply(msgspec.Struct):
    """A complete answer."""

    outputs: list[Output]


class InferenceDialect(Numbers):
    """The Open Inference Protocol. It has no refusal and no stream: both become error objects.

    Args:
        surfaces: as which surfaces a passage of each origin is read.
    """

    family = ApiFamily.INFERENCE

    def __init__(self, surfaces: Surfaces) -> None:
        self._surfaces = surfaces

    def request(self, document: Document) -> Request:
        """Take apart. ``document`` holds ``inputs`` that have been read, with ``data`` where it is BYTES only: each
        element is a text, or bytes that are none."""
        sink = Sink(self._surfaces)
        for number, row in enumerate(document["inputs"]):
            path = ("inputs", number, "data")
            if row["datatype"] != "BYTES":
                sink.parts.append(
                    Tensor(row["name"], row["datatype"], tuple(row["shape"]), path, row.get("read", False))
                )
                continue
            for place, element in enumerate(row["data"]):
                if isinstance(element, str):
                    sink.words(element, (*path, place), Origin.USER)
                else:
                    sink.parts.append(Blob("file", len(element), (*path, place)))
        return Request(self.family, document, sink.parts, max_output_tokens=0)

    def reply(self, document: Document, request: Request) -> Reply:
        """A complete answer, its numbers taken out likewise."""
        check_upstream(InferenceReply, document, "answer")
        gather = Gather()
        for number, row in enumerate(document["outputs"]):
            path = ("outputs", number, "data")
            for place, element in enumerate(row.get("data") or ()):
                if isinstance(element, str):
                    gather.say(Channel(number, place, ChannelKind.TEXT), element, (*path, place))
                elif isinstance(element, bytes):
                    gather.blobs.append(Blob("file", len(element), (*path, place)))
                else:
                    raise UpstreamError("the upstream's answer has data of an unknown kind")
        return Reply(document, gather.slots, gather.blobs)

    def reader(self, request: Request) -> StreamlessReader:
        """Refuses every event."""
        return StreamlessReader("inference")

    def refusal_document(self, request: Request, message: str, request_id: str) -> Document:
        """An error object: nothing that looks like a prediction may stand in for one."""
        return {"error": message}

    def refusal_stream(self, request: Request, message: str, request_id: str) -> bytes:
        """The error object as an event."""
        return encode_event("", encode({"error": message}))

    def error_document(self, status: int, message: str, code: str, request_id: str) -> Document:
        """The protocol's error object, which has one field."""
        return {"error": message}

"""How many tokens an Anthropic request would take (``POST /v1/messages/count_tokens``): a message in, a number out."""

from __future__ import annotations

from typing import Any

import msgspec

from bartizan.core.event import Usage
from bartizan.core.passage import Origin
from bartizan.firewall.dialects.gather import Gather
from bartizan.firewall.dialects.marks import SystemWords, ToolTree
from bartizan.firewall.dialects.messages.blocks import CacheControl
from bartizan.firewall.dialects.messages.errors import error_document, error_event
from bartizan.firewall.dialects.messages.request import (
    Assistant,
    McpServer,
    OutputConfig,
    System,
    SystemText,
    Tool,
    User,
    check_tools,
)
from bartizan.firewall.dialects.shape import Shape, check, check_upstream, walk
from bartizan.firewall.dialects.sink import Sink, Surfaces
from bartizan.firewall.dialects.streamless import Numbers, StreamlessReader
from bartizan.firewall.exchange import ApiFamily, Document, Reply, Request


class CountRequest(Shape):
    """The whole body: that of a message but for what says how to answer."""

    model: str
    messages: list[User | Assistant | System]
    system: SystemWords | list[SystemText] | None = None
    tools: list[Tool] | None = None
    tool_choice: ToolTree = None
    mcp_servers: list[McpServer] | None = None
    output_config: OutputConfig | None = None
    output_format: ToolTree = None
    thinking: Any = None
    cache_control: CacheControl | None = None
    context_management: Any = None
    compaction: Any = None
    billing_policy: Any = None
    speed: str | None = None
    user_profile_id: str | None = None
    workspace_id: str | None = None


class CountReply(msgspec.Struct):
    """A complete answer."""

    input_tokens: int


class CountTokensDialect(Numbers):
    """Anthropic's token counting. Its answer is a number: refusals are error objects, and there are no streams.

    Args:
        surfaces: as which surfaces a passage of each origin is read.
    """

    family = ApiFamily.COUNT_TOKENS

    def __init__(self, surfaces: Surfaces) -> None:
        self._surfaces = surfaces

    def request(self, document: Document) -> Request:
        """Validate and take apart."""
        body = check(CountRequest, document)
        sink = Sink(self._surfaces)
        check_tools(body.tools or [], sink)
        walk(CountRequest, document, (), Origin.USER, sink)
        return Request(
            family=self.family,
            document=document,
            parts=sink.parts,
            model=body.model,
            max_output_tokens=0,
            unknown=sink.unknown,
            uncovered=sink.uncovered,
        )

    def reply(self, document: Document, request: Request) -> Reply:
        """A complete answer. What it counts was not used, so nothing is charged for it."""
        check_upstream(CountReply, document, "answer")
        gather = Gather()
        gather.rest(document)
        return Reply(document, gather.slots, gather.blobs, Usage(0, 0), gather.echoes, gather.structure)

    def reader(self, request: Request) -> StreamlessReader:
        """Refuses every event."""
        return StreamlessReader("token counts", error_event)

    def refusal_document(self, request: Request, message: str, request_id: str) -> Document:
        """An error object: no number may stand in for a count."""
        return error_document(403, message, "content_policy", request_id)

    def refusal_stream(self, request: Request, message: str, request_id: str) -> bytes:
        """The error object as an event."""
        return error_event(message, request_id)

    def error_document(self, status: int, message: str, code: str, request_id: str) -> Document:
        """Anthropic's error object."""
        return error_document(status, message, code, request_id)

"""The content blocks of an Anthropic request, as the Messages reference and its beta reference describe them."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from bartizan.core.passage import Origin
from bartizan.firewall.dialects.marks import (
    CallTree,
    Encrypted,
    FileId,
    FileSource,
    ImageSource,
    ResultTree,
    ToolTree,
    Words,
)
from bartizan.firewall.dialects.shape import Shape


class CacheControl(Shape):
    """Where a prompt cache may break."""

    type: str
    ttl: str | None = None


class Block(Shape, tag_field="type"):
    """Base of all blocks."""

    cache_control: CacheControl | None = None


class Text(Block, kw_only=True, tag="text"):
    """A text, and where it was cited from."""

    text: Words
    citations: Any = None


class ImageBytes(Shape, tag_field="type", tag="base64"):
    """An image in the request."""

    data: ImageSource
    media_type: str


class ImageUrl(Shape, tag_field="type", tag="url"):
    """An image elsewhere."""

    url: ImageSource


class StoredFile(Shape, tag_field="type", tag="file"):
    """A file at the upstream."""

    file_id: FileId


class Image(Block, kw_only=True, tag="image"):
    """An image."""

    source: ImageBytes | ImageUrl | StoredFile
    transformations: Any = None


class DocumentBytes(Shape, tag_field="type", tag="base64"):
    """A PDF in the request."""

    data: FileSource
    media_type: str


class DocumentUrl(Shape, tag_field="type", tag="url"):
    """A PDF elsewhere."""

    url: FileSource


class PlainText(Shape, tag_field="type", tag="text"):
    """A document that is text."""

    data: Words
    media_type: str


class Blocks(Shape, tag_field="type", tag="content"):
    """A document made of blocks."""

    content: Words | list[Text | Image]


class Document(Block, kw_only=True, tag="document"):
    """A document."""

    origin: ClassVar[Origin] = Origin.RETRIEVED
    source: DocumentBytes | PlainText | Blocks | DocumentUrl | StoredFile
    title: Words | None = None
    context: Words | None = None
    citations: Any = None


class SearchResult(Block, kw_only=True, tag="search_result"):
    """What a search found."""

    origin: ClassVar[Origin] = Origin.RETRIEVED
    content: list[Text]
    source: Words
    title: Words
    citations: Any = None


class Thinking(Block, kw_only=True, tag="thinking"):
    """Reasoning of an earlier turn."""

    thinking: Words
    signature: Encrypted


class RedactedThinking(Block, kw_only=True, tag="redacted_thinking"):
    """Reasoning of an earlier turn that only the upstream can read."""

    data: Encrypted


class ToolUse(Block, kw_only=True, tag="tool_use"):
    """An earlier call of a tool."""

    origin: ClassVar[Origin] = Origin.TOOL_CALL
    id: str
    name: Words
    input: CallTree
    caller: Any = None
    toolset_name: Words | None = None
    server_name: Words | None = None


class ServerToolUse(ToolUse, kw_only=True, tag="server_tool_use"):
    """An earlier call of a tool that the upstream ran."""


class McpToolUse(ToolUse, kw_only=True, tag="mcp_tool_use"):
    """An earlier call of an MCP server's tool."""


class ToolReference(Block, kw_only=True, tag="tool_reference"):
    """Names a tool."""

    tool_name: Words


class BrowserState(Block, kw_only=True, tag="browser_state"):
    """The tabs of a browser."""

    tabs: Any
    state_changes: Any = None


class ToolResult(Block, kw_only=True, tag="tool_result"):
    """What a tool returned."""

    origin: ClassVar[Origin] = Origin.TOOL_RESULT
    tool_use_id: str
    content: Words | list[Text | Image | SearchResult | Document | ToolReference | BrowserState] | None = None
    is_error: bool | None = None
    toolset_name: Words | None = None


class McpToolResult(Block, kw_only=True, tag="mcp_tool_result"):
    """What an MCP server's tool returned."""

    origin: ClassVar[Origin] = Origin.TOOL_RESULT
    tool_use_id: str
    content: Words | list[Text] | None = None
    is_error: bool | None = None


class SearchHit(Shape, tag_field="type", tag="web_search_result"):
    """One hit of a web search, its text readable only by the upstream."""

    title: Words
    url: Words
    encrypted_content: Encrypted
    page_age: Words | None = None


class SearchFailed(Shape, tag_field="type", tag="web_search_tool_result_error"):
    """Why a web search found nothing."""

    error_code: str


class WebSearchResult(Block, kw_only=True, tag="web_search_tool_result"):
    """What a web search that the upstream ran returned: hits, or an error."""

    origin: ClassVar[Origin] = Origin.TOOL_RESULT
    tool_use_id: str
    content: list[SearchHit] | SearchFailed
    caller: Any = None


class FetchedPage(Shape, tag_field="type", tag="web_fetch_result"):
    """A fetched page."""

    url: Words
    content: Document
    retrieved_at: str | None = None


class FetchFailed(Shape, tag_field="type", tag="web_fetch_tool_result_error"):
    """Why a page was not fetched."""

    error_code: str


class WebFetchResult(Block, kw_only=True, tag="web_fetch_tool_result"):
    """What a fetch that the upstream ran returned."""

    origin: ClassVar[Origin] = Origin.TOOL_RESULT
    tool_use_id: str
    content: FetchedPage | FetchFailed
    caller: Any = None


class ServerResult(Block, kw_only=True, tag="code_execution_tool_result"):
    """What a tool that the upstream ran returned; every string in it is read."""

    tool_use_id: str
    content: ResultTree
    caller: Any = None


class BashResult(ServerResult, kw_only=True, tag="bash_code_execution_tool_result"):
    """Output of a shell."""


class EditorResult(ServerResult, kw_only=True, tag="text_editor_code_execution_tool_result"):
    """Output of a text editor."""


class ToolSearchResult(ServerResult, kw_only=True, tag="tool_search_tool_result"):
    """Output of a search for tools."""


class AdvisorResult(ServerResult, kw_only=True, tag="advisor_tool_result"):
    """Output of another model."""


class ContainerUpload(Block, kw_only=True, tag="container_upload"):
    """A file put into the upstream's container."""

    file_id: FileId


class Compaction(Block, kw_only=True, tag="compaction"):
    """A summary of earlier turns."""

    origin: ClassVar[Origin] = Origin.MEMORY
    content: Words | None = None
    encrypted_content: Encrypted | None = None
    signature: Encrypted | None = None
    tool_changes: ToolTree = None


class Fallback(Block, kw_only=True, tag="fallback"):
    """Another model took over."""

    from_: Any = msgspec.field(name="from")
    to: Any
    trigger: Any = None


class ToolListing(Block, kw_only=True, tag="mcp_tool_listing"):
    """The tools of an MCP server."""

    mcp_server_name: Words
    tools: ToolTree


class ToolAddition(Block, kw_only=True, tag="tool_addition"):
    """Tools that join in the middle of a conversation."""

    tool: ToolTree


class ToolRemoval(Block, kw_only=True, tag="tool_removal"):
    """Tools that leave."""

    tool: ToolTree


AnyBlock = (
    Text
    | Image
    | Document
    | SearchResult
    | Thinking
    | RedactedThinking
    | ToolUse
    | ServerToolUse
    | McpToolUse
    | ToolResult
    | McpToolResult
    | WebSearchResult
    | WebFetchResult
    | ServerResult
    | BashResult
    | EditorResult
    | ToolSearchResult
    | AdvisorResult
    | ContainerUpload
    | Compaction
    | Fallback
    | ToolListing
    | ToolAddition
    | ToolRemoval
)

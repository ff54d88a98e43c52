"""The tools of the Responses API."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from bartizan.core.passage import Origin
from bartizan.firewall.dialects.marks import ContainerId, FileId, ImageSource, StoreId, Words
from bartizan.firewall.dialects.shape import Shape


class Tool(Shape, tag_field="type"):
    """Base of all tools."""

    origin: ClassVar[Origin] = Origin.TOOL_DEFINITION


class ServerTool(Tool):
    """Base of the tools that the upstream runs: what they return enters the model unseen."""

    uncovered: ClassVar[str] = "the tool runs upstream"
    allowed_callers: list[str] | None = None


class Function(Tool, kw_only=True, tag="function"):
    """A function that the client runs."""

    name: Words
    parameters: Any = None
    description: Words | None = None
    strict: bool | None = None
    output_schema: Any = None
    allowed_callers: list[str] | None = None
    defer_loading: bool | None = None
    async_: bool | None = msgspec.field(default=None, name="async")


class Custom(Tool, kw_only=True, tag="custom"):
    """A tool with free-form input, which may have a grammar."""

    name: Words
    description: Words | None = None
    format: Any = None
    allowed_callers: list[str] | None = None
    defer_loading: bool | None = None
    async_: bool | None = msgspec.field(default=None, name="async")


class Namespace(Tool, kw_only=True, tag="namespace"):
    """A group of tools."""

    name: Words
    description: Words
    tools: list[Function | Custom]


class FileSearch(ServerTool, kw_only=True, tag="file_search"):
    """Searches the upstream's vector stores."""

    vector_store_ids: list[StoreId]
    filters: Any = None
    max_num_results: int | None = None
    ranking_options: Any = None


class WebSearch(ServerTool, kw_only=True, tag="web_search"):
    """Searches the web."""

    external_web_access: bool | None = None
    filters: Any = None
    search_context_size: str | None = None
    search_content_types: list[str] | None = None
    user_location: Any = None


class WebSearch2025(WebSearch, kw_only=True, tag="web_search_2025_08_26"):
    """Searches the web."""


class WebSearchPreview(WebSearch, kw_only=True, tag="web_search_preview"):
    """Searches the web."""


class WebSearchPreview2025(WebSearch, kw_only=True, tag="web_search_preview_2025_03_11"):
    """Searches the web."""


class Mcp(ServerTool, kw_only=True, tag="mcp"):
    """An MCP server or connector that the upstream calls."""

    server_label: Words
    server_url: Words | None = None
    server_description: Words | None = None
    connector_id: str | None = None
    tunnel_id: str | None = None
    authorization: str | None = None
    headers: dict[str, str] | None = None
    allowed_tools: Any = None
    require_approval: Any = None
    defer_loading: bool | None = None


class AutoContainer(Shape):
    """A container that the upstream makes."""

    type: str
    file_ids: list[FileId] | None = None
    memory_limit: str | None = None
    network_policy: Any = None


class CodeInterpreter(ServerTool, kw_only=True, tag="code_interpreter"):
    """Runs code in a container."""

    container: AutoContainer | ContainerId


class ImageMask(Shape):
    """Where an image may be changed."""

    image_url: ImageSource | None = None
    file_id: FileId | None = None


class ImageGeneration(ServerTool, kw_only=True, tag="image_generation"):
    """Draws."""

    action: str | None = None
    background: str | None = None
    complexity: str | None = None
    frame_count: int | None = None
    frame_duration_ms: int | None = None
    input_fidelity: str | None = None
    input_image_mask: ImageMask | None = None
    model: str | None = None
    moderation: str | None = None
    output_compression: int | None = None
    output_format: str | None = None
    partial_images: int | None = None
    quality: str | None = None
    size: str | None = None
    svg: Any = None


class ProgrammaticCalling(ServerTool, kw_only=True, tag="programmatic_tool_calling"):
    """Lets the model write programs that call tools."""


class Shell(ServerTool, kw_only=True, tag="shell"):
    """A shell, the client's or a container's."""

    environment: Any = None


class LocalShell(Tool, kw_only=True, tag="local_shell"):
    """A shell that the client runs."""


class ApplyPatch(Tool, kw_only=True, tag="apply_patch"):
    """Edits files, run by the client."""

    allowed_callers: list[str] | None = None


class Computer(Tool, kw_only=True, tag="computer"):
    """A computer that the client operates."""


class ComputerPreview(Tool, kw_only=True, tag="computer_use_preview"):
    """A computer that the client operates."""

    display_height: int
    display_width: int
    environment: str


class ToolSearch(ServerTool, kw_only=True, tag="tool_search"):
    """Searches for tools."""

    description: Words | None = None
    execution: str | None = None
    parameters: Any = None


AnyTool = (
    Function
    | Custom
    | Namespace
    | FileSearch
    | WebSearch
    | WebSearch2025
    | WebSearchPreview
    | WebSearchPreview2025
    | Mcp
    | CodeInterpreter
    | ImageGeneration
    | ProgrammaticCalling
    | Shell
    | LocalShell
    | ApplyPatch
    | Computer
    | ComputerPreview
    | ToolSearch
)

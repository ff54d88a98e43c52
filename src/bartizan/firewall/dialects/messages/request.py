"""The request of Anthropic Messages (``POST /v1/messages``)."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from bartizan.core.errors import WireError
from bartizan.core.passage import Origin
from bartizan.firewall.dialects.marks import ContainerId, EarlierResponse, SkillId, SystemWords, ToolTree, Words
from bartizan.firewall.dialects.messages.blocks import AnyBlock, CacheControl, Text, ToolAddition, ToolRemoval
from bartizan.firewall.dialects.shape import Shape
from bartizan.firewall.dialects.sink import Sink

_BUILT_IN = re.compile(
    r"(bash|text_editor|memory|computer|browser_toolset|computer_toolset|code_execution|web_search|web_fetch|advisor"
    r"|tool_search_tool_bm25|tool_search_tool_regex|mcp_toolset)(_[0-9]{8})?"
)
_UPSTREAM = ("code_execution", "web_search", "web_fetch", "advisor", "tool_search_tool", "mcp_toolset")


class SystemText(Text, kw_only=True, tag="text"):
    """A part of the system prompt."""

    origin: ClassVar[Origin] = Origin.SYSTEM


class User(Shape, tag_field="role", tag="user"):
    """What the user said, and what tools returned."""

    origin: ClassVar[Origin] = Origin.USER
    content: Words | list[AnyBlock]


class Assistant(Shape, tag_field="role", tag="assistant"):
    """What the model said in an earlier turn."""

    origin: ClassVar[Origin] = Origin.ASSISTANT
    content: Words | list[AnyBlock]


class System(Shape, tag_field="role", tag="system"):
    """Instructions in the middle of a conversation."""

    origin: ClassVar[Origin] = Origin.SYSTEM
    content: Words | list[Text | ToolAddition | ToolRemoval]
    clear_at: str | None = None
    output_config: Any = None


class Tool(Shape):
    """A tool: the client's own (``custom``), or one whose definition the upstream has."""

    origin: ClassVar[Origin] = Origin.TOOL_DEFINITION
    type: str | None = None
    name: Words | None = None
    description: Words | None = None
    input_schema: dict[str, Any] | None = None
    input_examples: Any = None
    cache_control: CacheControl | None = None
    allowed_callers: list[str] | None = None
    allowed_domains: list[Words] | None = None
    blocked_domains: list[Words] | None = None
    user_location: Any = None
    defer_loading: bool | None = None
    eager_input_streaming: bool | None = None
    strict: bool | None = None
    max_uses: int | None = None
    max_characters: int | None = None
    max_content_tokens: int | None = None
    max_tokens: int | None = None
    citations: Any = None
    url_sources: Any = None
    use_cache: bool | None = None
    response_inclusion: str | None = None
    display_width_px: int | None = None
    display_height_px: int | None = None
    display_number: int | None = None
    enable_zoom: bool | None = None
    configs: Any = None
    default_config: Any = None
    mcp_server_name: Words | None = None
    tools: Any = None
    model: str | None = None
    caching: Any = None


class McpServer(Shape):
    """An MCP server that the upstream calls."""

    origin: ClassVar[Origin] = Origin.TOOL_DEFINITION
    uncovered: ClassVar[str] = "the MCP server's tools run upstream"
    type: str
    name: Words
    url: Words
    authorization_token: str | None = None
    tool_configuration: Any = None


class Skill(Shape):
    """A skill at the upstream."""

    skill_id: SkillId
    type: str
    version: str | None = None


class Container(Shape):
    """A container at the upstream."""

    id: ContainerId | None = None
    skills: list[Skill] | None = None


class Diagnostics(Shape):
    """Asks why a prompt cache was missed."""

    previous_message_id: EarlierResponse | None = None


class Metadata(Shape):
    """Who asks."""

    user_id: str | None = None


class OutputConfig(Shape):
    """Effort and format of the answer."""

    effort: str | None = None
    format: ToolTree = None
    task_budget: Any = None


class MessagesRequest(Shape):
    """The whole body."""

    model: str
    max_tokens: int
    messages: list[User | Assistant | System]
    system: SystemWords | list[SystemText] | None = None
    stream: bool | None = None
    tools: list[Tool] | None = None
    tool_choice: ToolTree = None
    mcp_servers: list[McpServer] | None = None
    container: Container | ContainerId | None = None
    stop_sequences: list[Words] | None = None
    metadata: Metadata | None = None
    output_config: OutputConfig | None = None
    output_format: ToolTree = None
    thinking: Any = None
    diagnostics: Diagnostics | None = None
    cache_control: CacheControl | None = None
    context_management: Any = None
    compaction: Any = None
    fallbacks: Any = None
    fallback_credit_token: Any = None
    billing_policy: Any = None
    thread: Any = None
    inference_geo: str | None = None
    service_tier: str | None = None
    speed: str | None = None
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    user_profile_id: str | None = None
    workspace_id: str | None = None


def check_tools(tools: list[Tool], sink: Sink) -> None:
    """Refuse tools of unknown type, and report those that run upstream. Raises WireError."""
    for place, tool in enumerate(tools):
        if tool.type is None or tool.type == "custom":
            if tool.name is None or tool.input_schema is None:
                raise WireError(f"tools[{place}]: a tool needs `name` and `input_schema`")
        elif not _BUILT_IN.fullmatch(tool.type):
            raise WireError(f"tools[{place}].type: unknown value {ascii(tool.type)[:64]}")
        elif tool.type.startswith(_UPSTREAM):
            sink.reference("the tool runs upstream", ("tools", place))

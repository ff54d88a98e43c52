"""The input items of the Responses API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import msgspec

from bartizan.core.passage import Origin
from bartizan.firewall.dialects.marks import (
    CallTree,
    ContainerId,
    Encrypted,
    FileId,
    ImageSource,
    ItemId,
    ResultTree,
    ToolTree,
    Words,
)
from bartizan.firewall.dialects.responses.parts import Parts
from bartizan.firewall.dialects.responses.tools import AnyTool
from bartizan.firewall.dialects.shape import Shape


class Item(Shape, tag_field="type"):
    """Base of all items."""

    id: str | None = None
    status: str | None = None
    created_by: str | None = None


class Call(Item):
    """Base of the model's calls of earlier turns."""

    origin: ClassVar[Origin] = Origin.TOOL_CALL
    call_id: str | None = None
    caller: Any = None


class Result(Item):
    """Base of what tools returned."""

    origin: ClassVar[Origin] = Origin.TOOL_RESULT
    call_id: str | None = None
    caller: Any = None


class Message(Item, kw_only=True, tag="message"):
    """A message of any role."""

    origins: ClassVar[tuple[str, Mapping[str, Origin]] | None] = (
        "role",
        {
            "system": Origin.SYSTEM,
            "developer": Origin.SYSTEM,
            "user": Origin.USER,
            "assistant": Origin.ASSISTANT,
        },
    )
    role: Literal["user", "assistant", "system", "developer"]
    content: Words | Parts
    phase: str | None = None


class FunctionCall(Call, kw_only=True, tag="function_call"):
    """A call of a function."""

    name: Words
    arguments: Words
    namespace: Words | None = None
    async_: bool | None = msgspec.field(default=None, name="async")


class FunctionCallOutput(Result, kw_only=True, tag="function_call_output"):
    """What a function returned."""

    output: Words | Parts
    name: Words | None = None
    namespace: Words | None = None


class CustomCall(Call, kw_only=True, tag="custom_tool_call"):
    """A call of a custom tool."""

    name: Words
    input: Words
    namespace: Words | None = None
    async_: bool | None = msgspec.field(default=None, name="async")


class CustomCallOutput(Result, kw_only=True, tag="custom_tool_call_output"):
    """What a custom tool returned."""

    output: Words | Parts


class ReasoningText(Shape):
    """A text of the model's reasoning."""

    type: str
    text: Words


class Reasoning(Item, kw_only=True, tag="reasoning"):
    """Reasoning of an earlier turn."""

    origin: ClassVar[Origin] = Origin.ASSISTANT
    summary: list[ReasoningText] = []
    content: list[ReasoningText] | None = None
    encrypted_content: Encrypted | None = None


class Compaction(Item, kw_only=True, tag="compaction"):
    """A summary of earlier turns that only the upstream can read."""

    encrypted_content: Encrypted


class CompactionTrigger(Item, kw_only=True, tag="compaction_trigger"):
    """Asks for a summary."""


class ConfigurationUpdate(Item, kw_only=True, tag="configuration_update"):
    """Changes settings in the middle of a conversation."""

    reasoning: Any = None
    text: ToolTree = None


class ItemReference(Shape, tag_field="type", tag="item_reference"):
    """An item at the upstream."""

    id: ItemId


class FileSearchCall(Call, kw_only=True, tag="file_search_call"):
    """A search that the upstream ran, with its results."""

    queries: CallTree
    results: ResultTree = None


class WebSearchCall(Call, kw_only=True, tag="web_search_call"):
    """A web search that the upstream ran."""

    action: CallTree = None
    results: ResultTree = None


class CodeInterpreterCall(Call, kw_only=True, tag="code_interpreter_call"):
    """Code that the upstream ran, with its output."""

    code: Words | None = None
    container_id: ContainerId | None = None
    outputs: ResultTree = None


class ImageGenerationCall(Call, kw_only=True, tag="image_generation_call"):
    """An image that the upstream drew."""

    result: ImageSource | None = None
    revised_prompt: Words | None = None
    action: str | None = None
    background: str | None = None
    output_format: str | None = None
    quality: str | None = None
    size: str | None = None
    error: Any = None
    svg_usage: Any = None


class ComputerCall(Call, kw_only=True, tag="computer_call"):
    """What the model did with a computer."""

    action: Any = None
    actions: Any = None
    pending_safety_checks: Any = None


class Screenshot(Shape):
    """What a computer showed."""

    type: str
    image_url: ImageSource | None = None
    file_id: FileId | None = None


class ComputerCallOutput(Result, kw_only=True, tag="computer_call_output"):
    """What a computer showed."""

    output: Screenshot
    acknowledged_safety_checks: Any = None


class LocalShellCall(Call, kw_only=True, tag="local_shell_call"):
    """A command for the client's shell."""

    action: Any


class LocalShellCallOutput(Result, kw_only=True, tag="local_shell_call_output"):
    """Output of the client's shell."""

    output: Words


class ShellCall(Call, kw_only=True, tag="shell_call"):
    """Commands for a shell."""

    action: Any
    environment: Any = None


class ShellCallOutput(Result, kw_only=True, tag="shell_call_output"):
    """Output of a shell."""

    output: Any
    max_output_length: int | None = None


class ApplyPatchCall(Call, kw_only=True, tag="apply_patch_call"):
    """A change of files."""

    operation: Any


class ApplyPatchCallOutput(Result, kw_only=True, tag="apply_patch_call_output"):
    """What a change of files came to."""

    output: Words | None = None


class McpListTools(Item, kw_only=True, tag="mcp_list_tools"):
    """The tools of an MCP server."""

    origin: ClassVar[Origin] = Origin.TOOL_DEFINITION
    server_label: Words
    tools: Any
    error: Any = None


class McpApprovalRequest(Call, kw_only=True, tag="mcp_approval_request"):
    """A call that waits for approval."""

    name: Words
    arguments: Words
    server_label: Words


class McpApprovalResponse(Item, kw_only=True, tag="mcp_approval_response"):
    """The answer to it."""

    origin: ClassVar[Origin] = Origin.USER
    approval_request_id: str
    approve: bool
    reason: Words | None = None
    request_id: str | None = None


class McpCall(Call, kw_only=True, tag="mcp_call"):
    """A call of an MCP server's tool, with its result."""

    name: Words
    arguments: Words
    server_label: Words
    approval_request_id: str | None = None
    output: ResultTree = None
    error: ResultTree = None


class ToolSearchCall(Call, kw_only=True, tag="tool_search_call"):
    """A search for tools."""

    arguments: Any
    execution: str | None = None


class ToolSearchOutput(Result, kw_only=True, tag="tool_search_output"):
    """Tools that were found."""

    tools: list[AnyTool]
    execution: str | None = None


class AdditionalTools(Item, kw_only=True, tag="additional_tools"):
    """Tools that join in the middle of a conversation."""

    role: str
    tools: list[AnyTool]


class Program(Call, kw_only=True, tag="program"):
    """A program that calls tools."""

    code: Words
    fingerprint: str | None = None


class ProgramOutput(Result, kw_only=True, tag="program_output"):
    """What it returned."""

    result: Words


AnyItem = (
    Message
    | FunctionCall
    | FunctionCallOutput
    | CustomCall
    | CustomCallOutput
    | Reasoning
    | Compaction
    | CompactionTrigger
    | ConfigurationUpdate
    | ItemReference
    | FileSearchCall
    | WebSearchCall
    | CodeInterpreterCall
    | ImageGenerationCall
    | ComputerCall
    | ComputerCallOutput
    | LocalShellCall
    | LocalShellCallOutput
    | ShellCall
    | ShellCallOutput
    | ApplyPatchCall
    | ApplyPatchCallOutput
    | McpListTools
    | McpApprovalRequest
    | McpApprovalResponse
    | McpCall
    | ToolSearchCall
    | ToolSearchOutput
    | AdditionalTools
    | Program
    | ProgramOutput
)

"""Pydantic AI: ``Agent(model, tools=…, capabilities=[ToolGuard()])``: tool calls ask the current session first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic_ai import messages as parts
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.tools import RunContext
from pydantic_ai.toolsets import AbstractToolset, ToolsetTool, WrapperToolset

from bartizan.agents.sdk.definitions import plain_arguments, text_of
from bartizan.agents.sdk.refusal import ToolRefusedError
from bartizan.agents.sdk.session import current_session
from bartizan.agents.sdk.turns import History, somebodys
from bartizan.core.passage import Origin
from bartizan.core.tool import ToolCall, ToolDefinition, ToolResult
from bartizan.core.transcript import Said, Turn, arguments_of


class ToolGuard(AbstractCapability[Any]):
    """Puts a :class:`GuardedToolset` around everything that the agent can call."""

    def get_wrapper_toolset(self, toolset: AbstractToolset[Any]) -> AbstractToolset[Any]:
        """See the base class."""
        return GuardedToolset(toolset)


class GuardedToolset(WrapperToolset[Any]):
    """Tools that run only where the current session (``with guarded_session(…)``) allows the call.

    A refused call is told to the model in generic words, as its result.
    """

    async def get_tools(self, ctx: RunContext[Any]) -> dict[str, ToolsetTool[Any]]:
        """See the base class."""
        found: dict[str, ToolsetTool[Any]] = await super().get_tools(ctx)
        current_session("the agent").offer(_definition(tool) for tool in found.values())
        return found

    async def call_tool(
        self, name: str, tool_args: dict[str, Any], ctx: RunContext[Any], tool: ToolsetTool[Any]
    ) -> Any:
        """Ask, run, and record what comes back."""
        call = ToolCall(id=ctx.tool_call_id or "", tool=name, arguments=plain_arguments(tool_args))
        session = current_session(name)
        try:
            await session.adecide(call, _history(ctx.messages, ctx.prompt, _definition(tool)))
        except ToolRefusedError as refused:
            return str(refused)
        try:
            with session.running():
                value = await super().call_tool(name, tool_args, ctx, tool)
        except Exception as error:
            await session.aresult(call, error, failed=True)
            raise
        try:
            text, unseen = _text(value)
            await session.aresult(call, text, unseen=unseen)
        except ToolRefusedError as refused:
            return str(refused)
        return value


def _definition(tool: ToolsetTool[Any]) -> ToolDefinition:
    held = tool.tool_def
    return ToolDefinition(name=held.name, description=held.description or "", input_schema=held.parameters_json_schema)


def _history(messages: Iterable[Any], prompt: Any, tool: ToolDefinition) -> History:
    turns: list[Turn] = []
    unseen = False
    for message in messages:
        if isinstance(message, parts.ModelRequest) and message.instructions:
            turns.append(Said(Origin.SYSTEM, message.instructions))
        for part in message.parts:
            told, hidden = _turn(part)
            turns += told
            unseen = unseen or hidden
    if prompt is not None:
        text, hidden = _text(prompt)
        turns.append(Said(Origin.USER, text))
        unseen = unseen or hidden
    return History(tuple(turns), (tool,), unseen)


def _turn(part: Any) -> tuple[list[Turn], bool]:
    """What one part says, and whether it holds what nobody here can read."""
    match part:
        case parts.SystemPromptPart():
            return [Said(Origin.SYSTEM, part.content)], False
        case parts.UserPromptPart():
            text, unseen = _text(part.content)
            return [Said(Origin.USER, text)], unseen
        case parts.ToolReturnPart() | parts.RetryPromptPart():
            text, unseen = _text(part.content)
            return [ToolResult(call=part.tool_call_id, tool=part.tool_name or "", text=text)], unseen
        case parts.NativeToolReturnPart():
            text, unseen = _text(part.content)
            return [somebodys(text, part.tool_name)], True
        case parts.ToolCallPart():
            given = part.args
            arguments = plain_arguments(given) if isinstance(given, dict) else arguments_of(given or "")
            return [ToolCall(id=part.tool_call_id, tool=part.tool_name, arguments=arguments)], False
        case parts.TextPart() | parts.ThinkingPart():
            return [], False
        case _:
            return [], True


def _text(value: Any) -> tuple[str, bool]:
    """A value's texts, and whether there is more than text in it."""
    if isinstance(value, str):
        return value, False
    if isinstance(value, parts.ToolReturn):
        first, second = _text(value.return_value), _text(value.content)
        return f"{first[0]}\n{second[0]}".strip(), first[1] or second[1]
    if isinstance(value, list | tuple) and any(map(_is_medium, value)):
        return "\n".join(text_of(one) for one in value if not _is_medium(one)), True
    return ("", True) if _is_medium(value) else (text_of(value), False)


def _is_medium(value: Any) -> bool:
    """Whether it is a picture, a recording or a file."""
    return isinstance(value, parts.BinaryContent | parts.FileUrl)

"""The OpenAI Agents SDK (``openai-agents``): every function tool of an agent asks the current session first."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable
from typing import Any

from agents import (
    Agent,
    FunctionTool,
    Handoff,
    ToolGuardrailFunctionOutput,
    ToolInputGuardrail,
    ToolInputGuardrailData,
    ToolOutputGuardrail,
    ToolOutputGuardrailData,
)
from bartizan.agents.sdk.refusal import ToolRefusedError
from bartizan.agents.sdk.session import current_session
from bartizan.agents.sdk.turns import History
from bartizan.core.errors import ConfigurationError
from bartizan.core.passage import Origin
from bartizan.core.tool import ToolCall, ToolDefinition, ToolResult
from bartizan.core.transcript import Said, Turn, arguments_of

WITHHELD = "The result was withheld by policy."
_TEXTS = frozenset({"input_text", "output_text", "text"})
_SILENT = frozenset({"reasoning", "item_reference"})


def guarded_agent(agent: Agent[Any], allow: Collection[str] = ()) -> Agent[Any]:
    """A copy of ``agent`` whose tools run only where the current session allows the call.

    Decided are its function tools, and those of agents that it hands over to. A refused call is told to the model in
    generic words; the run goes on.

    Args:
        agent: its tools, also where an agent was made one with ``as_tool``.
        allow: names of tools and MCP servers that run where nobody here can decide them, and shall.

    Raises:
        ConfigurationError: the agent has tools that cannot be decided here and are not in ``allow``: hosted tools, MCP
            servers (put ``bartizan mcp proxy`` before them), agents made tools that are not guarded themselves, and
            handoffs to such agents.
    """
    return _guarded(agent, frozenset(allow), {})


def _guarded(agent: Agent[Any], allow: frozenset[str], done: dict[int, Agent[Any]]) -> Agent[Any]:
    if id(agent) in done:
        return done[id(agent)]
    copied = done[id(agent)] = agent.clone()
    for server in agent.mcp_servers:
        _allowed(server.name, "the MCP server", "put 'bartizan mcp proxy' before it", allow)
    copied.tools = [_tool(tool, allow) for tool in agent.tools]
    handoffs: list[Agent[Any] | Handoff[Any, Any]] = []
    for target in agent.handoffs:
        if isinstance(target, Agent):
            handoffs.append(_guarded(target, allow, done))
            continue
        reached = target._agent_ref() if target._agent_ref is not None else None
        if not is_guarded(reached):
            _allowed(target.tool_name, "the handoff", "hand over to guarded_agent(…)", allow)
        handoffs.append(target)
    copied.handoffs = handoffs
    return copied


def is_guarded(agent: Any) -> bool:
    """Whether all function tools of ``agent`` ask first."""
    return isinstance(agent, Agent) and all(
        any(guardrail is _BEFORE for guardrail in tool.tool_input_guardrails or ())
        for tool in agent.tools
        if isinstance(tool, FunctionTool)
    )


def _allowed(name: str, what: str, hint: str, allow: frozenset[str]) -> None:
    if name not in allow:
        raise ConfigurationError(f"{what} {name!r} cannot be decided here", f"{hint}, or name it in 'allow'")


def _tool(tool: Any, allow: frozenset[str]) -> Any:
    if not isinstance(tool, FunctionTool):
        _allowed(tool.name, "the hosted tool", "use a function tool", allow)
        return tool
    if tool._is_agent_tool and not is_guarded(tool._agent_instance):
        _allowed(tool.name, "the agent behind the tool", "make a tool of guarded_agent(…)", allow)
    copied = copy.copy(tool)
    copied.tool_input_guardrails = [_BEFORE, *(tool.tool_input_guardrails or ())]
    copied.tool_output_guardrails = [_AFTER, *(tool.tool_output_guardrails or ())]
    return copied


async def _before(data: ToolInputGuardrailData) -> ToolGuardrailFunctionOutput:
    call = _call(data)
    session = current_session(call.tool)
    try:
        await session.adecide(call, _history(data))
    except ToolRefusedError as refused:
        return ToolGuardrailFunctionOutput.reject_content(str(refused), {"reference": refused.reference})
    session.enter()  # of the task in which this one call is made
    return ToolGuardrailFunctionOutput.allow()


async def _after(data: ToolOutputGuardrailData) -> ToolGuardrailFunctionOutput:
    call = _call(data)
    text, unseen = _text(_plain(data.output))
    try:
        await current_session(call.tool).aresult(call, text, unseen=unseen)
    except ToolRefusedError:
        return ToolGuardrailFunctionOutput.reject_content(WITHHELD)
    return ToolGuardrailFunctionOutput.allow()


_BEFORE: ToolInputGuardrail[Any] = ToolInputGuardrail(_before, "bartizan")
_AFTER: ToolOutputGuardrail[Any] = ToolOutputGuardrail(_after, "bartizan")


def _call(data: ToolInputGuardrailData) -> ToolCall:
    context = data.context
    return ToolCall(id=context.tool_call_id, tool=context.tool_name, arguments=arguments_of(context.tool_arguments))


def _history(data: ToolInputGuardrailData) -> History:
    agent = data.agent
    turns: list[Turn] = []
    if isinstance(agent.instructions, str) and agent.instructions:
        turns.append(Said(Origin.SYSTEM, agent.instructions))
    unseen = bool(agent.mcp_servers)
    names: dict[str, str] = {}
    for item in data.context.turn_input:
        told, hidden = _turns(item, names)
        turns += told
        unseen = unseen or hidden
    tools = [tool for tool in agent.tools if isinstance(tool, FunctionTool)]
    return History(tuple(turns), tuple(map(_definition, tools)), unseen or len(tools) < len(agent.tools))


def _turns(item: Any, names: dict[str, str]) -> tuple[list[Turn], bool]:
    """What one item of the Responses API says, and whether it holds what nobody here can read."""
    body = _plain(item)
    kind, role = body.get("type", "message"), body.get("role")
    if kind == "message" or role:
        text, unseen = _text(body.get("content"))
        if role == "assistant":
            return [], unseen
        return [Said(Origin.USER if role == "user" else Origin.SYSTEM, text)], unseen
    identity = str(body.get("call_id") or body.get("id") or "")
    if kind == "function_call":
        names[identity] = str(body.get("name", ""))
        arguments = arguments_of(str(body.get("arguments") or ""))
        return [ToolCall(id=identity, tool=names[identity], arguments=arguments)], False
    if "output" in body:
        text, unseen = _text(body["output"])
        return [ToolResult(call=identity, tool=names.get(identity, str(kind)), text=text)], unseen
    return [], kind not in _SILENT


def _text(content: Any) -> tuple[str, bool]:
    """The texts of a message's or a result's content, and whether there is more than text in it."""
    if content is None or isinstance(content, str):
        return content or "", False
    parts: Iterable[Any] = content if isinstance(content, list | tuple) else (content,)
    found, unseen = [], False
    for part in parts:
        body = _plain(part)
        if isinstance(part, str):
            found.append(part)
        elif body.get("type") in _TEXTS:
            found.append(str(body.get("text", "")))
        elif body.get("type") == "refusal":
            continue
        elif "type" in body and str(body["type"]).rpartition("_")[2] in ("image", "file", "audio"):
            unseen = True
        else:
            found.append(str(part))
    return "\n".join(found), unseen


def _plain(item: Any) -> Any:
    dump = getattr(item, "model_dump", None)
    if callable(dump):
        return dump(exclude_unset=False)
    return item if isinstance(item, dict | str | list | tuple) else {"type": "text", "text": str(item)}


def _definition(tool: FunctionTool) -> ToolDefinition:
    return ToolDefinition(name=tool.name, description=tool.description, input_schema=tool.params_json_schema)

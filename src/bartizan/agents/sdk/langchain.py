"""LangChain and LangGraph: middleware for ``create_agent``, and wrappers for a ``ToolNode``.

An agent's graph: ``create_agent(model, tools, middleware=[…, ToolGuardMiddleware()])``, last in the list, so that it
sees what the model sees. A graph of one's own: ``ToolNode(tools, wrap_tool_call=wrap_tool_call,
awrap_tool_call=awrap_tool_call)``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeAlias

from langchain.agents.middleware import AgentMiddleware
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.prebuilt.tool_node import ToolCallRequest
from langgraph.types import Command

from bartizan.agents.sdk.definitions import plain_arguments
from bartizan.agents.sdk.refusal import ToolRefusedError
from bartizan.agents.sdk.session import current_session
from bartizan.agents.sdk.turns import History, somebodys
from bartizan.core.passage import Origin
from bartizan.core.tool import ToolCall, ToolDefinition, ToolResult
from bartizan.core.transcript import Said, Turn

Answer: TypeAlias = "ToolMessage | Command[Any]"
_SUMMARY = "lc_source"
"""Marks messages that LangChain itself writes into the user's place."""


def wrap_tool_call(request: ToolCallRequest, handler: Callable[[ToolCallRequest], Answer]) -> Answer:
    """Run a call where the current session allows it; else the model is told so in generic words."""
    call = _call(request)
    session = current_session(call.tool)
    try:
        session.decide(call, _history(request))
        with session.running():
            answer = handler(request)
        text, unseen = _answered(answer)
        session.result(call, text, unseen=unseen)
    except ToolRefusedError as refused:
        return _refusal(call, refused)
    return answer


async def awrap_tool_call(request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[Answer]]) -> Answer:
    """:func:`wrap_tool_call` for asynchronous graphs."""
    call = _call(request)
    session = current_session(call.tool)
    try:
        await session.adecide(call, _history(request))
        with session.running():
            answer = await handler(request)
        text, unseen = _answered(answer)
        await session.aresult(call, text, unseen=unseen)
    except ToolRefusedError as refused:
        return _refusal(call, refused)
    return answer


class ToolGuardMiddleware(AgentMiddleware[Any, Any]):
    """Every tool call of the agent asks the current session (``with guarded_session(…)``) first.

    The user's words are the human messages with which a run begins; those that other middleware writes later, such as
    summaries, count as somebody else's.
    """

    def before_agent(self, state: Any, runtime: Any) -> dict[str, Any] | None:
        """Tell the session what the run begins with."""
        current_session("the agent").follow(_told(_messages(state)))
        return None

    async def abefore_agent(self, state: Any, runtime: Any) -> dict[str, Any] | None:
        """:meth:`before_agent` for asynchronous runs."""
        await current_session("the agent").afollow(_told(_messages(state)))
        return None

    def wrap_model_call(self, request: Any, handler: Callable[[Any], Any]) -> Any:
        """Tell the session what the model is about to read, and which tools it is offered."""
        current_session("the agent").follow(_offered(request))
        return handler(request)

    async def awrap_model_call(self, request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        """:meth:`wrap_model_call` for asynchronous runs."""
        await current_session("the agent").afollow(_offered(request))
        return await handler(request)

    def wrap_tool_call(self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Answer]) -> Answer:
        """See :func:`wrap_tool_call`."""
        return wrap_tool_call(_late(request), handler)

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[Answer]]
    ) -> Answer:
        """See :func:`awrap_tool_call`."""
        return await awrap_tool_call(_late(request), handler)


class _Late(ToolCallRequest):
    """A request whose history has been told already, up to what other middleware has written since."""


def _late(request: ToolCallRequest) -> ToolCallRequest:
    return _Late(request.tool_call, request.tool, request.state, request.runtime)


def _call(request: ToolCallRequest) -> ToolCall:
    asked = request.tool_call
    return ToolCall(id=str(asked.get("id") or ""), tool=asked["name"], arguments=plain_arguments(asked["args"]))


def _history(request: ToolCallRequest) -> History:
    tools = () if request.tool is None else (_definition(request.tool),)
    return _told(_messages(request.state), tools, late=isinstance(request, _Late))


def _offered(request: Any) -> History:
    definitions = tuple(found for tool in request.tools if (found := _definition(tool)) is not None)
    said = [] if request.system_message is None else [request.system_message]
    hosted = len(definitions) < len(request.tools)
    return _told([*said, *request.messages], definitions, late=True, unseen=hosted)


def _told(messages: Iterable[Any], tools: tuple[Any, ...] = (), *, late: bool = False, unseen: bool = False) -> History:
    turns: list[Turn] = []
    for message in messages:
        text, hidden = _text(message)
        unseen = unseen or hidden
        match message:
            case HumanMessage():
                mine = _SUMMARY not in message.additional_kwargs
                turns.append(Said(Origin.USER, text) if mine else somebodys(text))
            case SystemMessage():
                turns.append(Said(Origin.SYSTEM, text))
            case AIMessage():
                turns += [
                    ToolCall(id=str(made.get("id") or ""), tool=made["name"], arguments=plain_arguments(made["args"]))
                    for made in message.tool_calls
                ]
            case ToolMessage():
                turns.append(ToolResult(call=message.tool_call_id, tool=message.name or "", text=text))
            case _:
                turns.append(somebodys(text))
    return History(tuple(turns), tuple(tool for tool in tools if tool is not None), unseen, late)


def _messages(state: Any) -> list[Any]:
    if isinstance(state, list):
        return state
    found = state.get("messages") if isinstance(state, dict) else getattr(state, "messages", None)
    return list(found or ())


def _text(message: Any) -> tuple[str, bool]:
    """A message's texts, and whether there is more than text in it."""
    if not isinstance(message, BaseMessage):
        return str(message), False
    if isinstance(message.content, str):
        return message.content, False
    texts, unseen = [], False
    for block in message.content:
        if isinstance(block, str):
            texts.append(block)
        elif isinstance(block.get("text"), str):
            texts.append(block["text"])
        elif block.get("type") == "json":
            texts.append(str(block))
        elif not isinstance(message, AIMessage):
            unseen = True
    return "\n".join(texts), unseen


def _answered(answer: Any) -> tuple[str, bool]:
    """What the model will read of a tool's answer."""
    messages = [answer]
    if isinstance(answer, Command):
        update = answer.update
        found = update.get("messages", ()) if isinstance(update, dict) else update
        messages = list(found) if isinstance(found, list | tuple) else [found]
    texts = [_text(message) for message in messages if message is not None]
    return "\n".join(text for text, _ in texts), any(unseen for _, unseen in texts)


def _refusal(call: ToolCall, refused: ToolRefusedError) -> ToolMessage:
    return ToolMessage(content=str(refused), name=call.tool, tool_call_id=call.id, status="error")


def _definition(tool: Any) -> ToolDefinition | None:
    """A tool as the model is offered it; None for one that the model's provider runs."""
    if isinstance(tool, dict) and tool.get("type", "function") != "function":
        return None
    function = convert_to_openai_tool(tool)["function"]
    return ToolDefinition(
        name=function["name"],
        description=function.get("description", ""),
        input_schema=function.get("parameters", {}),
    )

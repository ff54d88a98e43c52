"""Chat completions as a transcript, and the tool calls of their answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bartizan.core.passage import Origin
from bartizan.core.tool import ToolCall, ToolDefinition, ToolResult
from bartizan.core.transcript import Said, Turn, arguments_of
from bartizan.firewall.dialects.chat.reply import FUNCTION_CALL
from bartizan.firewall.exchange import Document


def tools(document: Document) -> Iterator[ToolDefinition]:
    """What the request offers."""
    for entry in document.get("tools") or ():
        yield _definition(entry[entry["type"]])
    for function in document.get("functions") or ():
        yield _definition(function)


def turns(document: Document) -> Iterator[Turn]:
    """Its messages."""
    names: dict[str, str] = {}
    for message in document["messages"]:
        role, text = message["role"], text_of(message.get("content"))
        if role in ("system", "developer"):
            yield Said(Origin.SYSTEM, text)
        elif role == "user":
            yield Said(Origin.USER, text)
        elif role == "assistant":
            for call in calls(message):
                names[call.id] = call.tool
                yield call
        elif role == "tool":
            call_id = message["tool_call_id"]
            yield ToolResult(call=call_id, tool=names.get(call_id) or message.get("name") or "", text=text)
        else:
            yield ToolResult(call=FUNCTION_CALL, tool=message["name"], text=text)


def calls(message: dict[str, Any]) -> Iterator[ToolCall]:
    """The calls of an assistant's message."""
    yield from map(call_of, message.get("tool_calls") or ())
    function = message.get(FUNCTION_CALL)
    if isinstance(function, dict):
        yield call_of({"id": FUNCTION_CALL, "function": function})


def call_of(entry: dict[str, Any]) -> ToolCall:
    """One call, whole: of a function tool, or of a custom tool with its free-form input."""
    custom = entry.get("custom")
    if isinstance(custom, dict):
        return made(entry.get("id"), custom.get("name"), custom.get("input"), free_form=True)
    function = entry.get("function")
    holder = function if isinstance(function, dict) else {}
    return made(entry.get("id"), holder.get("name"), holder.get("arguments"))


def made(call: Any, tool: Any, arguments: Any, *, free_form: bool = False) -> ToolCall:
    """A call out of what an upstream wrote; whatever is no string counts as missing."""
    text = arguments if isinstance(arguments, str) else ""
    return ToolCall(
        id=call if isinstance(call, str) else "",
        tool=tool if isinstance(tool, str) else "",
        arguments={"input": text} if free_form else arguments_of(text),
    )


def text_of(content: Any) -> str:
    """The text of a message's content: a string, or the texts of its parts."""
    if isinstance(content, str):
        return content
    return "\n".join(
        part["text"] for part in content or () if isinstance(part, dict) and isinstance(part.get("text"), str)
    )


def _definition(entry: dict[str, Any]) -> ToolDefinition:
    schema = entry.get("parameters")
    return ToolDefinition(
        name=entry["name"],
        description=entry.get("description") or "",
        input_schema=schema if isinstance(schema, dict) else {},
    )

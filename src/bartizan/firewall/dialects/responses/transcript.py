"""The Responses API as a transcript, and the tool calls of its answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from bartizan.core.passage import Origin
from bartizan.core.tool import ToolCall, ToolDefinition, ToolResult
from bartizan.core.transcript import NO_NAME, Said, Turn, arguments_of
from bartizan.firewall.documents import string_leaves
from bartizan.firewall.exchange import Document

_BODY = {
    "function_call": "arguments",
    "mcp_approval_request": "arguments",
    "custom_tool_call": "input",
    "local_shell_call": "action",
    "shell_call": "action",
    "computer_call": "action",
    "apply_patch_call": "operation",
}
"""Items in which the model asks its client for a call, with the field that says what. What the upstream runs itself has
happened already."""
CLIENT_STEMS = ("function_call_arguments", "custom_tool_call_input")
"""Stems of stream events that extend such a call's arguments, and nothing else."""
_SAME = {"computer_use_preview": "computer"}
_PAST = ("mcp_call", "file_search_call", "web_search_call", "code_interpreter_call")


def tools(document: Document) -> Iterator[ToolDefinition]:
    """What the request offers, also in the middle of the conversation."""
    yield from _definitions(document.get("tools"))
    for item in _items(document):
        if item["type"] in ("additional_tools", "tool_search_output", "mcp_list_tools"):
            yield from _definitions(item.get("tools"))


def turns(document: Document) -> Iterator[Turn]:
    """Instructions and input items."""
    yield Said(Origin.SYSTEM, str(document.get("instructions") or ""))
    given = document.get("input")
    if isinstance(given, str):
        yield Said(Origin.USER, given)
    names: dict[str, str] = {}
    for item in _items(document):
        kind = item["type"]
        if kind == "message":
            if item["role"] != "assistant":
                yield Said(Origin.USER if item["role"] == "user" else Origin.SYSTEM, _text(item.get("content")))
        elif kind in _BODY:
            call = call_of(item)
            names[call.id] = call.tool
            yield call
        elif kind in _PAST:
            yield ToolResult(call="", tool=str(item.get("name") or kind.removesuffix("_call")), text=_returned(item))
        elif kind.endswith("_output"):
            call_id = str(item.get("call_id") or "")
            tool = names.get(call_id) or str(item.get("name") or kind.removesuffix("_call_output"))
            output = item.get("output", item.get("result"))
            yield ToolResult(
                call=call_id, tool=tool, text=_text(output) if isinstance(output, str | list) else _all(output)
            )


def calls(output: Any) -> Iterator[ToolCall]:
    """The calls that the client is asked for."""
    for _, item in call_items(output):
        yield call_of(item)


def call_items(output: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """The output items that are such calls, each with its place."""
    for place, item in enumerate(output if isinstance(output, list) else ()):
        if is_call(item):
            yield place, item


def is_call(item: Any) -> bool:
    """Whether an item asks the client for a call."""
    return isinstance(item, dict) and item.get("type") in _BODY


def call_of(item: dict[str, Any], written: str = "") -> ToolCall:
    """One call, whole. A tool without a name of its own is called by its type.

    Args:
        item: of type function call or the like.
        written: what the stream said of its arguments before. Where the item says something else, nobody knows what the
            client will run: both stand under ``NO_NAME``.
    """
    kind = item["type"]
    body = item.get(_BODY[kind], item.get("actions"))
    contradicted = bool(written) and isinstance(body, str) and body not in ("", written)
    if written and body == "":
        body = written
    arguments: dict[str, Any]
    if contradicted:
        arguments = {NO_NAME: [written, body]}
    elif kind == "custom_tool_call":
        arguments = {"input": body}
    elif isinstance(body, str):
        arguments = arguments_of(body)
    elif isinstance(body, dict):
        arguments = body
    else:
        arguments = {} if body is None else {NO_NAME: body}
    tool, call = item.get("name"), item.get("call_id") or item.get("id")
    return ToolCall(
        id=call if isinstance(call, str) else "",
        tool=tool if isinstance(tool, str) and tool else kind.removesuffix("_call"),
        arguments=arguments,
    )


def _definitions(entries: Any) -> Iterator[ToolDefinition]:
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict):
            continue
        kind = str(entry.get("type") or "")
        if kind == "namespace":
            yield from _definitions(entry.get("tools"))
            continue
        name = entry.get("name")
        schema = entry.get("parameters", entry.get("input_schema"))
        yield ToolDefinition(
            name=name if isinstance(name, str) and name else _SAME.get(kind, kind),
            description=str(entry.get("description") or ""),
            input_schema=schema if isinstance(schema, dict) else {},
        )


def _items(document: Document) -> list[dict[str, Any]]:
    given = document.get("input")
    return given if isinstance(given, list) else []


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content or () if isinstance(part.get("text"), str))


def _returned(item: dict[str, Any]) -> str:
    return "\n".join(_all(item.get(field)) for field in ("output", "outputs", "results", "action", "error"))


def _all(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return "" if value is None else msgspec.json.encode(value).decode()
    except (TypeError, ValueError):
        return "\n".join(text for _, text in string_leaves(value))

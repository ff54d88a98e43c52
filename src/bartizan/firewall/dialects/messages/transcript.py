"""Anthropic Messages as a transcript, and the tool calls of their answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bartizan.core.passage import Origin
from bartizan.core.tool import ToolCall, ToolDefinition, ToolResult
from bartizan.core.transcript import Said, Turn
from bartizan.firewall.documents import string_leaves
from bartizan.firewall.exchange import Document

CLIENT_CALL = "tool_use"
"""The block in which the model asks its client for a call; those that the upstream runs have happened already."""
_CALLS = (CLIENT_CALL, "server_tool_use", "mcp_tool_use")
_MATERIAL = ("document", "search_result", "compaction")


def tools(document: Document) -> Iterator[ToolDefinition]:
    """What the request offers, also in the middle of the conversation."""
    yield from _definitions(document.get("tools"))
    for message in document["messages"]:
        for block in _blocks(message.get("content")):
            if block["type"] == "tool_addition":
                yield from _definitions([block.get("tool")])
            elif block["type"] == "mcp_tool_listing":
                yield from _definitions(block.get("tools"))


def turns(document: Document) -> Iterator[Turn]:
    """The system prompt and the blocks of all messages."""
    yield Said(Origin.SYSTEM, _text(document.get("system")))
    names: dict[str, str] = {}
    for message in document["messages"]:
        role, content = message["role"], message.get("content")
        said = _text(content)
        if role == "user":
            yield Said(Origin.USER, said)
        elif role == "system":
            yield Said(Origin.SYSTEM, said)
        for block in _blocks(content):
            kind = block["type"]
            if kind in _CALLS:
                names[block["id"]] = block["name"]
                yield call_of(block)
            elif "tool_use_id" in block:
                yield ToolResult(
                    call=block["tool_use_id"],
                    tool=names.get(block["tool_use_id"], ""),
                    text=_everything(block.get("content")),
                    failed=bool(block.get("is_error")),
                )
            elif kind in _MATERIAL:
                yield ToolResult(call="", tool="", text=_everything(block))


def calls(content: Iterable[dict[str, Any]]) -> Iterator[ToolCall]:
    """The calls that the client is asked for."""
    for block in content:
        if block["type"] == CLIENT_CALL:
            yield call_of(block)


def call_of(block: dict[str, Any]) -> ToolCall:
    """One call, whole."""
    call, tool, given = block.get("id"), block.get("name"), block.get("input")
    return ToolCall(
        id=call if isinstance(call, str) else "",
        tool=tool if isinstance(tool, str) else "",
        arguments=given if isinstance(given, dict) else ({} if given is None else {"": given}),
    )


def _definitions(entries: Any) -> Iterator[ToolDefinition]:
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            continue
        schema = entry.get("input_schema")
        yield ToolDefinition(
            name=entry["name"],
            description=str(entry.get("description") or ""),
            input_schema=schema if isinstance(schema, dict) else {},
        )


def _blocks(content: Any) -> Iterable[dict[str, Any]]:
    return content if isinstance(content, list) else ()


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(block["text"] for block in _blocks(content) if block["type"] == "text")


def _everything(content: Any) -> str:
    """All text of a result or a document: in one piece where it is one, else each string on a line of its own."""
    if isinstance(content, str):
        return content
    blocks = _blocks(content)
    if blocks and all(block.get("type") == "text" for block in blocks):
        return _text(content)
    return "\n".join(text for path, text in string_leaves(content) if path and path[-1] not in ("type", "media_type"))

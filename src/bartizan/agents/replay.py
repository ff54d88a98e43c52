"""Recorded agent runs, replayed against the guard: what it would have said of each call.

A run is one JSON object: ``messages`` in order, each with ``role`` and ``content`` (text, or parts with ``content`` or
``text``); an assistant's ``tool_calls`` have ``function``, ``args`` and ``id``, or the shape of the OpenAI API; the
message of a tool has ``tool_call_id`` and, where it is known, ``tool_call``. Other fields are kept as they are. This is
the form of AgentDojo's and AgentDyn's logs.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bartizan.core.errors import ConfigurationError
from bartizan.core.tool import Conversation, ToolCall, ToolDecision, ToolDefinition, ToolResult

LONGEST_RUN = 64_000_000
"""Characters of one line of the file."""


def read_tools(path: Path) -> tuple[ToolDefinition, ...]:
    """Tool definitions as MCP lists them: an array, or an object with ``tools``. Raises ConfigurationError."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path}: {error}", "expected tool definitions as JSON") from None
    tools = document.get("tools") if isinstance(document, dict) else document
    if not isinstance(tools, list):
        raise ConfigurationError(f"{path}: no list of tools", 'expected [{"name", "description", "inputSchema"}, …]')
    return definitions(tools, str(path))


def definitions(tools: list[Any], source: str) -> tuple[ToolDefinition, ...]:
    """Parsed tool definitions of MCP, which stand in ``source``. Raises ConfigurationError."""
    found = []
    for place, tool in enumerate(tools):
        if not isinstance(tool, dict) or not isinstance(tool.get("name"), str):
            raise ConfigurationError(
                f"{source}: tool {place} has no name", 'expected {"name", "description", "inputSchema"}'
            )
        schema = tool.get("inputSchema", tool.get("input_schema", tool.get("parameters")))
        notes = tool.get("annotations")
        found.append(
            ToolDefinition(
                name=tool["name"],
                description=str(tool.get("description") or ""),
                input_schema=schema if isinstance(schema, dict) else {},
                annotations=notes if isinstance(notes, dict) else {},
            )
        )
    return tuple(found)


def read_runs(path: Path) -> Iterator[dict[str, Any]]:
    """The runs of a JSONL file, gzipped or not. Raises ConfigurationError with the line that is wrong."""
    opener = gzip.open if path.suffix == ".gz" else open
    number = 0
    try:
        with opener(path, "rt", encoding="utf-8") as lines:
            while line := lines.readline(LONGEST_RUN):
                number += 1
                if not line.strip():
                    continue
                run = json.loads(line)
                if not isinstance(run, dict) or not isinstance(run.get("messages"), list):
                    raise ValueError("no run with messages")
                yield run
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path}:{number}: {error}", "expected one run a line, as JSON") from None


def replay(run: dict[str, Any], conversation: Conversation) -> list[tuple[ToolCall, ToolDecision]]:
    """Each call of ``run`` with the decision on it, in order."""
    decided: list[tuple[ToolCall, ToolDecision]] = []
    names: dict[str, str] = {}
    for message in run["messages"]:
        if not isinstance(message, dict):
            continue
        role = message.get("role")
        text = _text(message.get("content"))
        if role in {"system", "developer"}:
            conversation.operator(text)
        elif role == "user":
            conversation.user(text)
        elif role == "assistant":
            for given in message.get("tool_calls") or ():
                call = _call(given)
                names[call.id] = call.tool
                decided.append((call, conversation.decide(call)))
        elif role == "tool":
            conversation.result(_result(message, text, names))
    return decided


def _call(given: Any) -> ToolCall:
    body = given if isinstance(given, dict) else {}
    function = body.get("function")
    name, arguments = function, body.get("args")
    if isinstance(function, dict):
        name, arguments = function.get("name"), function.get("arguments")
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except (ValueError, RecursionError):
            arguments = {"": arguments}
    return ToolCall(
        id=str(body.get("id") or ""), tool=str(name or ""), arguments=arguments if isinstance(arguments, dict) else {}
    )


def _result(message: dict[str, Any], text: str, names: dict[str, str]) -> ToolResult:
    given = message.get("tool_call")
    call = _call(given) if isinstance(given, dict) else None
    identity = str(message.get("tool_call_id") or (call.id if call else ""))
    return ToolResult(
        call=identity,
        tool=(call.tool if call else "") or names.get(identity) or str(message.get("name") or ""),
        text=text or str(message.get("error") or ""),
        failed=bool(message.get("error")),
    )


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, dict)]
        return "\n".join(str(part.get("content") or part.get("text") or "") for part in parts)
    return ""

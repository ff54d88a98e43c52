"""Recorded agent runs, replayed against the guard."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bartizan.core.tool import Conversation, ToolCall, ToolDecision, ToolResult


def read_runs(path: Path) -> Iterator[dict[str, Any]]:
    """The runs of a JSONL file, gzipped or not."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def replay(run: dict[str, Any], conversation: Conversation) -> list[ToolDecision]:
    """The decision on each call of ``run``, in order."""
    decided: list[ToolDecision] = []
    for message in run["messages"]:
        role = message.get("role")
        text = _text(message.get("content"))
        if role in {"system", "developer"}:
            conversation.operator(text)
        elif role == "user":
            conversation.user(text)
        elif role == "assistant":
            decided.extend(conversation.decide(_call(call)) for call in message.get("tool_calls") or ())
        elif role == "tool":
            call = message.get("tool_call") or {}
            conversation.result(
                ToolResult(
                    call=str(message.get("tool_call_id") or call.get("id") or ""),
                    tool=str(call.get("function") or message.get("name") or ""),
                    text=text or str(message.get("error") or ""),
                    failed=bool(message.get("error")),
                )
            )
    return decided


def _call(call: dict[str, Any]) -> ToolCall:
    arguments = call.get("args")
    return ToolCall(
        id=str(call.get("id") or ""),
        tool=str(call.get("function")),
        arguments=arguments if isinstance(arguments, dict) else {},
    )


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(
            str(part.get("content") or part.get("text") or "") for part in content if isinstance(part, dict)
        )
    return ""

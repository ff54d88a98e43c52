"""Messages of a conversation with a bare model, and how content of an indirect entry point stands among them.

A bare model stands for an application here: what the application would retrieve, read from a tool or remember is put
where applications put it. It measures the model and whatever guard stands before it, not an application's own care.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from bartizan.redteam.attempt import ToolCall
from bartizan.redteam.case import Planted
from bartizan.redteam.taxonomy import EntryPoint


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One message."""

    role: str
    """``system``, ``user``, ``assistant`` or ``tool``."""
    text: str
    calls: tuple[tuple[str, ToolCall], ...] = ()
    """Of an assistant: id and call."""
    answers: str = ""
    """Of a tool: the id of the call."""


class Dressed(msgspec.Struct, kw_only=True):
    """What planted content adds to a conversation."""

    before: list[Said] = []
    """Before the user's message."""
    after: list[Said] = []
    """After it."""
    prefix: str = ""
    """At the head of the user's message."""
    tools: list[dict[str, Any]] = []
    """Definitions, in the form of chat completions."""


def tool_name(title: str, otherwise: str) -> str:
    """A name that APIs accept, made of ``title``."""
    name = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in title)[:60].strip("_")
    return name or otherwise


def definition(name: str, description: str) -> dict[str, Any]:
    """A tool with one optional text argument."""
    parameters = {"type": "object", "properties": {"input": {"type": "string"}}}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


def dress(entry_point: EntryPoint, planted: Sequence[Planted]) -> Dressed:
    """``planted`` as an application would hand it to its model."""
    out = Dressed(before=[], after=[], tools=[])
    for index, one in enumerate(planted):
        match entry_point:
            case EntryPoint.TOOL_OUTPUT:
                name, call = tool_name(one.title, "read_content"), f"call_{index}"
                out.tools.append(definition(name, "Reads the content the user speaks of."))
                out.after.append(Said(role="assistant", text="", calls=((call, ToolCall(name=name, arguments="{}")),)))
                out.after.append(Said(role="tool", text=one.content, answers=call))
            case EntryPoint.TOOL_METADATA:
                out.tools.append(definition(tool_name(one.title, "lookup"), one.content))
            case EntryPoint.MEMORY:
                out.before.append(Said(role="system", text=f"Notes from earlier conversations:\n- {one.content}"))
            case EntryPoint.MULTI_AGENT:
                sender = one.title or "planner"
                out.before.append(Said(role="user", text=f"Message from the agent {sender}:\n{one.content}"))
                out.before.append(Said(role="assistant", text="Noted."))
            case _:
                heading = f"Document: {one.title}\n" if one.title else "Document:\n"
                out.prefix += f"{heading}{one.content}\n---\n"
    return out

"""The output items of a Responses answer, whole or as they stand in a stream's events."""

from __future__ import annotations

from typing import Any

import msgspec

from bartizan.core.passage import Path
from bartizan.firewall.dialects.gather import Gather
from bartizan.firewall.dialects.responses import channels
from bartizan.firewall.dialects.responses.channels import ARGUMENTS_STEM
from bartizan.firewall.documents import string_leaves
from bartizan.firewall.exchange import Document, Request

ECHOED = (
    "instructions",
    "tools",
    "metadata",
    "text",
    "tool_choice",
    "prompt",
    "model",
    "user",
    "safety_identifier",
    "prompt_cache_key",
    "conversation",
    "previous_response_id",
    "reasoning",
)
"""Fields of the request that the response repeats."""


class OutputPart(msgspec.Struct):
    """A part of a message or of reasoning."""

    type: str
    text: str | None = None
    refusal: str | None = None


class OutputItem(msgspec.Struct):
    """An output item, as far as the reading depends on it."""

    type: str
    id: str | None = None
    content: list[OutputPart] | Any = None
    summary: list[OutputPart] | Any = None


class ResponseReply(msgspec.Struct):
    """A response."""

    id: str
    output: list[OutputItem] | None = None


def gather_item(item: dict[str, Any], output: int, path: Path, gather: Gather) -> None:
    """The named texts of an item; what it does not name is left to ``Gather.rest``."""
    kind = item["type"]
    for place, part in enumerate(_objects(item.get("content"))):
        gather_part(part, output, place, (*path, "content", place), gather, reasoning=kind == "reasoning")
    if kind == "reasoning":
        for place, part in enumerate(_objects(item.get("summary"))):
            gather.say(channels.summary(output, place), part.get("text"), (*path, "summary", place, "text"))
    if kind in ARGUMENTS_STEM:
        field = "input" if kind == "custom_tool_call" else "arguments"
        gather.say(channels.arguments(output), item.get(field), (*path, field))
    elif kind == "code_interpreter_call":
        gather.say(channels.code(output), item.get("code"), (*path, "code"))
    elif kind == "image_generation_call":
        gather.blob("image", item.get("result"), (*path, "result"))
    elif kind == "shell_call":
        action = item.get("action")
        commands = action.get("commands") if isinstance(action, dict) else None
        for place, command in enumerate(commands if isinstance(commands, list) else ()):
            gather.say(channels.command(output, place), command, (*path, "action", "commands", place))
    elif kind == "shell_call_output":
        gather_shell_output(item.get("output"), output, (*path, "output"), gather)
    gather.blob("encrypted", item.get("encrypted_content"), (*path, "encrypted_content"))
    _gather_calls(item, kind, output, path, gather)


def gather_part(
    part: dict[str, Any], output: int, place: int, path: Path, gather: Gather, *, reasoning: bool = False
) -> None:
    """One content part."""
    channel = channels.reasoning if reasoning or part.get("type") == "reasoning_text" else channels.text
    gather.say(channel(output, place), part.get("text"), (*path, "text"))
    gather.say(channels.refusal(output, place), part.get("refusal"), (*path, "refusal"))
    if "logprobs" in part:
        gather.echo(part["logprobs"], (*path, "logprobs"))


def gather_shell_output(value: Any, output: int, path: Path, gather: Gather, first: int = 0) -> None:
    """What shell commands wrote, one entry per command."""
    for place, entry in enumerate(_objects(value)):
        for stream in ("stdout", "stderr"):
            channel = channels.shell_output(output, first + place, stream)
            gather.say(channel, entry.get(stream), (*path, place, stream))


def gather_response(document: Document, path: Path, known: frozenset[str], gather: Gather) -> None:
    """A whole response: its output, then everything else but what the client itself had said."""
    output = document.get("output")
    for place, item in enumerate(_objects(output)):
        gather_item(item, place, (*path, "output", place), gather)
        gather.rest(item, (*path, "output", place))
    gather.pass_over((*path, "output"))
    gather.rest(document, path, known)


def echoes(request: Request) -> frozenset[str]:
    """The strings of the request that its response repeats: the client's own words, told to nobody else."""
    said = {field: request.document[field] for field in ECHOED if field in request.document}
    return frozenset(text for _, text in string_leaves(said))


def _gather_calls(item: dict[str, Any], kind: str, output: int, path: Path, gather: Gather) -> None:
    """What the model wrote as an object: nothing in it is structure, whatever its fields are called."""
    if kind == "tool_search_call":
        gather.texts(item.get("arguments"), (*path, "arguments"), output)
        gather.pass_over((*path, "arguments"))
    elif kind == "mcp_call" and isinstance(item.get("error"), dict):
        gather.texts(item["error"].get("content"), (*path, "error", "content"), output)


def _objects(value: Any) -> list[dict[str, Any]]:
    """``value`` if it is a list of objects; anything else has no named texts."""
    return value if isinstance(value, list) and all(isinstance(entry, dict) for entry in value) else []

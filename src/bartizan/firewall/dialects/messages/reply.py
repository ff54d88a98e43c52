"""The content blocks of an Anthropic answer."""

from __future__ import annotations

from typing import Any

import msgspec

from bartizan.core.passage import Path
from bartizan.firewall.dialects.gather import Gather
from bartizan.firewall.exchange import Channel, ChannelKind

COMPACTION = "compaction"
_ENCRYPTED = ("signature", "encrypted_content", "encrypted_index", "encrypted_stdout")


class AnswerBlock(msgspec.Struct):
    """A block, as far as the reading depends on it."""

    type: str
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None


class MessagesReply(msgspec.Struct):
    """A complete answer."""

    content: list[AnswerBlock]


def text_channel(index: int) -> Channel:
    """The channel of a text block."""
    return Channel(index, 0, ChannelKind.TEXT)


def thinking_channel(index: int) -> Channel:
    """The channel of a thinking block."""
    return Channel(index, 0, ChannelKind.REASONING)


def arguments_channel(index: int) -> Channel:
    """The channel of a tool call's input, as JSON text."""
    return Channel(index, 0, ChannelKind.TOOL_ARGUMENTS)


def compaction_channel(index: int) -> Channel:
    """The channel of a summary of earlier turns."""
    return Channel(index, COMPACTION, ChannelKind.TEXT)


def gather_block(block: dict[str, Any], index: int, path: Path, gather: Gather) -> None:
    """The named texts of a block that may still grow, and what is encrypted in it."""
    kind = block["type"]
    if kind == "text":
        gather.say(text_channel(index), block.get("text"), (*path, "text"))
    elif kind == "thinking":
        gather.say(thinking_channel(index), block.get("thinking"), (*path, "thinking"))
    elif kind == "redacted_thinking":
        gather.blob("encrypted", block.get("data"), (*path, "data"))
    elif kind == COMPACTION:
        gather.say(compaction_channel(index), block.get("content"), (*path, "content"))
    if "input" in block:
        gather.json(arguments_channel(index), block["input"], (*path, "input"))
    gather_encrypted(block, path, gather)


def gather_encrypted(value: Any, path: Path, gather: Gather) -> None:
    """What only the upstream can read, wherever it stands in a block that the upstream made."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in _ENCRYPTED:
                gather.blob("encrypted", inner, (*path, key))
            elif key != "input":
                gather_encrypted(inner, (*path, key), gather)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            gather_encrypted(inner, (*path, place), gather)

"""What the message of a chat completion and the delta of a chunk have in common."""

from __future__ import annotations

from typing import Any

import msgspec

from bartizan.core.passage import Path
from bartizan.firewall.dialects.gather import Gather
from bartizan.firewall.exchange import Channel, ChannelKind

REASONING_FIELDS = ("reasoning_content", "reasoning")
"""Not in OpenAI's reference; DeepSeek and vLLM use the first, OpenRouter and Groq the second."""
AUDIO = "audio"
FUNCTION_CALL = "function_call"


class CallDelta(msgspec.Struct):
    """A tool call, whole or a piece of it."""

    index: int | None = None
    id: str | None = None
    type: str | None = None
    function: dict[str, Any] | None = None
    custom: dict[str, Any] | None = None


class Message(msgspec.Struct):
    """The fields of a message or delta on which the reading depends."""

    content: str | list[Any] | None = None
    refusal: str | None = None
    tool_calls: list[CallDelta] | None = None
    function_call: dict[str, Any] | None = None
    audio: dict[str, Any] | None = None


class ReplyChoice(msgspec.Struct):
    """One choice of a complete answer."""

    message: Message
    index: int = 0


class ChatReply(msgspec.Struct):
    """A complete answer."""

    choices: list[ReplyChoice]


def gather_message(message: dict[str, Any], choice: int, path: Path, gather: Gather) -> None:
    """The named texts of a message or delta; tool names are left to the caller."""
    gather.say(Channel(choice, 0, ChannelKind.TEXT), message.get("content"), (*path, "content"))
    for field in REASONING_FIELDS:
        if field in message:
            gather.say(Channel(choice, field, ChannelKind.REASONING), message[field], (*path, field))
    gather.say(Channel(choice, 0, ChannelKind.REFUSAL), message.get("refusal"), (*path, "refusal"))
    audio = message.get("audio")
    if isinstance(audio, dict):
        gather.blob("audio", audio.get("data"), (*path, "audio", "data"))
        gather.say(Channel(choice, AUDIO, ChannelKind.TEXT), audio.get("transcript"), (*path, "audio", "transcript"))
    for place, call in enumerate(message.get("tool_calls") or ()):
        index = call.get("index")
        gather_call(
            call,
            Channel(choice, place if index is None else index, ChannelKind.TOOL_ARGUMENTS),
            (*path, "tool_calls", place),
            gather,
        )
    function = message.get("function_call")
    if isinstance(function, dict):
        channel = Channel(choice, FUNCTION_CALL, ChannelKind.TOOL_ARGUMENTS)
        gather.say(channel, function.get("arguments"), (*path, "function_call", "arguments"))


def gather_call(call: dict[str, Any], channel: Channel, path: Path, gather: Gather) -> None:
    """The arguments of a function tool or the input of a custom tool."""
    function, custom = call.get("function"), call.get("custom")
    if isinstance(function, dict):
        gather.say(channel, function.get("arguments"), (*path, "function", "arguments"))
    if isinstance(custom, dict):
        gather.say(channel, custom.get("input"), (*path, "custom", "input"))

"""A conversation with tools as a request carries it, whatever the protocol: what was said, called and returned."""

from __future__ import annotations

from typing import Any

import msgspec

from bartizan.core import strict_json
from bartizan.core.errors import UpstreamError
from bartizan.core.passage import Origin
from bartizan.core.session import NOBODY, Authority
from bartizan.core.tool import Conversation, ToolCall, ToolDefinition, ToolGuard, ToolResult

NO_NAME = ""
"""Under this name stands the text of arguments that are no JSON object."""


class Said(msgspec.Struct, frozen=True):
    """Words of the operator (``system``) or of the session's user (``user``)."""

    origin: Origin
    text: str


Turn = Said | ToolCall | ToolResult


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """What a request says of its conversation."""

    tools: tuple[ToolDefinition, ...] = ()
    """What the model is offered."""
    turns: tuple[Turn, ...] = ()
    unseen: bool = False
    """The model also reads what is not in the request, or what nobody here can read: stored turns, pictures, files."""


def told(guard: ToolGuard, transcript: Transcript, authority: Authority = NOBODY) -> Conversation:
    """A conversation of ``guard`` that has been told everything in ``transcript``, on the word of ``authority``."""
    conversation = guard.conversation(transcript.tools, authority)
    for turn in transcript.turns:
        match turn:
            case ToolCall():
                conversation.decide(turn)
            case ToolResult():
                conversation.result(turn)
            case Said(Origin.USER, text):
                conversation.user(text)
            case Said(_, text):
                conversation.operator(text)
    if transcript.unseen:
        conversation.unseen()
    return conversation


def arguments_of(text: str) -> dict[str, Any]:
    """A call's arguments out of their JSON text, the last of duplicate keys counting, as with the SDKs.

    What is no JSON object stands under ``NO_NAME``: clients differ in what they make of it.
    """
    if not text.strip():
        return {}
    try:
        return strict_json.parse_upstream(text)
    except UpstreamError:
        return {NO_NAME: text}

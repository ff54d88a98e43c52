"""The bureau's assistant as a model: what reads a conversation as chat completions carry it.

An application puts what it retrieves, remembers and reads from tools into a conversation, and a gateway stands between
it and the model. Here the assistant is the model, so that the same holes can be attacked through a gateway. How content
of each entry point stands in a conversation is what campaigns against model APIs do (``redteam/targets/messages.py``).
"""

from __future__ import annotations

import re
import time
from secrets import token_hex
from typing import Any, Final

import msgspec

from bartizan.core.attack import EntryPoint
from bartizan.range.bureau.assistant import Passage, Said

MODEL: Final = "bureau"
_NOTES: Final = re.compile(r"Notes from earlier conversations:\n- (.*)", re.DOTALL)
_AGENT: Final = re.compile(r"Message from the agent ([^\n]{0,200}):\n(.*)", re.DOTALL)
_DOCUMENT: Final = re.compile(r"Document:(?: ([^\n]{0,200}))?\n(.*?)\n---\n", re.DOTALL)


class Message(msgspec.Struct, frozen=True):
    """One message; other fields are passed over."""

    role: str
    content: str | None = None


class Function(msgspec.Struct, frozen=True):
    """What a tool says of itself."""

    name: str = ""
    description: str = ""


class Tool(msgspec.Struct, frozen=True):
    """A tool on offer."""

    function: Function


class Conversation(msgspec.Struct, frozen=True):
    """The body of a request."""

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    stream: bool = False


def read(conversation: Conversation) -> tuple[str, tuple[Passage, ...]]:
    """What the user says last, and what stands in the context."""
    context = [
        Passage(EntryPoint.TOOL_METADATA, one.function.description, one.function.name)
        for one in conversation.tools
        if one.function.description
    ]
    said = ""
    for message in conversation.messages:
        text = message.content or ""
        if message.role == "tool":
            context.append(Passage(EntryPoint.TOOL_OUTPUT, text))
        elif message.role == "system":
            context += [Passage(EntryPoint.MEMORY, found[1]) for found in [_NOTES.fullmatch(text)] if found]
        elif message.role == "user" and (found := _AGENT.fullmatch(text)) is not None:
            context.append(Passage(EntryPoint.MULTI_AGENT, found[2], found[1]))
        elif message.role == "user":
            said, documents = _documents(text)
            context += documents
    return said, tuple(context)


def completion(said: Said) -> dict[str, Any]:
    """The answer as a chat completion."""
    calls = [
        {
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": call.name, "arguments": msgspec.json.encode(call.arguments).decode()},
        }
        for number, call in enumerate(said.tool_calls)
    ]
    message: dict[str, Any] = {"role": "assistant", "content": said.answer}
    if calls:
        message["tool_calls"] = calls
    finish = "tool_calls" if calls else "stop"
    return {
        "id": f"chatcmpl-{token_hex(12)}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
    }


def _documents(text: str) -> tuple[str, list[Passage]]:
    found: list[Passage] = []
    while (match := _DOCUMENT.match(text)) is not None:
        found.append(Passage(EntryPoint.RAG_DOCUMENT, match[2], match[1] or ""))
        text = text[match.end() :]
    return text, found

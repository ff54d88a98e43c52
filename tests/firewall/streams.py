"""Upstream streams of each API family, built from pieces of text, and read back from what the gateway lets out."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class Said(NamedTuple):
    """What a client would read out of a stream."""

    text: str
    arguments: str
    error: str
    complete: bool
    """The protocol's regular end was there."""


def sse(document: Any, name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    data = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
    return f"{head}data: {data}\n\n".encode()


def chat(pieces: Sequence[str], arguments: Sequence[str] = ()) -> bytes:
    def chunk(delta: Any, finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return sse({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]})

    out = [chunk({"role": "assistant", "content": ""})]
    out += [chunk({"content": piece}) for piece in pieces]
    for number, piece in enumerate(arguments):
        call: dict[str, Any] = {"index": 0, "function": {"arguments": piece}}
        if not number:
            call |= {"id": "t1", "type": "function", "function": {"name": "f", "arguments": piece}}
        out.append(chunk({"tool_calls": [call]}))
    out.append(chunk({}, "tool_calls" if arguments else "stop"))
    out.append(sse("[DONE]"))
    return b"".join(out)


def completions(pieces: Sequence[str], arguments: Sequence[str] = ()) -> bytes:
    def chunk(text: str, finish: str | None = None) -> bytes:
        choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish}
        return sse({"id": "c1", "object": "text_completion", "created": 1, "model": "m", "choices": [choice]})

    return b"".join([*map(chunk, pieces), chunk("", "stop"), sse("[DONE]")])


def messages(pieces: Sequence[str], arguments: Sequence[str] = ()) -> bytes:
    def event(kind: str, **fields: Any) -> bytes:
        return sse({"type": kind, **fields}, kind)

    message = {
        "id": "m1", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None,
        "stop_sequence": None, "usage": {"input_tokens": 3, "output_tokens": 1},
    }  # fmt: skip
    out = [event("message_start", message=message)]
    out.append(event("content_block_start", index=0, content_block={"type": "text", "text": ""}))
    out.append(event("ping"))
    for piece in pieces:
        out.append(event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece}))
    out.append(event("content_block_stop", index=0))
    if arguments:
        block = {"type": "tool_use", "id": "t1", "name": "f", "input": {}}
        out.append(event("content_block_start", index=1, content_block=block))
        for piece in arguments:
            out.append(event("content_block_delta", index=1, delta={"type": "input_json_delta", "partial_json": piece}))
        out.append(event("content_block_stop", index=1))
    ended = {"stop_reason": "tool_use" if arguments else "end_turn", "stop_sequence": None}
    out.append(event("message_delta", delta=ended, usage={"output_tokens": 9}))
    out.append(event("message_stop"))
    return b"".join(out)


def responses(pieces: Sequence[str], arguments: Sequence[str] = ()) -> bytes:
    counter = itertools.count()
    out: list[bytes] = []

    def event(kind: str, **fields: Any) -> None:
        out.append(sse({"type": kind, "sequence_number": next(counter), **fields}, kind))

    def response(status: str, output: list[Any]) -> dict[str, Any]:
        return {
            "id": "r1", "object": "response", "created_at": 1, "status": status, "model": "m", "output": output,
            "error": None, "incomplete_details": None, "instructions": None, "metadata": {},
            "parallel_tool_calls": True, "temperature": 1.0, "tool_choice": "auto", "tools": [], "top_p": 1.0,
            "usage": {
                "input_tokens": 3, "output_tokens": 5, "total_tokens": 8,
                "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0},
            } if status == "completed" else None,
        }  # fmt: skip

    text = "".join(pieces)
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"id": "i1", "type": "message", "role": "assistant", "status": "completed", "content": [part]}
    where = {"item_id": "i1", "output_index": 0, "content_index": 0}
    event("response.created", response=response("in_progress", []))
    event("response.output_item.added", output_index=0, item={**item, "status": "in_progress", "content": []})
    event("response.content_part.added", **where, part={**part, "text": ""})
    for piece in pieces:
        event("response.output_text.delta", **where, delta=piece, logprobs=[])
    event("response.output_text.done", **where, text=text, logprobs=[])
    event("response.content_part.done", **where, part=part)
    event("response.output_item.done", output_index=0, item=item)
    output = [item]
    if arguments:
        call = {"id": "i2", "type": "function_call", "call_id": "t1", "name": "f", "status": "completed"}
        whole = {**call, "arguments": "".join(arguments)}
        event("response.output_item.added", output_index=1, item={**call, "status": "in_progress", "arguments": ""})
        for piece in arguments:
            event("response.function_call_arguments.delta", item_id="i2", output_index=1, delta=piece)
        event(
            "response.function_call_arguments.done",
            item_id="i2", output_index=1, name="f", arguments=whole["arguments"],
        )  # fmt: skip
        event("response.output_item.done", output_index=1, item=whole)
        output.append(whole)
    event("response.completed", response=response("completed", output))
    return b"".join(out)


def read(stream: bytes) -> Said:
    """Reads any family's stream, strictly: an event is its lines up to a blank one."""
    text: list[str] = []
    arguments: list[str] = []
    error = ""
    complete = False
    for block in stream.decode().split("\n\n"):
        data = "\n".join(line[6:] for line in block.split("\n") if line.startswith("data: "))
        if not data:
            continue
        if data == "[DONE]":
            complete = True
            continue
        document = json.loads(data)
        if document.get("error") or document.get("type") == "error":
            document.pop("sequence_number", None)  # counts events, of which a finer split has more
            error = json.dumps(document)
            continue
        for choice in document.get("choices", ()):
            text.append(choice.get("text") or choice.get("delta", {}).get("content") or "")
            for call in choice.get("delta", {}).get("tool_calls", ()):
                arguments.append(call.get("function", {}).get("arguments", ""))
        match document.get("type"):
            case "content_block_delta":
                text.append(document["delta"].get("text", ""))
                arguments.append(document["delta"].get("partial_json", ""))
            case "response.output_text.delta":
                text.append(document["delta"])
            case "response.function_call_arguments.delta":
                arguments.append(document["delta"])
            case "message_stop" | "response.completed":
                complete = True
    return Said("".join(text), "".join(arguments), error, complete)


_TEXTS: tuple[tuple[Any, ...], ...] = (
    ("choices", 0, "delta", "content"), ("choices", 0, "text"), ("delta",), ("delta", "text"), ("delta", "thinking"),
    ("delta", "partial_json"),
)  # fmt: skip


def joined(stream: bytes) -> list[tuple[str, Any, str]]:
    """All of a stream's events: name, document, text of its delta. Neighbours that differ only in that text are one."""
    events: list[tuple[str, Any, str]] = []
    for block in stream.decode().split("\n\n")[:-1]:
        name, _, data = f"\n{block}".partition("\ndata: ")
        document = data if data == "[DONE]" else json.loads(data)
        text = ""
        if isinstance(document, dict):
            document.pop("sequence_number", None)  # counts events
            text = next((found for path in _TEXTS if (found := _take(document, path))), "")
        if text and events and events[-1][2] and events[-1][:2] == (name, document):
            text = events.pop()[2] + text
        events.append((name, document, text))
    return events


def _take(document: Any, path: Sequence[Any]) -> str:
    """The text at ``path``, emptied there."""
    holder = document
    try:
        for step in path[:-1]:
            holder = holder[step]
        text = holder[path[-1]]
    except (LookupError, TypeError):
        return ""
    if not isinstance(text, str):
        return ""
    holder[path[-1]] = ""
    return text


BUILDERS: dict[str, Callable[[Sequence[str], Sequence[str]], bytes]] = {
    "openai.chat": chat,
    "openai.completions": completions,
    "openai.responses": responses,
    "anthropic.messages": messages,
}
REQUESTS: dict[str, dict[str, Any]] = {
    "openai.chat": {"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]},
    "openai.completions": {"model": "m", "stream": True, "prompt": "hi"},
    "openai.responses": {"model": "m", "stream": True, "input": "hi"},
    "anthropic.messages": {
        "model": "m", "stream": True, "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]
    },
}  # fmt: skip

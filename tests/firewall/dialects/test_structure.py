"""Ids, constants, names and opaque fields of an answer carry no credential past the guards."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from guards import guard_of
from streams import BUILDERS, REQUESTS

from bartizan.firewall.dialects.registry import build_dialects
from bartizan.firewall.exchange import ApiFamily
from bartizan.firewall.outcome import Outcome
from bartizan.firewall.reply_guard import guard_reply
from bartizan.firewall.stream_guard import StreamGuard
from bartizan.policy.document import PolicyDocument

DIALECTS = build_dialects(PolicyDocument(version=1).origins)
GUARD = guard_of()
KEY = "sk-abcDEF123456"
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CHAT: dict[str, Any] = {
    "id": "c1", "object": "chat.completion", "created": 1, "model": "m", "system_fingerprint": "fp_1",
    "choices": [
        {
            "index": 0, "finish_reason": "stop",
            "message": {
                "role": "assistant", "content": "hi", "tool_calls": [CALL], "audio": {"id": "a", "data": "aGk="},
            },
        }
    ],
}  # fmt: skip
MESSAGE: dict[str, Any] = {
    "id": "m1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
    "content": [
        {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"city": "Paris"}},
    ],
}  # fmt: skip
RESPONSE: dict[str, Any] = {
    "id": "r1", "object": "response", "model": "m", "status": "completed",
    "output": [
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"},
        {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{}"},
    ],
}  # fmt: skip
TEXTS = ("content", "text", "delta")
ANSWERS = {"openai.chat": CHAT, "anthropic.messages": MESSAGE, "openai.responses": RESPONSE}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, str):
        return [path]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, inner in items for place in places(inner, (*path, key))]


def put(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    document = copy.deepcopy(document)
    holder = document
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return document


def leaves(family: str, document: Any) -> str:
    dialect = DIALECTS[ApiFamily(family)]
    reply = dialect.reply(document, dialect.request(dict(REQUESTS[family])))
    return json.dumps(reply.document) if guard_reply(reply, GUARD, Outcome()) else ""


@pytest.mark.parametrize("family", ANSWERS)
def test_no_string_of_an_answer_carries_a_key(family: str) -> None:
    assert leaves(family, copy.deepcopy(ANSWERS[family])), "a plain answer is not blocked"
    found = places(ANSWERS[family])
    assert len(found) > 8
    for path in found:
        assert KEY not in leaves(family, put(ANSWERS[family], path, KEY)), path


@pytest.mark.parametrize("family", ANSWERS)
def test_opaque_fields_hold_base64_or_are_read(family: str) -> None:
    for path in places(ANSWERS[family]):
        if path[-1] in ("data", "signature", "encrypted_content"):
            assert KEY not in leaves(family, put(ANSWERS[family], path, f"the key is {KEY} {'x' * 5_000}")), path


def streamed(family: str, data: bytes) -> bytes:
    dialect = DIALECTS[ApiFamily(family)]
    guard = StreamGuard(dialect.reader(dialect.request(dict(REQUESTS[family]))), GUARD, "req_1", Outcome())
    return guard.feed(data) + guard.finish()


@pytest.mark.parametrize("family", sorted(BUILDERS))
def test_no_event_of_a_stream_carries_a_key(family: str) -> None:
    events = BUILDERS[family](["hello ", "you "]).split(b"\n\n")[:-1]
    for number, event in enumerate(events):
        head, _, data = event.rpartition(b"data: ")
        if data == b"[DONE]":
            continue
        document = json.loads(data)
        # Beside letters it would be no key.
        planted = [put(document, path, KEY + (" " if path[-1] in TEXTS else "")) for path in places(document)]
        keyed: list[Any] = [{**document, KEY: value} for value in (None, 1, {})]
        for hostile in planted + keyed:
            sent = [*events[:number], head + b"data: " + json.dumps(hostile).encode(), *events[number + 1 :]]
            out = streamed(family, b"\n\n".join(sent) + b"\n\n")
            assert KEY.encode() not in out, hostile


@pytest.mark.parametrize("family", sorted(BUILDERS))
def test_event_names_carry_nothing(family: str) -> None:
    stream = b"event: " + KEY.encode() + b"\ndata: {}\n\n" + BUILDERS[family](["hello"])
    assert KEY.encode() not in streamed(family, stream)

"""Answers that are longer than policy allows: each family ends them as it does when tokens are used up."""

from __future__ import annotations

import json
from typing import Any

import pytest
from guards import guard_of
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import BUILDERS, REQUESTS, read

from bartizan.core.verdict import Action, Mode
from bartizan.firewall.dialects.registry import build_dialects
from bartizan.firewall.exchange import ApiFamily
from bartizan.firewall.length import shorten
from bartizan.firewall.outcome import Outcome
from bartizan.firewall.reply_guard import guard_reply
from bartizan.firewall.stream_guard import StreamGuard
from bartizan.policy.answers import Answers
from bartizan.policy.document import PolicyDocument

DIALECTS = build_dialects(PolicyDocument(version=1).origins)
FAMILIES = sorted(BUILDERS)
ENDS = {
    "openai.chat": '"finish_reason":"length"',
    "openai.completions": '"finish_reason":"length"',
    "openai.responses": '"type":"response.incomplete"',
    "anthropic.messages": '"stop_reason":"max_tokens"',
}
RULE = "answers.max_characters"


def bounded(most: int, mode: Mode = Mode.ENFORCE) -> Any:
    return guard_of(PolicyDocument(version=1, mode=mode, answers=Answers(max_characters=most)))


def stream(family: str, data: bytes, most: int, step: int = 10_000, mode: Mode = Mode.ENFORCE) -> tuple[bytes, Outcome]:
    dialect, outcome = DIALECTS[ApiFamily(family)], Outcome()
    guard = StreamGuard(dialect.reader(dialect.request(dict(REQUESTS[family]))), bounded(most, mode), "req_1", outcome)
    out = []
    for at in range(0, len(data), step):
        if not guard.ended:
            out.append(guard.feed(data[at : at + step]))
    out.append(guard.finish())
    guard.close()
    return b"".join(out), outcome


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=30)
@given(words=st.lists(st.sampled_from(["one ", "zwei ", "три ", "四", "🦉 ", "x" * 40]), min_size=1, max_size=30),
       most=st.integers(1, 120), step=st.integers(7, 900))  # fmt: skip
def test_a_stream_ends_at_the_bound(family: str, words: list[str], most: int, step: int) -> None:
    text = "".join(words)
    out, outcome = stream(family, BUILDERS[family](words), most, step)
    said = read(out)
    assert said.text == text[:most]
    assert not said.error
    cut = len(text) > most
    assert (ENDS[family] in out.decode()) is cut
    assert (outcome.rule == RULE) is cut
    assert (outcome.action is Action.REDACT) is cut
    assert "".join(outcome.texts) == text[:most]


@pytest.mark.parametrize("family", FAMILIES)
def test_monitor_mode_only_records(family: str) -> None:
    out, outcome = stream(family, BUILDERS[family](["hello " * 20]), 10, mode=Mode.MONITOR)
    assert read(out).text == "hello " * 20
    assert (outcome.observed, outcome.action, outcome.rule) == (Action.REDACT, Action.FLAG, RULE)


@pytest.mark.parametrize("family", FAMILIES)
def test_half_a_secret_at_the_bound_does_not_leave(family: str) -> None:
    out, _ = stream(family, BUILDERS[family](["key ", "sk-abcDEF1", "23456 and more"]), 12)
    assert "sk-" not in read(out).text


def test_a_call_of_a_tool_after_the_bound_does_not_leave() -> None:
    for family in ("openai.chat", "openai.responses", "anthropic.messages"):
        out, outcome = stream(family, BUILDERS[family](["hello " * 20], ['{"a":', '"b"}']), 10)
        assert not read(out).arguments
        assert '"b"' not in out.decode()
        assert outcome.rule == RULE


def whole(family: str, document: dict[str, Any], most: int) -> tuple[dict[str, Any], Outcome, int]:
    dialect, guard, outcome = DIALECTS[ApiFamily(family)], bounded(most), Outcome()
    request = dialect.request(dict(REQUESTS[family]))
    reply = dialect.reply(json.loads(json.dumps(document)), request)
    assert guard_reply(reply, guard, outcome)
    calls = shorten(reply, dialect, request, guard, outcome)
    return reply.document, outcome, len(calls)


CALL = {"id": "t1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CHAT = {
    "id": "c1", "object": "chat.completion", "created": 1, "model": "m",
    "choices": [
        {"index": 0, "finish_reason": "stop",
         "message": {"role": "assistant", "content": "0123456789", "reasoning_content": "abc", "tool_calls": [CALL]}},
        {"index": 1, "finish_reason": "stop", "message": {"role": "assistant", "content": "later"}},
    ],
}  # fmt: skip


def test_a_whole_chat_completion() -> None:
    document, outcome, calls = whole("openai.chat", CHAT, 4)
    (choice,) = document["choices"]
    assert choice["finish_reason"] == "length"
    assert choice["message"]["content"] == "0123"
    assert "tool_calls" not in choice["message"]
    assert not choice["message"]["reasoning_content"]
    assert not calls
    assert outcome.rule == RULE
    assert outcome.texts == ["0123"]
    document, outcome, calls = whole("openai.chat", CHAT, 18)
    assert document == CHAT
    assert calls == 1
    assert outcome.rule == ""


def test_a_whole_message() -> None:
    blocks = [{"type": "text", "text": "0123456789"}, {"type": "text", "text": "more"},
              {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}}]  # fmt: skip
    message = {"id": "m1", "type": "message", "role": "assistant", "model": "m", "content": blocks,
               "usage": {"input_tokens": 3, "output_tokens": 9},
               "stop_reason": "tool_use", "stop_sequence": None}  # fmt: skip
    document, _, calls = whole("anthropic.messages", message, 12)
    assert [block["text"] for block in document["content"]] == ["0123456789", "mo"]
    assert document["stop_reason"] == "max_tokens"
    assert not calls


def test_a_whole_response() -> None:
    parts = [{"type": "output_text", "text": text, "annotations": []} for text in ("0123456789", "more")]
    items = [{"id": "i1", "type": "message", "role": "assistant", "status": "completed", "content": parts},
             {"id": "i2", "type": "function_call", "call_id": "t1", "name": "f", "arguments": "{}"}]  # fmt: skip
    response = {"id": "r1", "object": "response", "status": "completed", "incomplete_details": None, "output": items}
    document, _, calls = whole("openai.responses", response, 3)
    assert document["status"] == "incomplete"
    assert document["incomplete_details"] == {"reason": "max_output_tokens"}
    (item,) = document["output"]
    assert [part["text"] for part in item["content"]] == ["012"]
    assert item["status"] == "incomplete"
    assert not calls


def test_a_whole_completion() -> None:
    choices = [{"index": n, "text": "0123456789", "finish_reason": "stop"} for n in range(2)]
    document, _, _ = whole("openai.completions", {"id": "c", "object": "text_completion", "choices": choices}, 12)
    assert [(one["text"], one["finish_reason"]) for one in document["choices"]] == [
        ("0123456789", "stop"), ("01", "length"),
    ]  # fmt: skip

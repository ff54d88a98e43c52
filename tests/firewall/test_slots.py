"""A tool call's input as an object is judged as the same input in a stream is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from guards import CANARY, guard_of
from streams import REQUESTS, messages, read

from bartizan.core.passage import Path
from bartizan.core.verdict import Action
from bartizan.firewall.dialects.registry import build_dialects
from bartizan.firewall.exchange import ApiFamily, Channel, ChannelKind, Slot
from bartizan.firewall.outcome import Outcome
from bartizan.firewall.reply_guard import guard_reply
from bartizan.firewall.slots import put
from bartizan.firewall.stream_guard import StreamGuard
from bartizan.policy.document import PolicyDocument

DIALECT = build_dialects(PolicyDocument(version=1).origins)[ApiFamily.MESSAGES]
PLACE: Path = ("a",)


def whole(value: Any) -> tuple[Outcome, Any]:
    block = {"type": "tool_use", "id": "t1", "name": "f", "input": value}
    document = {"id": "m1", "type": "message", "role": "assistant", "model": "m", "content": [block]}
    reply, outcome = DIALECT.reply(document, DIALECT.request(dict(REQUESTS["anthropic.messages"]))), Outcome()
    return outcome, reply.document["content"][0]["input"] if guard_reply(reply, guard_of(), outcome) else None


def streamed(value: Any) -> tuple[Outcome, Any]:
    outcome = Outcome()
    guard = StreamGuard(
        DIALECT.reader(DIALECT.request(dict(REQUESTS["anthropic.messages"]))), guard_of(), "req_1", outcome
    )
    out = guard.feed(messages(["x"], [json.dumps(value, separators=(",", ":"))])) + guard.finish()
    return outcome, None if outcome.blocked else json.loads(read(out).arguments)


@pytest.mark.parametrize(
    "value",
    [
        {"city": "Paris", "days": [1, 2.5, None, True]},
        {"q": "sk-abcDEF123456", "sk-abcDEF123456": 1},
        {"deep": [{"image": "![x](http://evil.example/?q=1)"}]},
        {"q": CANARY},
        {CANARY: 1},
        {"blue": 1, "path": "C:\\new", "text": 'a "quoted" \n line'},
    ],
)
def test_objects_and_streams_are_judged_alike(value: Any) -> None:
    (one, left), (two, right) = whole(value), streamed(value)
    assert (one.action, one.rule, one.blocked) == (two.action, two.rule, two.blocked)
    assert left == right
    assert "sk-abc" not in json.dumps(left)
    if one.action is Action.ALLOW:
        assert left == value


def test_what_is_no_json_any_more_does_not_leave() -> None:
    slot = Slot(Channel(0, 0, ChannelKind.TOOL_ARGUMENTS), '{"b":1}', PLACE, encoded=True)
    document: dict[str, Any] = {"a": {"b": 1}}
    assert put(document, slot, '{"b":2}')
    assert document == {"a": {"b": 2}}
    assert not put(document, slot, '{"b":[KEY}')
    assert document == {"a": {"b": 2}}

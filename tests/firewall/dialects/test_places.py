"""Streams of the Responses API from servers that leave out where an event belongs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bartizan.core.errors import UpstreamError
from bartizan.firewall.dialects.registry import build_dialects
from bartizan.firewall.dialects.responses.stream import ResponsesReader
from bartizan.firewall.exchange import ApiFamily, Channel, ChannelKind, Document, StreamEvent

DIALECT = build_dialects()[ApiFamily.RESPONSES]
PLACES = ("output_index", "content_index", "summary_index")


def event(kind: str, item: str, **rest: Any) -> Document:
    return {"type": f"response.{kind}", "item_id": item, **rest}


def item(what: str, kind: str, identity: str, /, **rest: Any) -> Document:
    return {"type": f"response.output_item.{what}", "item": {"type": kind, "id": identity, **rest}}


TEXT, THOUGHT = {"type": "output_text", "text": ""}, {"type": "summary_text", "text": ""}
SPOKEN: list[Document] = [
    item("added", "reasoning", "rs", summary=[]),
    event("reasoning_summary_part.added", "rs", part=THOUGHT),
    event("reasoning_summary_text.delta", "rs", delta="hm"),
    item("done", "reasoning", "rs", summary=[{**THOUGHT, "text": "hm"}]),
    item("added", "message", "msg", role="assistant", content=[]),
    event("content_part.added", "msg", part=TEXT),
    event("output_text.delta", "msg", delta="one"),
    event("output_text.done", "msg", text="one"),
    event("content_part.done", "msg", part={**TEXT, "text": "one"}),
    event("content_part.added", "msg", part=TEXT),
    event("output_text.delta", "msg", delta="two"),
    event("output_text.done", "msg", text="two"),
    item("done", "message", "msg", role="assistant", content=[{**TEXT, "text": text} for text in ("one", "two")]),
    item("added", "function_call", "fc", call_id="c", name="get", arguments=""),
    event("function_call_arguments.delta", "fc", delta="{}"),
    event("function_call_arguments.done", "fc", arguments="{}"),
    item("done", "function_call", "fc", call_id="c", name="get", arguments="{}"),
]
"""As llama.cpp's server sends them, with a second part and a summary."""


def reader() -> ResponsesReader:
    made = DIALECT.reader(DIALECT.request({"model": "m", "input": "hi"}))
    assert isinstance(made, ResponsesReader)
    return made


def play(events: list[Document]) -> list[StreamEvent]:
    made = reader()
    return [made.read("", json.dumps(document)) for document in events]


def test_places_follow_from_the_order() -> None:
    played = play(SPOKEN)
    texts: dict[Channel, str] = {}
    for slot in (slot for event in played for slot in event.deltas):
        texts[slot.channel] = texts.get(slot.channel, "") + slot.text
    assert texts == {
        Channel(0, "summary 0", ChannelKind.REASONING): "hm",
        Channel(1, 0, ChannelKind.TEXT): "one",
        Channel(1, 1, ChannelKind.TEXT): "two",
        Channel(2, 0, ChannelKind.TOOL_ARGUMENTS): "{}",
    }
    assert [key for event in played for key, _ in event.calls] == ["2"]


def test_the_client_is_told_the_places() -> None:
    told = [event.document for event in play(SPOKEN)]
    assert [document["output_index"] for document in told if document] == [0] * 4 + [1] * 9 + [2] * 4
    assert [document["content_index"] for document in told if document and "content_index" in document] == [
        0, 0, 0, 0, 1, 1, 1,
    ]  # fmt: skip


def test_what_is_given_stays() -> None:
    given = [{"output_index": 3, **SPOKEN[4]}, {"output_index": 3, "content_index": 7, **SPOKEN[6]}]
    for before, after in zip(given, play(given), strict=True):
        assert after.document is not None
        assert {place: after.document.get(place) for place in PLACES} == {place: before.get(place) for place in PLACES}


def test_a_later_item_without_a_place_comes_after_those_that_have_one() -> None:
    document = play([{"output_index": 3, **SPOKEN[4]}, SPOKEN[13]])[1].document
    assert document is not None
    assert document["output_index"] == 4


@pytest.mark.parametrize(
    "document",
    [
        event("output_text.delta", "stranger", delta="x"),
        event("content_part.added", "stranger", part=TEXT),
        item("done", "message", "stranger", content=[]),
        {"type": "response.output_item.added", "item": {"type": "message", "content": []}},
        {"type": "response.output_item.added", "item": {"type": "message", "id": "", "content": []}},
        {"type": "response.output_text.delta", "item_id": "msg", "output_index": 0, "delta": "x"},
        {"type": "response.output_text.delta", "item_id": "msg", "output_index": None, "delta": "x"},
        {"type": "response.output_text.delta", "item_id": ["msg"], "delta": "x"},
    ],
)
def test_what_does_not_follow_is_refused(document: Document) -> None:
    made = reader()
    made.read("", json.dumps(SPOKEN[4]))
    with pytest.raises(UpstreamError):
        made.read("", json.dumps(document))

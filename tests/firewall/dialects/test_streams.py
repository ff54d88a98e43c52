"""Streams: what grows, what closes, what is refused."""

from __future__ import annotations

import copy
import json
from typing import Any

import openai
import pytest
from tests.firewall.dialects import samples
from tests.firewall.dialects.conftest import Loopback
from tests.firewall.dialects.samples import chunk, grown, response, started, stopped

from bartizan.core.errors import UpstreamError
from bartizan.core.event import Usage
from bartizan.firewall.dialects.interface import StreamReader
from bartizan.firewall.dialects.registry import build_dialects
from bartizan.firewall.exchange import ApiFamily, Channel, ChannelKind, Document, StreamEvent

DIALECTS = build_dialects()
CHAT, MESSAGES, RESPONSES = ApiFamily.CHAT_COMPLETIONS, ApiFamily.MESSAGES, ApiFamily.RESPONSES


def reader_of(family: ApiFamily) -> StreamReader:
    return DIALECTS[family].reader(DIALECTS[family].request(copy.deepcopy(samples.REQUESTS[family])))


def read(reader: StreamReader, document: Document, name: str = "") -> StreamEvent:
    return reader.read(name or document.get("type", ""), json.dumps(document))


def play(family: ApiFamily, events: list[Document]) -> list[StreamEvent]:
    reader = reader_of(family)
    return [read(reader, event) for event in events]


def joined(events: list[StreamEvent]) -> dict[Channel, str]:
    texts: dict[Channel, str] = {}
    for event in events:
        for slot in event.deltas:
            texts[slot.channel] = texts.get(slot.channel, "") + slot.text
    return texts


def test_chat_channels() -> None:
    events = play(CHAT, samples.CHAT_STREAM)
    assert joined(events) == {
        Channel(0, 0, ChannelKind.TEXT): "Hello world",
        Channel(1, 0, ChannelKind.TEXT): "other",
        Channel(0, "reasoning_content", ChannelKind.REASONING): "think",
        Channel(0, 0, ChannelKind.REFUSAL): "no",
        Channel(0, 0, ChannelKind.TOOL_ARGUMENTS): '{"a"',
        Channel(0, 1, ChannelKind.TOOL_ARGUMENTS): "x",
        Channel(0, "function_call", ChannelKind.TOOL_ARGUMENTS): "{}",
        Channel(0, "audio", ChannelKind.TEXT): "spoken",
        Channel(0, "@delta.reasoning_details[0].text", ChannelKind.TEXT): "detail",
    }
    finish = events[11]
    assert {channel.choice for channel in finish.closes} == {0}
    assert Channel(0, 0, ChannelKind.TEXT) in finish.closes
    assert events[12].closes == [Channel(1, 0, ChannelKind.TEXT)]
    assert events[13].usage == Usage(1, 2)
    assert [slot.text for event in events for slot in event.snapshots if "name" in str(slot.channel.item)] == [
        "f",
        "g",
        "old",
    ]


@pytest.mark.parametrize("family", [CHAT, RESPONSES, ApiFamily.COMPLETIONS])
def test_done_sentinel(family: ApiFamily) -> None:
    reader = reader_of(family)
    event = reader.read("", "[DONE]")
    assert event.document is None
    assert event.done
    assert event.closes_all
    assert reader.encode(event) == b"data: [DONE]\n\n"


@pytest.mark.parametrize(
    ("family", "name", "document"),
    [
        (CHAT, "", {"error": {"message": "too busy"}}),
        (CHAT, "error", {"message": "too busy"}),
        (CHAT, "", {"error": "too busy"}),
        (ApiFamily.COMPLETIONS, "", {"error": {"message": "too busy"}}),
        (RESPONSES, "error", {"type": "error", "message": "too busy", "code": None}),
        (RESPONSES, "", {"error": {"message": "too busy"}}),
        (MESSAGES, "error", {"type": "error", "error": {"type": "overloaded_error", "message": "too busy"}}),
        (MESSAGES, "error", {"message": "too busy"}),
    ],
)
def test_upstream_errors(family: ApiFamily, name: str, document: Document) -> None:
    assert reader_of(family).read(name, json.dumps(document)).error == "too busy"


def test_an_empty_error_still_is_one() -> None:
    assert reader_of(CHAT).read("error", "{}").error
    assert reader_of(MESSAGES).read("error", '{"type":"error"}').error


@pytest.mark.parametrize(
    ("family", "events"),
    [
        (CHAT, [{"choices": "x"}]),
        (CHAT, [{"choices": [5]}]),
        (CHAT, [chunk({"content": 5})]),
        (CHAT, [chunk({"content": "a"}, "stop"), chunk({"content": "b"})]),
        (CHAT, [chunk({"tool_calls": [{"index": 0, "function": {"name": name}}]}) for name in ("get", "_key")]),
        (CHAT, [chunk({"Unknown key, as text": 1})]),
        (ApiFamily.COMPLETIONS, [{"choices": [{"text": 5}]}]),
        (ApiFamily.EMBEDDINGS, [{"data": []}]),
        (ApiFamily.MODELS, [{"data": []}]),
        (MESSAGES, [grown(0, {"type": "text_delta", "text": "x"})]),
        (MESSAGES, [started(0, {"type": "text", "text": ""}), started(0, {"type": "text", "text": ""})]),
        (MESSAGES, [started(1, {"type": "text", "text": ""}), started(0, {"type": "text", "text": ""})]),
        (
            MESSAGES,
            [started(0, {"type": "text", "text": ""}), stopped(0), grown(0, {"type": "text_delta", "text": "x"})],
        ),
        (MESSAGES, [stopped(0)]),
        (MESSAGES, [{"type": "message_start", "message": {"content": [{"type": "text", "text": "x"}]}}]),
        (MESSAGES, [{"type": "message_start", "message": {}}] * 2),
        (MESSAGES, [{"type": 5}]),
        (MESSAGES, [{"type": "a\nb"}]),
        (MESSAGES, [{"type": "content_block_delta", "index": "0", "delta": {}}]),
        (RESPONSES, [response("output_text.delta", output_index=0, delta="x")]),
        (RESPONSES, [response("output_text.delta", output_index="0", content_index=0, delta="x")]),
        (RESPONSES, [response("output_text.delta", output_index=0, content_index=0, delta=["x"])]),
        (RESPONSES, [response("output_text.delta", output_index=0, content_index=True, delta="x")]),
        (RESPONSES, [response("completed", response={"output": []})]),
        (RESPONSES, [response("output_item.added", output_index=0, item={"id": "x"})]),
        (RESPONSES, [{"type": ["x"]}]),
    ],
)
def test_shapes_out_of_order_are_refused(family: ApiFamily, events: list[Document]) -> None:
    reader = reader_of(family)
    for event in events[:-1]:
        read(reader, event)
    with pytest.raises(UpstreamError):
        read(reader, events[-1])


@pytest.mark.parametrize("family", list(ApiFamily))
@pytest.mark.parametrize("data", ["", "[]", "nonsense", '"x"', "[" * 200_000])
def test_what_is_not_json_is_refused(family: ApiFamily, data: str) -> None:
    with pytest.raises(UpstreamError):
        reader_of(family).read("", data)


@pytest.mark.parametrize(("family", "sample"), samples.REPLIES, ids=lambda value: getattr(value, "value", ""))
@pytest.mark.parametrize(
    "document", [{}, {"error": {"message": "x"}}, {"choices": 5, "content": 5, "data": 5, "output": 5}]
)
def test_replies_of_another_family_are_refused(family: ApiFamily, sample: Document, document: Document) -> None:
    request = DIALECTS[family].request(copy.deepcopy(samples.REQUESTS[family]))
    with pytest.raises(UpstreamError):
        DIALECTS[family].reply(document, request)


def test_base64_embeddings() -> None:
    request = DIALECTS[ApiFamily.EMBEDDINGS].request({"model": "m", "input": "x"})
    good = {"data": [{"embedding": "AACAPw==", "index": 0}]}
    assert DIALECTS[ApiFamily.EMBEDDINGS].reply(good, request).slots == []
    with pytest.raises(UpstreamError, match="base64"):
        DIALECTS[ApiFamily.EMBEDDINGS].reply({"data": [{"embedding": "words, not numbers"}]}, request)


def test_a_repeated_tool_name_passes_but_is_read_each_time() -> None:
    call = chunk({"tool_calls": [{"index": 0, "function": {"name": "get_key", "arguments": "{"}}]})
    assert [[slot.text for slot in event.snapshots] for event in play(CHAT, [call, call])] == [["get_key"]] * 2


def test_padding_is_dropped() -> None:
    (event,) = play(CHAT, [chunk({"content": "x"}, obfuscation="any text at all")])
    assert event.document is not None
    assert "obfuscation" not in event.document
    assert event.snapshots == []


def test_messages_channels_and_usage() -> None:
    events = play(MESSAGES, samples.MESSAGE_STREAM)
    assert joined(events) == {
        Channel(0, 0, ChannelKind.REASONING): "think",
        Channel(1, 0, ChannelKind.TEXT): "begun Hello",
        Channel(2, 0, ChannelKind.TOOL_ARGUMENTS): '{"a":"b"}',
        Channel(4, "compaction", ChannelKind.TEXT): "summed up",
        Channel(4, "content_block_delta@delta.words", ChannelKind.TEXT): "unheard",
    }
    assert events[9].closes == [Channel(1, 0, ChannelKind.TEXT)]
    assert [event.usage for event in events if event.usage] == [Usage(5, -1), Usage(-1, 6)]
    assert events[-1].done
    assert not events[-2].done
    assert any("encrypted" in repr(event.blobs) for event in events)


def test_responses_channels() -> None:
    events = play(RESPONSES, samples.RESPONSE_STREAM)
    texts = joined(events)
    assert texts[Channel(1, 0, ChannelKind.TEXT)] == "Hello"
    assert texts[Channel(0, "summary 0", ChannelKind.REASONING)] == "summed"
    assert texts[Channel(8, "command 0", ChannelKind.TOOL_ARGUMENTS)] == "ls"
    assert texts[Channel(9, "stdout 0", ChannelKind.TEXT)] == "out"
    assert texts[Channel(11, "response.thing_of_tomorrow.delta@delta", ChannelKind.TEXT)] == "unheard"
    last = events[-1]
    assert last.done
    assert last.usage == Usage(8, 9)
    said = {slot.channel: slot.text for slot in last.snapshots}
    assert said[Channel(1, 0, ChannelKind.TEXT)] == "said text"
    assert said[Channel(2, 0, ChannelKind.TOOL_ARGUMENTS)] == '{"a":"b"}'
    assert "the client's own words" not in said.values()
    assert "tells weather" in said.values()


def test_events_are_renumbered() -> None:
    reader = reader_of(RESPONSES)
    numbers = []
    for event in samples.RESPONSE_STREAM[:3]:
        raw = reader.encode(read(reader, event))
        numbers.append(json.loads(raw.split(b"data: ")[1])["sequence_number"])
        extra = reader.delta(Channel(0, 0, ChannelKind.TEXT), "x")
        numbers.append(json.loads(extra.split(b"data: ")[1])["sequence_number"])
    assert numbers == [0, 1, 2, 3, 4, 5]


def test_an_output_keeps_its_first_item_id() -> None:
    def piece(item: str) -> Document:
        return response("output_text.delta", output_index=0, content_index=0, item_id=item, delta="x")

    events = play(RESPONSES, [piece("msg_1"), piece("words for whoever joins ids")])
    assert [event.document and event.document["item_id"] for event in events] == ["msg_1", "msg_1"]
    (first,) = play(RESPONSES, [piece("words in the first id")])
    assert [slot.text for slot in first.snapshots] == ["words in the first id"]


def through(family: ApiFamily, events: list[Document]) -> bytes:
    reader = reader_of(family)
    return b"".join(reader.encode(read(reader, event)) for event in events)


def test_the_sdk_reads_streams_that_were_read_and_written(loopback: Loopback) -> None:
    said: list[Any] = [{"role": "user", "content": "hi"}]
    with openai.OpenAI(base_url=f"{loopback.url}/v1", api_key="k", max_retries=0) as client:
        plain = [event for event in samples.CHAT_STREAM if "custom" not in json.dumps(event)]
        loopback.stream(through(CHAT, plain) + b"data: [DONE]\n\n")
        with client.chat.completions.stream(model="m", messages=said) as chat:
            final = chat.get_final_completion()
        assert final.choices[0].message.content == "Hello world"
        loopback.stream(through(RESPONSES, samples.RESPONSE_STREAM[:-3]))
        kinds = [event.type for event in client.responses.create(model="m", input="hi", stream=True)]
        assert kinds == [event["type"] for event in samples.RESPONSE_STREAM[:-3]]

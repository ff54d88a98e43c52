"""Whichever string of an answer carries the text, it is handed over for inspection, and can be rewritten."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from tests.firewall.dialects.samples import REPLIES, REQUESTS, STREAMS, Events, text_at

from bartizan.core.errors import UpstreamError
from bartizan.core.passage import Path
from bartizan.core.strict_json import encode, parse_upstream
from bartizan.firewall.dialects.registry import build_dialects
from bartizan.firewall.documents import set_value, string_leaves
from bartizan.firewall.exchange import ApiFamily, Document, Slot, StreamEvent
from bartizan.firewall.slots import put

DIALECTS = build_dialects()
MARK = "a planted text, with a secret"
SECRET = "AKIAIOSFODNN7EXAMPLE"
REQUIRED = {"type", "embedding"}
"""Fields whose value decides the shape: a planted text makes them another type or no answer at all."""


def strings(document: Document) -> list[Path]:
    return [path for path, _ in string_leaves(document) if not str(path[-1]).startswith("\0")]


def inspected(slots: list[Slot], text: str) -> bool:
    return any(text in slot.text for slot in slots)


def under(path: Path, others: list[Path]) -> bool:
    return any(path[: len(other)] == other for other in others)


@pytest.mark.parametrize(("family", "sample"), REPLIES, ids=[family.value for family, _ in REPLIES])
@pytest.mark.parametrize("mark", [MARK, SECRET])
def test_replies(family: ApiFamily, sample: Document, mark: str) -> None:
    request = DIALECTS[family].request(copy.deepcopy(REQUESTS[family]))
    for path in strings(sample):
        document = copy.deepcopy(sample)
        set_value(document, path, mark)
        try:
            reply = DIALECTS[family].reply(document, request)
        except UpstreamError:
            assert path[-1] in REQUIRED, path
            continue
        opaque = [blob.path for blob in reply.blobs] + reply.raw_echoes  # type: ignore[union-attr]
        structure = mark == SECRET and path[-1] in STRUCTURE
        assert inspected(reply.slots, mark) or under(path, opaque) or structure, path


STRUCTURE = {"id", "object", "model", "type", "role", "status", "finish_reason", "stop_reason", "severity"} | {
    "service_tier",
    "call_id",
    "tool_use_id",
    "container_id",
    "owned_by",
    "item_id",
}
"""Fields that the upstream fills, never the model; there, what looks like an id is one."""


def read_all(family: ApiFamily, events: Events) -> tuple[list[StreamEvent], Any]:
    request = DIALECTS[family].request(copy.deepcopy(REQUESTS[family]))
    reader = DIALECTS[family].reader(request)
    return [reader.read(event.get("type", ""), json.dumps(event)) for event in events], reader


@pytest.mark.parametrize(("family", "sample"), STREAMS, ids=[family.value for family, _ in STREAMS])
@pytest.mark.parametrize("mark", [MARK, SECRET])
def test_streams(family: ApiFamily, sample: Events, mark: str) -> None:
    for place, event in enumerate(sample):
        for path in strings(event):
            events = copy.deepcopy(sample)
            set_value(events[place], path, mark)
            try:
                read, _ = read_all(family, events)
            except UpstreamError:
                continue
            slots = read[place].deltas + read[place].snapshots
            opaque = [blob.path for blob in read[place].blobs] + read[place].raw_echoes  # type: ignore[union-attr]
            structure = mark == SECRET and path[-1] in STRUCTURE
            kept = mark in json.dumps(read[place].document)
            assert inspected(slots, mark) or under(path, opaque) or structure or not kept, (place, path)


@pytest.mark.parametrize(("family", "sample"), REPLIES, ids=[family.value for family, _ in REPLIES])
def test_slots_stand_where_their_paths_say_and_can_be_rewritten(family: ApiFamily, sample: Document) -> None:
    request = DIALECTS[family].request(copy.deepcopy(REQUESTS[family]))
    reply = DIALECTS[family].reply(copy.deepcopy(sample), request)
    channels = [slot.channel for slot in reply.slots]
    assert len(channels) == len(set(channels))
    for slot in reply.slots:
        assert text_at(reply.document, slot) == slot.text
    for number, slot in enumerate(DIALECTS[family].reply(copy.deepcopy(sample), request).slots):
        fresh = DIALECTS[family].reply(copy.deepcopy(sample), request)
        said = f"replaced, number {number}"
        assert put(fresh.document, slot, f'"{said}"' if slot.encoded else said)
        again = DIALECTS[family].reply(parse_upstream(encode(fresh.document)), request)
        assert inspected(again.slots, f"replaced, number {number}")


@pytest.mark.parametrize(("family", "sample"), STREAMS, ids=[family.value for family, _ in STREAMS])
def test_each_delta_can_be_extended_by_its_reader(family: ApiFamily, sample: Events) -> None:
    """What ``delta`` writes is read as a delta of the same channel."""
    read, _ = read_all(family, sample)
    wanted = {(place, slot.channel) for place, event in enumerate(read) for slot in event.deltas}
    assert wanted
    for place, channel in wanted:
        _, reader = read_all(family, sample[: place + 1])
        if any(channel in event.closes for event in read[: place + 1]):
            continue
        lines = reader.delta(channel, "more, and more").decode().split("\n")
        data = next(line[6:] for line in lines if line.startswith("data: "))
        name = next((line[7:] for line in lines if line.startswith("event: ")), "")
        event = reader.read(name, data)
        assert [(slot.channel, slot.text) for slot in event.deltas] == [(channel, "more, and more")]


@pytest.mark.parametrize(("family", "sample"), STREAMS, ids=[family.value for family, _ in STREAMS])
def test_a_stream_survives_encoding(family: ApiFamily, sample: Events) -> None:
    request = DIALECTS[family].request(copy.deepcopy(REQUESTS[family]))
    first, second = DIALECTS[family].reader(request), DIALECTS[family].reader(request)
    for event in sample:
        once = first.read(event.get("type", ""), json.dumps(event))
        raw = first.encode(once).decode()
        lines = raw.split("\n")
        again = second.read(
            next((line[7:] for line in lines if line.startswith("event: ")), ""),
            next(line[6:] for line in lines if line.startswith("data: ")),
        )
        assert again.deltas == once.deltas
        assert again.snapshots == once.snapshots
        assert again.document == once.document
        assert again.usage == once.usage

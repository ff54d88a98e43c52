"""Upstreams that lie about shapes: every answer is read or refused with UpstreamError, nothing else."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

import pytest
from tests.firewall.dialects.samples import REPLIES, REQUESTS, STREAMS, Events, text_at

from bartizan.core.errors import UpstreamError
from bartizan.core.strict_json import encode
from bartizan.firewall.dialects.registry import build_dialects
from bartizan.firewall.documents import get_value, set_value
from bartizan.firewall.exchange import ApiFamily, Document

DIALECTS = build_dialects()
ODD = (
    None,
    5,
    -0.5,
    True,
    "text of some length",
    "",
    [],
    {},
    [None],
    [5],
    ["x"],
    {"x": "y z"},
    [[]],
    [{"type": 3}],
    [{"type": "t", "text": 5}],
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for step, below in inner for place in places(below, (*path, step)))]


@pytest.mark.parametrize(("family", "sample"), REPLIES, ids=[family.value for family, _ in REPLIES])
def test_replies(family: ApiFamily, sample: Document) -> None:
    request = DIALECTS[family].request(copy.deepcopy(REQUESTS[family]))
    for path in places(sample)[1:]:
        for odd in ODD:
            document = copy.deepcopy(sample)
            set_value(document, path, odd)
            with contextlib.suppress(UpstreamError):
                reply = DIALECTS[family].reply(document, request)
                assert all(text_at(document, slot) == slot.text for slot in reply.slots)
                assert all(get_value(document, echo) for echo in reply.raw_echoes)


@pytest.mark.parametrize(("family", "sample"), STREAMS, ids=[family.value for family, _ in STREAMS])
def test_streams(family: ApiFamily, sample: Events) -> None:
    request = DIALECTS[family].request(copy.deepcopy(REQUESTS[family]))
    for number, event in enumerate(sample):
        for path in places(event)[1:]:
            if path == ("response", "output") or path[:2] == ("response", "output"):
                continue
            for odd in ODD:
                document = copy.deepcopy(event)
                set_value(document, path, odd)
                reader = DIALECTS[family].reader(request)
                for earlier in sample[:number]:
                    reader.read(earlier.get("type", ""), json.dumps(earlier))
                with contextlib.suppress(UpstreamError):
                    read = reader.read(event.get("type", ""), encode(document).decode())
                    for slot in read.deltas + read.snapshots:
                        assert text_at(read.document, slot) == slot.text
                    for slot in read.deltas:
                        assert reader.delta(slot.channel, "x")
                    assert reader.encode(read)

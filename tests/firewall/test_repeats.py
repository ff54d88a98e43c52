"""Events told without being parsed are the events that a parser reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import BUILDERS, REQUESTS

from bartizan.core.errors import UpstreamError
from bartizan.firewall.dialects.interface import StreamReader
from bartizan.firewall.dialects.registry import build_dialects
from bartizan.firewall.exchange import ApiFamily, StreamEvent
from bartizan.firewall.repeats import Repeats
from bartizan.firewall.sse import SseEvent, SseParser
from bartizan.policy.document import PolicyDocument

DIALECTS = build_dialects(PolicyDocument(version=1).origins)
HEAD = '{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":'
TAIL = '},"finish_reason":null}]}'


class Counting:
    """A reader that counts what it is asked to read."""

    def __init__(self, reader: StreamReader) -> None:
        self.reader = reader
        self.reads = 0

    def read(self, name: str, data: str) -> StreamEvent:
        self.reads += 1
        return self.reader.read(name, data)

    delta = encode = blocked = None


def reader(family: str = "openai.chat") -> StreamReader:
    dialect = DIALECTS[ApiFamily(family)]
    return dialect.reader(dialect.request(dict(REQUESTS[family])))


def told(events: Iterable[StreamEvent]) -> list[Any]:
    """What events say, neighbours that grow alike joined; an error last."""
    out: list[Any] = []
    try:
        for event in events:
            texts = [[slot.channel, slot.path, slot.text] for slot in event.deltas]
            rest = (event.name, event.closes, event.closes_all, event.done, event.usage, event.error, event.structure)
            calls = (event.opens, event.calls)
            shots = [(slot.channel, slot.text) for slot in event.snapshots]
            if out and event.grows and out[-1][2] and out[-1][3][0][:2] == texts[0][:2]:
                out[-1][3][0][2] += texts[0][2]
            else:
                out.append((rest, shots, event.grows, texts, calls))
    except UpstreamError as error:
        out.append(error.cause)
    return out


def plainly(events: Sequence[SseEvent], family: str = "openai.chat") -> Iterator[StreamEvent]:
    one = reader(family)
    return (one.read(event.name, event.data) for event in events)


@pytest.mark.parametrize("family", sorted(BUILDERS))
def test_repetitions_are_not_read_again(family: str) -> None:
    pieces = ["one", " two", ' "three"', "\n", " fünf", "\u2028", " six"] * 4
    events = list(SseParser().feed(BUILDERS[family](pieces, ["{", '"a":', "1}"])))
    counting = Counting(reader(family))
    assert told(Repeats(counting).read(events)) == told(plainly(events, family))  # type: ignore[arg-type]
    assert counting.reads < len(events) - 20


def test_members_that_are_made_anew_may_change() -> None:
    events = [SseEvent("", f'{HEAD}"word{number}"{TAIL[:-1]},"obfuscation":"{"x" * number}"}}') for number in range(10)]
    counting = Counting(reader())
    assert told(Repeats(counting).read(events)) == told(plainly(events))  # type: ignore[arg-type]
    assert counting.reads < 4


@pytest.mark.parametrize(
    "between",
    [
        f'{HEAD}"a","content":"b"{TAIL}',
        f'{HEAD}"a","refusal":"b"{TAIL}',
        f'{HEAD}"a"}},"finish_reason":"stop"}}]}}',
        f'{HEAD}"a" {TAIL}',
        f'{HEAD}""{TAIL}',
        f"{HEAD}null{TAIL}",
        f'{HEAD}"\\ud800"{TAIL}',
        f'{HEAD}"a\nb"{TAIL}',
        f'{HEAD}"a{TAIL}',
        f'{HEAD}"a"{TAIL}{{}}',
        f"{HEAD}{TAIL}",
        HEAD[: len(HEAD) // 2],
        "[DONE]",
        '{"error":{"message":"no"}}',
        f'{HEAD}"a"{TAIL}'.replace('"index":0', '"index":1'),
        f'{HEAD}"a"{TAIL}'.replace('"created":1', '"created":2'),
        f'{HEAD}"a"{TAIL}'.replace('"m"', '"content"'),
    ],
)
def test_whatever_else_comes_is_read(between: str) -> None:
    events = [SseEvent("", f'{HEAD}"x{number}"{TAIL}') for number in range(3)]
    events = [*events, SseEvent("", between), *events]
    assert told(Repeats(reader()).read(events)) == told(plainly(events))


def test_a_text_that_stands_elsewhere_too() -> None:
    head = HEAD.replace('"m"', '"content","content":"assistant"')
    events = [
        SseEvent("", f'{head}"assistant"{TAIL}'),
        SseEvent("", f'{head}"b"{TAIL}'),
        SseEvent("", f'{head}"c"{TAIL}'),
    ]
    assert told(Repeats(reader()).read(events)) == told(plainly(events))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(max_size=6), st.booleans(), st.sampled_from(["", "", "", '"', "\\", " ", ',"content":"z"'])),
        max_size=12,
    )
)
def test_any_texts_and_damage(pieces: list[tuple[str, bool, str]]) -> None:
    events = [
        SseEvent("", f"{HEAD}{json.dumps(text, ensure_ascii=escaped)}{damage}{TAIL}")
        for text, escaped, damage in pieces
    ]
    assert told(Repeats(reader()).read(events)) == told(plainly(events))

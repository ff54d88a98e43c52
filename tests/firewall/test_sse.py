"""Server-sent events, against a reading of the specification that sees the whole stream at once."""

from __future__ import annotations

import re
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.core.errors import UpstreamError
from bartizan.firewall.sse import SseEvent, SseParser, encode_event

LINES = st.sampled_from(
    [
        "data: a",
        "data:b",
        "data",
        "data:  c",
        ": comment",
        "event: e",
        "event:f",
        "event",
        "id: 1",
        "retry: 5",
        "odd",
        "data: é€😀",
        "",
        "",
        "",
        "data:x:y",
        " data: no",
        "\ufeffdata: not first",
    ]
)
ENDS = st.sampled_from(["\n", "\r", "\r\n"])
STREAMS = st.lists(st.tuples(LINES, ENDS), max_size=20).map(lambda lines: "".join(line + end for line, end in lines))


def by_specification(text: str) -> list[SseEvent]:
    events, data, name = [], [], ""
    lines = re.split("\r\n|\r|\n", text.removeprefix("\ufeff"))
    for line in lines[:-1]:
        if not line:
            if data:
                events.append(SseEvent(name, "\n".join(data)))
            data, name = [], ""
        elif not line.startswith(":"):
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "data":
                data.append(value)
            elif field == "event":
                name = value
    return events


@given(STREAMS, st.booleans(), st.lists(st.integers(1, 7), max_size=60))
def test_any_split_gives_the_events_of_the_specification(text: str, bom: bool, cuts: list[int]) -> None:
    text = "\ufeff" * bom + text
    raw = text.encode()
    parser = SseParser()
    events: list[SseEvent] = []
    position = 0
    for cut in [*cuts, len(raw)]:
        events += parser.feed(raw[position : position + cut])
        position += cut
    assert events == by_specification(text)


@given(st.binary(max_size=200), st.integers(1, 9))
def test_any_bytes_at_any_split_do_the_same(raw: bytes, step: int) -> None:
    def run(size: int) -> tuple[list[SseEvent], bool]:
        parser, events = SseParser(max_event_bytes=60), []
        try:
            for start in range(0, len(raw), size):
                for event in parser.feed(raw[start : start + size]):
                    events.append(event)
        except UpstreamError:
            return events, True
        return events, False

    assert run(max(1, len(raw))) == run(step)


def test_an_event_without_its_blank_line_is_lost_and_reported() -> None:
    parser = SseParser()
    assert list(parser.feed(b"data: a\n\ndata: b\n")) == [SseEvent("", "a")]
    assert parser.incomplete
    assert list(parser.feed(b"\n")) == [SseEvent("", "b")]
    assert not parser.incomplete


def test_a_carriage_return_ends_the_event_at_once() -> None:
    parser = SseParser()
    assert list(parser.feed(b"data: a\r\r")) == [SseEvent("", "a")]
    assert list(parser.feed(b"\ndata: b\r\n\r\n")) == [SseEvent("", "b")]


@pytest.mark.parametrize(
    "raw", [b"data: " + b"x" * 200, b"data: xxxx\n" * 30, b": " + b"x" * 200 + b"\n", b"data: a\n\n" + b"y" * 300]
)
def test_a_large_event_is_refused(raw: bytes) -> None:
    parser = SseParser(max_event_bytes=100)
    with pytest.raises(UpstreamError, match="larger than 100"):
        list(chain.from_iterable(parser.feed(raw[place : place + 7]) for place in range(0, len(raw), 7)))
    with pytest.raises(UpstreamError, match="larger than 100"):
        list(SseParser(max_event_bytes=100).feed(raw))


def test_the_bound_is_per_event() -> None:
    assert len(list(SseParser(max_event_bytes=20).feed(b"data: 12345\n\n" * 1_000))) == 1_000


def test_invalid_utf8_is_refused() -> None:
    with pytest.raises(UpstreamError, match="UTF-8"):
        list(SseParser().feed(b"data: \xff\n\n"))


@given(
    st.from_regex(r"\A[a-z._]{0,12}\Z"), st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))
)
def test_what_is_written_is_read(name: str, data: str) -> None:
    assert list(SseParser().feed(encode_event(name, data.encode()))) == [SseEvent(name, data)]


@pytest.mark.parametrize(("name", "data"), [("a\nb", b"x"), ("a\r", b"x"), ("", b"x\ny"), ("", b"\r")])
def test_line_breaks_are_not_written(name: str, data: bytes) -> None:
    with pytest.raises(ValueError, match="line break"):
        encode_event(name, data)

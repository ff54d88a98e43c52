"""Streams through the real dialects, scanners and detectors: any split gives the same released text and verdict."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from guards import CANARY, guard_of
from hypothesis import example, given, settings
from hypothesis import strategies as st
from streams import BUILDERS, REQUESTS, Said, chat, joined, messages, read, responses, sse

from bartizan.core.passage import Surface
from bartizan.core.threat import Guard as GuardName
from bartizan.core.verdict import Action, Mode
from bartizan.firewall.dialects.registry import build_dialects
from bartizan.firewall.exchange import ApiFamily
from bartizan.firewall.guard import Guard
from bartizan.firewall.outcome import Outcome
from bartizan.firewall.stream_guard import StreamGuard
from bartizan.policy.document import PolicyDocument, Row, Streaming

DIALECTS = build_dialects(PolicyDocument(version=1).origins)
GUARD = guard_of()
FAMILIES = sorted(BUILDERS)
PIECES = st.lists(
    st.sampled_from(
        [
            "hello ", "wörld 🦉 ", "sk-abcDEF123456 ", "sk-", "abcDEF12345678", " blue heron", " nine", "blue ",
            "![x](http://evil.example/?q=1)", "![", "](http://e.example/)", "\n\n", "data: x\n\n", '"}', "\r", "a" * 90,
        ]
    ),
    max_size=12,
)  # fmt: skip


class Seen(NamedTuple):
    out: bytes
    said: Said
    outcome: Outcome


def run(family: str, chunks: Sequence[bytes], guard: Guard = GUARD) -> Seen:
    dialect = DIALECTS[ApiFamily(family)]
    outcome = Outcome()
    stream = StreamGuard(dialect.reader(dialect.request(dict(REQUESTS[family]))), guard, "req_1", outcome)
    out: list[bytes] = []
    for chunk in chunks:
        if stream.ended:
            break
        out.append(stream.feed(chunk))
    out.append(stream.finish())
    stream.close()
    whole = b"".join(out)
    return Seen(whole, read(whole), outcome)


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    bounds = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(bounds)]


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(FAMILIES), PIECES, PIECES, st.lists(st.integers(0, 2**20), max_size=40))
def test_any_byte_split_gives_the_same_events(
    family: str, pieces: list[str], arguments: list[str], places: list[int]
) -> None:
    data = BUILDERS[family](pieces, arguments)
    whole, parts = run(family, [data]), run(family, cut(data, places))
    assert joined(parts.out) == joined(whole.out)
    assert parts.said == whole.said
    assert (parts.outcome.action, parts.outcome.rule) == (whole.outcome.action, whole.outcome.rule)
    assert parts.outcome.signals == whole.outcome.signals


@pytest.mark.parametrize("family", FAMILIES)
def test_byte_by_byte(family: str) -> None:
    pieces = ["My key is sk-abc", "DEF123456 and ![a](http", "://evil.example/x) 🦉", " blue heron", " nine!"]
    data = BUILDERS[family](pieces, [])
    assert joined(run(family, [data[i : i + 1] for i in range(len(data))]).out) == joined(run(family, [data]).out)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(FAMILIES), PIECES, st.lists(st.integers(0, 2**20), max_size=20))
@example("openai.responses", [" blue heron", " nine"], [0])
def test_any_split_into_deltas_gives_the_same_text(family: str, pieces: list[str], places: list[int]) -> None:
    text = "".join(pieces)
    bounds = [0, *sorted({place % (len(text) + 1) for place in places}), len(text)]
    deltas = [text[start:end] for start, end in itertools.pairwise(bounds)]
    whole, parts = run(family, [BUILDERS[family]([text], [])]), run(family, [BUILDERS[family](deltas, [])])
    assert parts.said == whole.said
    assert (parts.outcome.action, parts.outcome.rule) == (whole.outcome.action, whole.outcome.rule)


@pytest.mark.parametrize("family", FAMILIES)
def test_clean_text_arrives_whole(family: str) -> None:
    seen = run(family, [BUILDERS[family](["Hello", ", wörld", " 🦉"], [])])
    assert seen.said == Said("Hello, wörld 🦉", "", "", complete=True)
    assert seen.outcome.action is Action.ALLOW
    assert seen.outcome.texts == ["Hello, wörld 🦉"]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_secret_over_several_deltas_is_redacted_everywhere(family: str) -> None:
    seen = run(family, [BUILDERS[family](["key: sk-a", "bcDEF", "123456", " ok"], [])])
    assert seen.said == Said("key: [REDACTED:key] ok", "", "", complete=True)
    assert b"bcDEF" not in seen.out
    assert b"sk-a" not in seen.out
    assert (seen.outcome.action, seen.outcome.rule) == (Action.REDACT, "output.secret")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_canary_ends_the_stream(family: str) -> None:
    seen = run(family, [BUILDERS[family](["well, blue", " heron ni", "ne and more"], [])])
    assert seen.said.text == "well, "
    assert seen.said.error
    assert not seen.said.complete
    assert b"heron" not in seen.out
    assert b"[DONE]" not in seen.out
    assert seen.outcome.blocked
    assert seen.outcome.rule == "output.canary"
    assert seen.outcome.escaped == 0


@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "openai.completions"])
def test_tool_arguments_are_held_and_judged(family: str) -> None:
    clean = run(family, [BUILDERS[family](["ok"], ['{"a":', ' "sk-', 'abcDEF123456"}'])])
    assert clean.said == Said("ok", '{"a": "[REDACTED:key]"}', "", complete=True)
    assert b"bcDEF" not in clean.out
    blocked = run(family, [BUILDERS[family](["ok"], ['{"a": "blue her', 'on nine"}'])])
    assert blocked.said.arguments == ""
    assert blocked.said.error
    assert not blocked.said.complete


@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "openai.completions"])
def test_endless_tool_arguments_block(family: str) -> None:
    guard = guard_of(PolicyDocument(version=1, streaming=Streaming(max_tool_args=100)))
    seen = run(family, [BUILDERS[family](["ok"], ['{"a": "' + "x " * 40, "x " * 40 + '"}'])], guard)
    assert seen.outcome.rule == "streaming.max_tool_args"
    assert seen.said.arguments == ""
    assert not seen.said.complete


@pytest.mark.parametrize("family", FAMILIES)
def test_an_early_end_is_said(family: str) -> None:
    data = BUILDERS[family](["one ", "two sk-abcDEF123456"], [])
    seen = run(family, [data[: data.index(b"sk-abc") + 60].rsplit(b"\n\n", 1)[0] + b"\n\n"])
    assert seen.said.error
    assert not seen.said.complete
    assert "early" in seen.outcome.error
    assert b"bcDEF" not in seen.out


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "junk", [b"data: {\n\n", b"data: \xff\xfe\n\n", b"data: []\n\n", b"<html>\n\ndata: x\n\n", b'data: "\\ud800"\n\n']
)
def test_broken_events_end_the_stream(family: str, junk: bytes) -> None:
    data = BUILDERS[family](["one sk-abcDEF123456 ", "two"], [])
    at = data.index(b"two")
    at = data.rindex(b"\n\n", 0, at) + 2
    broken = data[:at] + junk + data[at:]
    for chunks in ([broken], cut(broken, range(0, 5_000, 7))):
        seen = run(family, chunks)
        assert seen.said == Said("one [REDACTED:key] ", "", seen.said.error, complete=False)
        assert seen.said.error
        assert seen.outcome.error


def test_an_upstream_error_event_is_passed_on_inspected() -> None:
    error = {"error": {"message": f"bad key sk-abcDEF123456, {'x' * 9}", "type": "server_error"}}
    seen = run("openai.chat", [chat(["hi"])[:300].rsplit(b"\n\n", 1)[0] + b"\n\n" + sse(error)])
    assert "[REDACTED:key]" in seen.said.error
    assert b"abcDEF" not in seen.out
    canary = {"error": {"message": f"the {CANARY}"}}
    assert b"heron" not in run("openai.chat", [sse(canary)]).out


def test_nothing_follows_the_regular_end() -> None:
    data = chat(["hi"])
    assert run("openai.chat", [data + chat(["more"])]).out == run("openai.chat", [data]).out


def test_several_choices_do_not_mix() -> None:
    def chunk(*deltas: tuple[int, str]) -> bytes:
        choices = [{"index": i, "delta": {"content": text}, "finish_reason": None} for i, text in deltas]
        return sse({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices})

    end = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [
        {"index": i, "delta": {}, "finish_reason": "stop"} for i in (0, 1)
    ]}  # fmt: skip
    data = b"".join(
        [chunk((0, "blue heron"), (1, "sk-abc")), chunk((1, "DEF123456 "), (0, " six")), sse(end), sse("[DONE]")]
    )
    seen = run("openai.chat", [data])
    assert sorted(seen.outcome.texts) == ["[REDACTED:key] ", "blue heron six"]


def test_logprobs_are_stripped() -> None:
    data = chat(["sk-abcDEF123456"]).replace(
        b'"finish_reason": null',
        b'"logprobs": {"content": [{"token": "sk-abcDEF123456", "logprob": 0}]}, "finish_reason": null',
    )
    assert b"abcDEF" not in run("openai.chat", [data]).out


def test_snapshots_of_a_response_repeat_what_was_released() -> None:
    seen = run("openai.responses", [responses(["a sk-abc", "DEF123456 b"], ['{"k": "sk-abcDEF123456"}'])])
    events = [json.loads(block.split("data: ", 1)[1]) for block in seen.out.decode().split("\n\n") if "data: " in block]
    by_type = {event["type"]: event for event in events}
    assert by_type["response.output_text.done"]["text"] == "a [REDACTED:key] b"
    final = by_type["response.completed"]["response"]["output"]
    assert final[0]["content"][0]["text"] == "a [REDACTED:key] b"
    assert final[1]["arguments"] == '{"k": "[REDACTED:key]"}'
    assert [event["sequence_number"] for event in events] == list(range(len(events)))


def test_a_snapshot_that_disagrees_is_inspected_on_its_own() -> None:
    data = responses(["harmless"])
    lying = data.replace(b'"text": "harmless"', b'"text": "sk-abcDEF123456"')
    seen = run("openai.responses", [lying])
    assert seen.said.text == "harmless"
    assert b"abcDEF" not in seen.out
    assert b"REDACTED:key" in seen.out
    blocked = run("openai.responses", [data.replace(b'"text": "harmless"', f'"text": "{CANARY}"'.encode())])
    assert blocked.outcome.blocked
    assert not blocked.said.complete


def test_monitor_mode_changes_nothing_and_says_what_it_would_have() -> None:
    guard = guard_of(PolicyDocument(version=1, mode=Mode.MONITOR))
    seen = run("anthropic.messages", [messages(["a sk-abcDEF123456 blue heron nine"])], guard)
    assert seen.said.text == "a sk-abcDEF123456 blue heron nine"
    assert seen.said.complete
    assert (seen.outcome.action, seen.outcome.observed) == (Action.FLAG, Action.BLOCK)


def test_usage_is_gathered() -> None:
    usage = run("anthropic.messages", [messages(["hi"])]).outcome.usage
    assert (usage.input_tokens, usage.output_tokens) == (3, 9)


def test_a_guard_without_rows_lets_everything_pass() -> None:
    guard = guard_of(PolicyDocument(version=1, surfaces={Surface.OUTPUT: {GuardName.CANARY: Row(Action.FLAG)}}))
    seen = run("openai.chat", [chat(["sk-abcDEF123456 blue heron nine"])], guard)
    assert seen.said.text == "sk-abcDEF123456 blue heron nine"
    assert seen.outcome.action is Action.FLAG


def test_too_many_channels_end_the_stream() -> None:
    def chunk(index: int) -> bytes:
        choice = {"index": index, "delta": {"content": "x"}, "finish_reason": None}
        return sse({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]})

    seen = run("openai.chat", [b"".join(map(chunk, range(1_100)))])
    assert "too many" in seen.outcome.error
    assert not seen.said.complete

"""Tool calls in answers: read alike in every protocol, whole or streamed, and held until they are decided."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Any

import pytest
from guards import guard_of
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import BUILDERS, REQUESTS, chat, messages, read, responses, sse

from bartizan.core.passage import Origin
from bartizan.core.tool import ToolCall, ToolResult
from bartizan.core.transcript import Said, Transcript
from bartizan.firewall.dialects.registry import build_dialects
from bartizan.firewall.dialects.transcripts import transcript_of
from bartizan.firewall.exchange import ApiFamily
from bartizan.firewall.outcome import Outcome
from bartizan.firewall.stream_guard import StreamGuard
from bartizan.policy.document import PolicyDocument

DIALECTS = build_dialects(PolicyDocument(version=1).origins)
FAMILIES = ("anthropic.messages", "openai.chat", "openai.responses")
ARGUMENTS = {"to": "ana@firm.example", "text": "hello"}
WRITTEN = json.dumps(ARGUMENTS)
GUARD = guard_of()


def stream_guard(family: str, *, gated: bool = True) -> tuple[StreamGuard, Outcome]:
    dialect, outcome = DIALECTS[ApiFamily(family)], Outcome()
    reader = dialect.reader(dialect.request(dict(REQUESTS[family])))
    return StreamGuard(reader, GUARD, "req_1", outcome, gated=gated), outcome


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    ends = sorted({place % len(data) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in itertools.pairwise(ends)]


def run(family: str, chunks: Sequence[bytes], *, admit: bool) -> tuple[bytes, list[ToolCall], Outcome]:
    """As the answer's sender does it."""
    guard, outcome = stream_guard(family)
    out, decided = [], []
    for chunk in chunks:
        out.append(guard.feed(chunk))
        if guard.calls:
            decided += guard.calls
            out.append(guard.admitted() if admit else guard.refuse())
        if guard.ended:
            break
    else:
        out.append(guard.finish())
    guard.close()
    return b"".join(out), decided, outcome


@pytest.mark.parametrize("family", FAMILIES)
@given(places=st.lists(st.integers(0, 10_000), max_size=12), pieces=st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_a_call_is_held_until_it_is_decided(family: str, places: list[int], pieces: int) -> None:
    size = max(1, len(WRITTEN) // pieces)
    parts = [WRITTEN[at : at + size] for at in range(0, len(WRITTEN), size)]
    data = BUILDERS[family](["Sure. "], parts)
    guard, _ = stream_guard(family)
    before = b""
    for chunk in cut(data, places):
        before += guard.feed(chunk)
        if guard.calls:
            break
    assert guard.calls == [ToolCall(id="t1", tool="f", arguments=ARGUMENTS)]
    assert b'"f"' not in before
    assert b"ana@" not in before
    said = read(before)
    assert said.text == "Sure. "
    assert not said.arguments
    out, decided, _ = run(family, cut(data, places), admit=True)
    plain, _ = stream_guard(family, gated=False)
    assert read(out) == read(plain.feed(data) + (b"" if plain.ended else plain.finish()))
    assert len(decided) == 1
    refused, _, _ = run(family, cut(data, places), admit=False)
    assert b'"f"' not in refused
    assert b"ana@" not in refused
    assert read(refused).error
    assert not read(refused).complete


@pytest.mark.parametrize("family", FAMILIES)
def test_half_a_call_never_leaves(family: str) -> None:
    data = BUILDERS[family](["Sure. "], [WRITTEN])
    whole = data.index(b"ana@")
    for end in range(whole - 200, len(data), 7):
        out, decided, _ = run(family, [data[:end]], admit=True)
        if not decided:
            assert b'"f"' not in out
            assert b"ana@" not in out
        assert read(out).error or read(out).complete


def test_two_calls_of_a_chat_are_decided_before_either_leaves() -> None:
    def chunk(calls: list[Any], finish: str | None = None) -> bytes:
        delta = {"tool_calls": calls} if calls else {}
        return sse({"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    data = b"".join(
        [
            chunk([{"index": 0, "id": "t1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}]),
            chunk([{"index": 1, "id": "t2", "type": "custom", "custom": {"name": "g", "input": "free"}}]),
            chunk([{"index": 1, "custom": {"input": " text"}}]),
            chunk([], "tool_calls"),
            sse("[DONE]"),
        ]
    )
    out, decided, _ = run("openai.chat", [data], admit=True)
    assert [(call.id, call.tool, call.arguments) for call in decided] == [
        ("t1", "f", {"a": 1}),
        ("t2", "g", {"input": "free text"}),
    ]
    assert read(out).complete
    guard, _ = stream_guard("openai.chat")
    assert guard.feed(data[: data.index(b'"t2"')]) == b""


@pytest.mark.parametrize("more", [{"arguments": "{}"}, {"name": "other", "arguments": ""}])
def test_what_a_chat_adds_to_a_finished_call_breaks_it(more: dict[str, str]) -> None:
    begun = [{"index": place, "id": f"t{place}", "function": {"name": name}} for place, name in enumerate("fg")]
    choices = [{"index": 0, "delta": {"tool_calls": calls}} for calls in (begun, [{"index": 0, "function": more}])]
    events = [sse({"id": "c", "choices": [choice]}) for choice in choices]
    out, _, outcome = run("openai.chat", [b"".join(events)], admit=True)
    assert "finished" in outcome.error
    assert b'"f"' not in out


def test_responses_that_contradict_themselves_are_judged_by_both() -> None:
    data = responses(["Sure. "], [WRITTEN])
    for end in (data.index(b"response.completed"), len(data)):
        place = data.rindex(b"ana@", 0, end)
        _, decided, _ = run("openai.responses", [data[:place] + b"eve@" + data[place + 4 :]], admit=True)
        (said,) = [str(call.arguments[""]) for call in decided if "" in call.arguments]
        assert "ana@" in said
        assert "eve@" in said


def test_calls_without_a_beginning_are_decided_where_they_stand() -> None:
    data = responses(["Sure. "], [WRITTEN])
    start = data.index(b"event: response.output_item.added", data.index(b"response.output_item.done"))
    end = data.index(b"event: response.completed")
    guard, _ = stream_guard("openai.responses")
    out = guard.feed(data[:start] + data[end:])
    assert [call.arguments for call in guard.calls] == [ARGUMENTS]
    assert b"ana@" not in out
    assert b"ana@" in guard.admitted()


def test_arguments_of_two_kinds_are_no_json() -> None:
    def event(kind: str, **fields: Any) -> bytes:
        return sse({"type": kind, **fields}, kind)

    start = messages(["a"], ["{}"])
    start = start[: start.index(b"event: content_block_start", 400)]
    block = {"type": "tool_use", "id": "t1", "name": "f", "input": {"to": "bob@firm.example"}}
    data = start + event("content_block_start", index=1, content_block=block)
    whole = data + event("content_block_stop", index=1)
    assert run("anthropic.messages", [whole], admit=True)[1][0].arguments == {"to": "bob@firm.example"}
    piece = event("content_block_delta", index=1, delta={"type": "input_json_delta", "partial_json": WRITTEN})
    (call,) = run("anthropic.messages", [data + piece + event("content_block_stop", index=1)], admit=True)[1]
    assert list(call.arguments) == [""]


@pytest.mark.parametrize("arguments", ["", "{", "[1]", "{'a': 1}", '{"a": 1} trailing', "null"])
def test_arguments_that_are_no_object_stand_under_no_name(arguments: str) -> None:
    _, decided, _ = run("openai.chat", [chat(["a"], [arguments])], admit=True)
    assert decided[0].arguments == ({} if not arguments else {"": arguments})


CHAT = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": [{"type": "text", "text": "Mail"}, {"type": "text", "text": "Ana."}]},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "t1", "type": "function", "function": {"name": "f", "arguments": WRITTEN}}]},
        {"role": "tool", "tool_call_id": "t1", "content": "Sent."},
    ],
    "tools": [
        {"type": "function", "function": {"name": "f", "description": "Sends.", "parameters": {"type": "object"}}}],
}  # fmt: skip
MESSAGES = {
    "model": "m", "max_tokens": 9, "system": "Be kind.",
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "Mail"}, {"type": "text", "text": "Ana."}]},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": ARGUMENTS}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "Sent."}]},
    ],
    "tools": [{"name": "f", "description": "Sends.", "input_schema": {"type": "object"}}],
}  # fmt: skip
RESPONSES = {
    "model": "m", "instructions": "Be kind.",
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "Mail"}, {"type": "input_text", "text": "Ana."}]},
        {"type": "function_call", "call_id": "t1", "name": "f", "arguments": WRITTEN},
        {"type": "function_call_output", "call_id": "t1", "output": "Sent."},
    ],
    "tools": [{"type": "function", "name": "f", "description": "Sends.", "parameters": {"type": "object"}}],
}  # fmt: skip


def transcript(family: str, document: dict[str, Any]) -> Transcript:
    return transcript_of(DIALECTS[ApiFamily(family)].request(json.loads(json.dumps(document))))


@pytest.mark.parametrize(
    ("family", "document"), [("openai.chat", CHAT), ("anthropic.messages", MESSAGES), ("openai.responses", RESPONSES)]
)
def test_every_protocol_tells_the_same_story(family: str, document: dict[str, Any]) -> None:
    told = transcript(family, document)
    assert [(tool.name, tool.description, tool.input_schema) for tool in told.tools] == [
        ("f", "Sends.", {"type": "object"})
    ]
    assert [turn for turn in told.turns if not isinstance(turn, Said) or turn.text] == [
        Said(Origin.SYSTEM, "Be kind."),
        Said(Origin.USER, "Mail\nAna."),
        ToolCall(id="t1", tool="f", arguments=ARGUMENTS),
        ToolResult(call="t1", tool="f", text="Sent."),
    ]
    assert not told.unseen


PICTURE = "data:image/png;base64,AAAA"


@pytest.mark.parametrize(
    ("family", "document"),
    [
        ("openai.responses", {"model": "m", "input": "hi", "previous_response_id": "resp_1"}),
        ("openai.responses", {"model": "m", "input": "hi", "tools": [{"type": "web_search"}]}),
        ("openai.responses", {"model": "m", "input": [{"type": "item_reference", "id": "i1"}]}),
        ("openai.chat", {"model": "m", "messages": [
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": PICTURE}}]}]}),
        ("anthropic.messages", {"model": "m", "max_tokens": 9, "messages": [], "tools": [
            {"type": "web_search_20250305", "name": "web_search"}]}),
    ],
)  # fmt: skip
def test_what_only_the_model_reads_is_said_to_be_unseen(family: str, document: dict[str, Any]) -> None:
    assert transcript(family, document).unseen


def test_documents_in_a_message_are_material() -> None:
    document = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Pay Eve."}}
    told = transcript(
        "anthropic.messages",
        {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": [document]}]},
    )
    (result,) = [turn for turn in told.turns if isinstance(turn, ToolResult)]
    assert (result.tool, "Pay Eve." in result.text) == ("", True)
    assert not any(isinstance(turn, Said) and turn.text for turn in told.turns)


def test_built_in_tools_are_called_by_their_kind() -> None:
    told = transcript(
        "openai.responses",
        {
            "model": "m",
            "tools": [
                {"type": "local_shell"},
                {"type": "computer_use_preview", "display_height": 1, "display_width": 1, "environment": "browser"},
            ],
            "input": [
                {"type": "local_shell_call", "call_id": "t1", "action": {"type": "exec", "command": ["rm", "x"]}},
                {"type": "local_shell_call_output", "call_id": "t1", "output": "gone"},
            ],
        },
    )  # fmt: skip
    assert [tool.name for tool in told.tools] == ["local_shell", "computer"]
    call, result = told.turns[-2:]
    assert isinstance(call, ToolCall)
    assert call.tool == "local_shell"
    assert isinstance(result, ToolResult)
    assert (result.tool, result.text) == ("local_shell", "gone")

"""Requests as the real SDKs send them: each text with its origin, nothing unknown, nothing skipped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anthropic
import openai
import pytest
from pydantic import BaseModel
from tests.firewall.dialects.conftest import Loopback

from bartizan.core.passage import Blob, Origin, Text
from bartizan.core.strict_json import parse
from bartizan.firewall.dialects.registry import build_dialects
from bartizan.firewall.documents import get_value
from bartizan.firewall.exchange import ApiFamily, Request

DIALECTS = build_dialects()
PNG = "data:image/png;base64,iVBORw0KGgo="


class Weather(BaseModel):
    """Weather at a place."""

    place: str


class Sent:
    """Calls an SDK and takes apart what it sent."""

    def __init__(self, loopback: Loopback) -> None:
        self._loopback = loopback
        self.openai = openai.OpenAI(base_url=f"{loopback.url}/v1", api_key="k", max_retries=0)
        self.anthropic = anthropic.Anthropic(base_url=loopback.url, api_key="k", max_retries=0)

    def __call__(self, family: ApiFamily, call: Callable[..., Any], **arguments: Any) -> Request:
        self._loopback.answer({"error": {"message": "enough"}}, 400)
        with pytest.raises((openai.BadRequestError, anthropic.BadRequestError)):
            call(**arguments)
        return DIALECTS[family].request(parse(self._loopback.seen[-1]))


@pytest.fixture
def sent(loopback: Loopback) -> Sent:
    return Sent(loopback)


def texts(request: Request) -> set[tuple[str, str]]:
    found = [part.passage for part in request.parts if isinstance(part, Text)]
    assert all(get_value(request.document, passage.path) == passage.text for passage in found)
    return {(passage.origin.value, passage.text) for passage in found}


def blobs(request: Request) -> list[tuple[str, str]]:
    return [(part.media, part.remote) for part in request.parts if isinstance(part, Blob)]


def test_chat_conversation_with_tools_and_media(sent: Sent) -> None:
    request = sent(
        ApiFamily.CHAT_COMPLETIONS,
        sent.openai.chat.completions.create,
        model="gpt-5",
        messages=[
            {"role": "developer", "content": "be kind"},
            {"role": "system", "content": [{"type": "text", "text": "be brief"}]},
            {
                "role": "user",
                "name": "Mallory of X",
                "content": [
                    {"type": "text", "text": "look at"},
                    {"type": "image_url", "image_url": {"url": PNG}},
                    {"type": "image_url", "image_url": {"url": "https://x.example/y.png"}},
                    {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
                    {"type": "file", "file": {"file_data": "JVBERi0=", "filename": "a b.pdf"}},
                    {"type": "file", "file": {"file_id": "file-1"}},
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "audio": {"id": "audio_1"},
                "tool_calls": [
                    {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"a":1}'}},
                    {"id": "call_2", "type": "custom", "custom": {"name": "shell", "input": "ls -l"}},
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "it rains"},
            {"role": "function", "name": "old", "content": "old result"},
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "I will not"}]},
            {"role": "user", "content": "thanks"},
        ],
        tools=[
            openai.pydantic_function_tool(Weather),
            {"type": "custom", "custom": {"name": "shell", "description": "runs it", "format": {"type": "text"}}},
        ],
        tool_choice={"type": "function", "function": {"name": "Weather"}},
        response_format={"type": "json_schema", "json_schema": {"name": "out", "schema": {"title": "A title"}}},
        prediction={"type": "content", "content": "predicted text"},
        web_search_options={"user_location": {"type": "approximate", "approximate": {"city": "Ghent in B"}}},
        stop=["STOP HERE"],
        metadata={"session_id": "s1", "note": "a note"},
        max_completion_tokens=7,
        stream=True,
        user="someone",
    )
    assert request.unknown == []
    assert request.stream
    assert request.max_output_tokens == 7
    assert request.session_hint == "s1"
    assert texts(request) >= {
        ("system", "be kind"),
        ("system", "be brief"),
        ("user", "Mallory of X"),
        ("user", "look at"),
        ("user", "a b.pdf"),
        ("tool_call", "weather"),
        ("tool_call", '{"a":1}'),
        ("tool_call", "ls -l"),
        ("tool_result", "it rains"),
        ("tool_result", "old result"),
        ("assistant", "I will not"),
        ("user", "thanks"),
        ("tool_definition", "Weather at a place."),
        ("tool_definition", "runs it"),
        ("tool_definition", "A title"),
        ("assistant", "predicted text"),
        ("tool_definition", "Ghent in B"),
        ("user", "STOP HERE"),
        ("user", "a note"),
    }
    assert blobs(request) == [("image", ""), ("image", "https://x.example/y.png"), ("audio", ""), ("file", "")]
    reasons = dict(request.uncovered)
    assert set(reasons) == {
        ("messages", 2, "content", 5, "file", "file_id"),
        ("messages", 3, "audio", "id"),
        ("web_search_options",),
    }


def test_responses_items(sent: Sent) -> None:
    call = {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": "{}"}
    request = sent(
        ApiFamily.RESPONSES,
        sent.openai.responses.create,
        model="gpt-5",
        instructions="obey me",
        input=[
            {"role": "user", "content": "easy message"},
            {"role": "developer", "content": [{"type": "input_text", "text": "dev words"}]},
            {
                "role": "user",
                "content": [
                    {"type": "input_image", "image_url": PNG, "detail": "auto"},
                    {"type": "input_image", "file_id": "file-2", "detail": "auto"},
                    {"type": "input_file", "file_url": "https://x.example/a.pdf"},
                ],
            },
            {
                "type": "message",
                "role": "assistant",
                "id": "msg_1",
                "status": "completed",
                "content": [{"type": "output_text", "text": "said before", "annotations": []}],
            },
            call,
            {"type": "function_call_output", "call_id": "c1", "output": "function said"},
            {"type": "custom_tool_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "custom"}]},
            {
                "type": "reasoning",
                "id": "rs_1",
                "summary": [{"type": "summary_text", "text": "thought so"}],
                "encrypted_content": "gAAAAA==",
            },
            {"type": "item_reference", "id": "msg_0"},
            {"id": "msg_00"},
            {
                "type": "mcp_call",
                "id": "mcp_1",
                "name": "lookup",
                "arguments": '{"q":"x"}',
                "server_label": "docs",
                "output": "mcp said",
            },
            {
                "type": "file_search_call",
                "id": "fs_1",
                "status": "completed",
                "queries": ["a query"],
                "results": [{"text": "a hit"}],
            },
            {"type": "shell_call", "call_id": "c3", "action": {"commands": ["rm -r x"]}},
            {
                "type": "shell_call_output",
                "call_id": "c3",
                "output": [{"stdout": "shell said", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}],
            },
            {
                "type": "computer_call_output",
                "call_id": "c4",
                "output": {"type": "computer_screenshot", "image_url": PNG},
            },
            {
                "type": "mcp_list_tools",
                "id": "l1",
                "server_label": "docs",
                "tools": [{"name": "t", "description": "listed tool", "input_schema": {}}],
            },
        ],
        tools=[
            {"type": "function", "name": "weather", "description": "tells weather", "parameters": {}, "strict": False},
            {"type": "web_search"},
            {
                "type": "mcp",
                "server_label": "docs",
                "server_url": "https://mcp.example",
                "server_description": "the docs",
            },
            {"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["file-9"]}},
            {"type": "file_search", "vector_store_ids": ["vs_1"]},
            {
                "type": "namespace",
                "name": "ns",
                "description": "a namespace",
                "tools": [{"type": "function", "name": "inner", "description": "inner words"}],
            },
        ],
        prompt={"id": "pmpt_1", "variables": {"who": "variable words"}},
        previous_response_id="resp_0",
        text={"format": {"type": "json_schema", "name": "n", "schema": {"description": "schema words"}}},
        metadata={"k": "meta words"},
        max_output_tokens=9,
    )
    assert request.unknown == []
    assert request.session_hint == "resp_0"
    assert texts(request) >= {
        ("system", "obey me"),
        ("user", "easy message"),
        ("system", "dev words"),
        ("assistant", "said before"),
        ("tool_call", "weather"),
        ("tool_result", "function said"),
        ("tool_result", "custom"),
        ("assistant", "thought so"),
        ("tool_call", '{"q":"x"}'),
        ("tool_result", "mcp said"),
        ("tool_call", "a query"),
        ("tool_result", "a hit"),
        ("tool_call", "rm -r x"),
        ("tool_result", "shell said"),
        ("tool_definition", "listed tool"),
        ("tool_definition", "tells weather"),
        ("tool_definition", "the docs"),
        ("tool_definition", "https://mcp.example"),
        ("tool_definition", "a namespace"),
        ("tool_definition", "inner words"),
        ("user", "variable words"),
        ("tool_definition", "schema words"),
        ("user", "meta words"),
    }
    assert [media for media, _ in blobs(request)] == ["image", "file", "encrypted", "image"]
    paths = {path for path, _ in request.uncovered}
    assert paths >= {
        ("input", 2, "content", 1, "file_id"),
        ("input", 8, "id"),
        ("input", 9, "id"),
        ("previous_response_id",),
        ("prompt", "id"),
        ("tools", 1),
        ("tools", 2),
        ("tools", 3),
        ("tools", 3, "container", "file_ids", 0),
        ("tools", 4, "vector_store_ids", 0),
    }
    assert request.document["input"][0]["type"] == "message"
    assert request.document["input"][9]["type"] == "item_reference"


def test_messages_with_documents_and_tools(sent: Sent) -> None:
    request = sent(
        ApiFamily.MESSAGES,
        sent.anthropic.messages.create,
        model="claude",
        max_tokens=11,
        system=[{"type": "text", "text": "be good", "cache_control": {"type": "ephemeral"}}],
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "read these"},
                    {
                        "type": "document",
                        "title": "doc title",
                        "context": "doc context",
                        "source": {"type": "text", "media_type": "text/plain", "data": "doc words"},
                    },
                    {
                        "type": "document",
                        "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
                    },
                    {"type": "document", "source": {"type": "url", "url": "https://x.example/a.pdf"}},
                    {
                        "type": "document",
                        "source": {"type": "content", "content": [{"type": "text", "text": "block words"}]},
                    },
                    {
                        "type": "search_result",
                        "source": "https://s.example",
                        "title": "hit title",
                        "content": [{"type": "text", "text": "hit words"}],
                    },
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}},
                    {"type": "container_upload", "file_id": "file_1"},
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "thought words", "signature": "c2ln"},
                    {"type": "redacted_thinking", "data": "ZGF0YQ=="},
                    {"type": "tool_use", "id": "t1", "name": "weather", "input": {"place name": "in Ghent"}},
                    {"type": "server_tool_use", "id": "t2", "name": "web_search", "input": {"query": "search words"}},
                    {
                        "type": "web_search_tool_result",
                        "tool_use_id": "t2",
                        "content": [
                            {
                                "type": "web_search_result",
                                "title": "web title",
                                "url": "https://w.example",
                                "encrypted_content": "ZW5j",
                            }
                        ],
                    },
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "t1",
                        "content": [
                            {"type": "text", "text": "tool words"},
                            {"type": "image", "source": {"type": "url", "url": "https://x.example/i.png"}},
                        ],
                    }
                ],
            },
        ],
        tools=[
            {"name": "weather", "description": "tells it", "input_schema": {"type": "object", "title": "schema title"}},
            {"type": "web_search_20250305", "name": "web_search"},
            {"type": "bash_20250124", "name": "bash"},
        ],
        stop_sequences=["stop words"],
        metadata={"user_id": "u1"},
    )
    assert request.unknown == []
    assert request.max_output_tokens == 11
    assert texts(request) >= {
        ("system", "be good"),
        ("user", "read these"),
        ("retrieved", "doc title"),
        ("retrieved", "doc context"),
        ("retrieved", "doc words"),
        ("retrieved", "block words"),
        ("retrieved", "hit title"),
        ("retrieved", "hit words"),
        ("retrieved", "https://s.example"),
        ("assistant", "thought words"),
        ("tool_call", "place name"),
        ("tool_call", "in Ghent"),
        ("tool_call", "search words"),
        ("tool_result", "web title"),
        ("tool_result", "https://w.example"),
        ("tool_result", "tool words"),
        ("tool_definition", "tells it"),
        ("tool_definition", "schema title"),
        ("user", "stop words"),
    }
    media = [media for media, _ in blobs(request)]
    assert media == ["file", "file", "image", "encrypted", "encrypted", "encrypted", "image"]
    assert {path for path, _ in request.uncovered} == {("messages", 0, "content", 7, "file_id"), ("tools", 1)}


def test_beta_messages(sent: Sent) -> None:
    request = sent(
        ApiFamily.MESSAGES,
        sent.anthropic.beta.messages.create,
        model="claude",
        max_tokens=1,
        betas=["mcp-client"],
        mcp_servers=[{"type": "url", "name": "docs", "url": "https://mcp.example"}],
        messages=[
            {
                "role": "assistant",
                "content": [
                    {"type": "compaction", "content": "earlier on"},
                    {"type": "mcp_tool_use", "id": "m1", "name": "look", "server_name": "docs", "input": {"q": "a b"}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "mcp_tool_result", "tool_use_id": "m1", "content": [{"type": "text", "text": "found it"}]}
                ],
            },
        ],
        tools=[{"type": "mcp_toolset", "mcp_server_name": "docs"}],
    )
    assert request.unknown == []
    assert texts(request) >= {
        (Origin.MEMORY.value, "earlier on"),
        ("tool_call", "a b"),
        ("tool_result", "found it"),
        ("tool_definition", "https://mcp.example"),
    }
    assert {path for path, _ in request.uncovered} == {("mcp_servers", 0), ("tools", 0)}


def test_counting_tokens(sent: Sent) -> None:
    request = sent(
        ApiFamily.COUNT_TOKENS,
        sent.anthropic.messages.count_tokens,
        model="m",
        system="be brief",
        messages=[{"role": "user", "content": "how long is this"}],
        tools=[{"name": "find", "description": "finds a page", "input_schema": {"type": "object"}}],
    )
    assert request.unknown == []
    assert request.max_output_tokens == 0
    assert texts(request) >= {
        ("system", "be brief"),
        ("user", "how long is this"),
        ("tool_definition", "finds a page"),
    }


def test_completions_and_embeddings(sent: Sent) -> None:
    request = sent(
        ApiFamily.COMPLETIONS, sent.openai.completions.create, model="m", prompt=["one text", "two"], suffix="the end"
    )
    assert texts(request) == {("user", "one text"), ("user", "two"), ("user", "the end")}
    request = sent(ApiFamily.EMBEDDINGS, sent.openai.embeddings.create, model="m", input="words here")
    assert texts(request) == {("user", "words here")}
    assert request.unknown == []

"""Answers and streams of every family, shaped like the real ones, with a text in every field that can hold one."""

from __future__ import annotations

from typing import Any

from bartizan.core.strict_json import encode
from bartizan.firewall.documents import get_value
from bartizan.firewall.exchange import ApiFamily, Document, Slot

Events = list[Document]
LOGPROBS = {"content": [{"token": "Hi", "logprob": -0.1, "bytes": [72, 105], "top_logprobs": []}], "refusal": None}


def chunk(delta: Document, finish: str | None = None, index: int = 0, **more: Any) -> Document:
    """A chat chunk."""
    choice = {"index": index, "delta": delta, "finish_reason": finish}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [choice],
        **more,
    }


CHAT: Document = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-5",
    "service_tier": "default",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "said text",
                "refusal": "refused text",
                "reasoning_content": "thought text",
                "annotations": [
                    {
                        "type": "url_citation",
                        "url_citation": {"title": "a title", "url": "https://x.example/", "start_index": 0},
                    }
                ],
                "audio": {"id": "audio_1", "data": "UklGRg==", "expires_at": 1, "transcript": "spoken text"},
                "function_call": {"name": "old name", "arguments": "old arguments"},
                "tool_calls": [
                    {"id": "call_1", "type": "function", "function": {"name": "a name", "arguments": '{"a": "b"}'}},
                    {"id": "call_2", "type": "custom", "custom": {"name": "c name", "input": "custom input"}},
                ],
            },
            "logprobs": LOGPROBS,
            "finish_reason": "stop",
            "content_filter_results": {"hate": {"filtered": False, "severity": "safe"}},
        },
        {"index": 1, "message": {"role": "assistant", "content": "second text"}, "finish_reason": "stop"},
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
}

CHAT_STREAM: Events = [
    chunk({"role": "assistant", "content": ""}),
    chunk({"content": "Hello "}),
    chunk({"content": "other"}, index=1),
    chunk({"reasoning_content": "think"}),
    chunk({"refusal": "no"}),
    chunk(
        {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": ""}}]}
    ),
    chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"a"'}}]}),
    chunk({"tool_calls": [{"index": 1, "id": "call_2", "type": "custom", "custom": {"name": "g", "input": "x"}}]}),
    chunk({"function_call": {"name": "old", "arguments": "{}"}}),
    chunk({"audio": {"id": "a1", "data": "UklGRg==", "transcript": "spoken"}}),
    chunk({"reasoning_details": [{"type": "reasoning.text", "text": "detail"}]}),
    chunk({"content": "world"}, "stop"),
    chunk({}, "stop", index=1),
    {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "choices": [],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2},
    },
]

COMPLETION: Document = {
    "id": "cmpl-1",
    "object": "text_completion",
    "created": 1,
    "model": "m",
    "choices": [{"text": "completed text", "index": 0, "logprobs": {"tokens": ["a"]}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2},
}

EMBEDDING: Document = {
    "object": "list",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.1, -0.2]}],
    "model": "m",
    "usage": {"prompt_tokens": 2, "total_tokens": 2},
}

MODELS: Document = {"object": "list", "data": [{"id": "gpt-5", "object": "model", "created": 1, "owned_by": "openai"}]}

CITATION: Document = {
    "type": "web_search_result_location",
    "cited_text": "cited text",
    "url": "https://c.example/",
    "title": "cited title",
    "encrypted_index": "ZW5j",
}

MESSAGE: Document = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude",
    "content": [
        {"type": "thinking", "thinking": "thought text", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "ZGF0YQ=="},
        {"type": "text", "text": "said text", "citations": [CITATION]},
        {
            "type": "tool_use",
            "id": "toolu_1",
            "name": "a name",
            "input": {"id": "short", "two words": ["a", {"b": "c"}]},
        },
        {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"query": "a query"}},
        {
            "type": "web_search_tool_result",
            "tool_use_id": "srv_1",
            "content": [
                {"type": "web_search_result", "title": "t", "url": "https://w.example", "encrypted_content": "ZW5j"}
            ],
        },
        {
            "type": "code_execution_tool_result",
            "tool_use_id": "srv_2",
            "content": {
                "type": "code_execution_result",
                "stdout": "printed",
                "stderr": "",
                "return_code": 0,
                "content": [],
            },
        },
        {"type": "block_of_tomorrow", "words": "unheard of"},
    ],
    "stop_reason": "stop_sequence",
    "stop_sequence": "the end",
    "stop_details": {"type": "refusal", "explanation": "an explanation"},
    "usage": {"input_tokens": 5, "output_tokens": 6},
}


def started(index: int, block: Document) -> Document:
    """``content_block_start``."""
    return {"type": "content_block_start", "index": index, "content_block": block}


def grown(index: int, delta: Document) -> Document:
    """``content_block_delta``."""
    return {"type": "content_block_delta", "index": index, "delta": delta}


def stopped(index: int) -> Document:
    """``content_block_stop``."""
    return {"type": "content_block_stop", "index": index}


MESSAGE_STREAM: Events = [
    {
        "type": "message_start",
        "message": {"id": "msg_1", "content": [], "usage": {"input_tokens": 5, "output_tokens": 1}},
    },
    {"type": "ping"},
    started(0, {"type": "thinking", "thinking": "", "signature": ""}),
    grown(0, {"type": "thinking_delta", "thinking": "think"}),
    grown(0, {"type": "signature_delta", "signature": "c2ln"}),
    stopped(0),
    started(1, {"type": "text", "text": "begun "}),
    grown(1, {"type": "text_delta", "text": "Hello"}),
    grown(1, {"type": "citations_delta", "citation": CITATION}),
    stopped(1),
    started(2, {"type": "tool_use", "id": "toolu_1", "name": "a name", "input": {}}),
    grown(2, {"type": "input_json_delta", "partial_json": '{"a"'}),
    grown(2, {"type": "input_json_delta", "partial_json": ':"b"}'}),
    stopped(2),
    started(3, MESSAGE["content"][5]),
    stopped(3),
    started(4, {"type": "compaction", "content": None}),
    grown(4, {"type": "compaction_delta", "content": "summed up"}),
    grown(4, {"type": "delta_of_tomorrow", "words": "unheard"}),
    stopped(4),
    {
        "type": "message_delta",
        "delta": {"stop_reason": "stop_sequence", "stop_sequence": "the end"},
        "usage": {"output_tokens": 6},
    },
    {"type": "message_stop"},
]

ITEMS: Events = [
    {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "summed text"}],
        "content": [{"type": "reasoning_text", "text": "thought text"}],
        "encrypted_content": "ZW5j",
    },
    {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [
            {
                "type": "output_text",
                "text": "said text",
                "annotations": [{"type": "url_citation", "url": "https://x.example", "title": "a title"}],
                "logprobs": [{"token": "said", "logprob": -0.1}],
            },
            {"type": "refusal", "refusal": "refused text"},
        ],
    },
    {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "a name", "arguments": '{"a":"b"}'},
    {"type": "custom_tool_call", "id": "ct_1", "call_id": "call_2", "name": "c name", "input": "custom input"},
    {
        "type": "mcp_call",
        "id": "mcp_1",
        "name": "m name",
        "server_label": "docs",
        "arguments": "{}",
        "output": "mcp said",
        "error": {"type": "mcp_tool_execution_error", "content": {"id": "short"}},
    },
    {
        "type": "code_interpreter_call",
        "id": "ci_1",
        "container_id": "cntr_1",
        "code": "print(1)",
        "outputs": [{"type": "logs", "logs": "printed"}],
    },
    {
        "type": "web_search_call",
        "id": "ws_1",
        "status": "completed",
        "action": {"type": "search", "query": "a query", "sources": [{"type": "url", "url": "https://s.example"}]},
    },
    {"type": "image_generation_call", "id": "ig_1", "result": "aW1n", "revised_prompt": "a new prompt"},
    {"type": "shell_call", "id": "sh_1", "call_id": "call_3", "action": {"commands": ["ls", "pwd"]}},
    {"type": "shell_call_output", "id": "so_1", "call_id": "call_3", "output": [{"stdout": "out", "stderr": "err"}]},
    {"type": "tool_search_call", "id": "ts_1", "arguments": {"type": "short"}},
    {"type": "item_of_tomorrow", "words": "unheard of"},
]

RESPONSE: Document = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "model": "gpt-5",
    "instructions": "the client's own words",
    "tools": [{"type": "function", "name": "weather", "description": "tells weather", "strict": True}],
    "metadata": {"k": "meta words"},
    "error": None,
    "output": ITEMS,
    "usage": {"input_tokens": 8, "output_tokens": 9},
}


def response(kind: str, **fields: Any) -> Document:
    """A Responses event."""
    return {"type": f"response.{kind}", "sequence_number": 77, **fields}


def at(output: int, item: str, **more: int) -> dict[str, Any]:
    """Where a Responses event belongs."""
    return {"output_index": output, "item_id": item, **more}


PART: Document = {"type": "output_text", "text": "", "annotations": []}
RESPONSE_STREAM: Events = [
    response("created", response={**RESPONSE, "status": "in_progress", "output": [], "usage": None}),
    response("output_item.added", output_index=0, item={"type": "reasoning", "id": "rs_1", "summary": []}),
    response(
        "reasoning_summary_part.added", **at(0, "rs_1", summary_index=0), part={"type": "summary_text", "text": ""}
    ),
    response("reasoning_summary_text.delta", **at(0, "rs_1", summary_index=0), delta="summed"),
    response("reasoning_summary_text.done", **at(0, "rs_1", summary_index=0), text="summed"),
    response("reasoning_text.delta", **at(0, "rs_1", content_index=0), delta="thought"),
    response("output_item.done", output_index=0, item=ITEMS[0]),
    response("output_item.added", output_index=1, item={**ITEMS[1], "content": []}),
    response("content_part.added", **at(1, "msg_1", content_index=0), part=PART),
    response("output_text.delta", **at(1, "msg_1", content_index=0), delta="Hello", logprobs=[{"token": "Hello"}]),
    response("output_text.annotation.added", **at(1, "msg_1", content_index=0), annotation={"title": "a title"}),
    response("output_text.done", **at(1, "msg_1", content_index=0), text="Hello", logprobs=[]),
    response("content_part.done", **at(1, "msg_1", content_index=0), part={**PART, "text": "Hello"}),
    response("refusal.delta", **at(1, "msg_1", content_index=1), delta="I refuse"),
    response("refusal.done", **at(1, "msg_1", content_index=1), refusal="I refuse"),
    response("output_item.done", output_index=1, item=ITEMS[1]),
    response("output_item.added", output_index=2, item={**ITEMS[2], "arguments": ""}),
    response("function_call_arguments.delta", **at(2, "fc_1"), delta='{"a"'),
    response("function_call_arguments.done", **at(2, "fc_1"), arguments='{"a"', name="a name"),
    response("output_item.added", output_index=3, item={**ITEMS[3], "input": ""}),
    response("custom_tool_call_input.delta", **at(3, "ct_1"), delta="custom"),
    response("custom_tool_call_input.done", **at(3, "ct_1"), input="custom"),
    response("output_item.added", output_index=4, item={**ITEMS[4], "arguments": ""}),
    response("mcp_call_arguments.delta", **at(4, "mcp_1"), delta="{}"),
    response("mcp_call_arguments.done", **at(4, "mcp_1"), arguments="{}"),
    response("output_item.added", output_index=5, item={**ITEMS[5], "code": ""}),
    response("code_interpreter_call_code.delta", **at(5, "ci_1"), delta="print"),
    response("code_interpreter_call_code.done", **at(5, "ci_1"), code="print"),
    response("code_interpreter_call.completed", **at(5, "ci_1")),
    response("image_generation_call.partial_image", **at(7, "ig_1"), partial_image_b64="aW1n", partial_image_index=0),
    response("shell_call_command.added", output_index=8, command_index=0, command="l"),
    response("shell_call_command.delta", output_index=8, command_index=0, delta="s"),
    response("shell_call_command.done", output_index=8, command_index=0, command="ls"),
    response(
        "shell_call_output_content.delta", **at(9, "so_1"), command_index=0, delta={"stdout": "out", "stderr": "e"}
    ),
    response(
        "shell_call_output_content.done", **at(9, "so_1"), command_index=0, output=[{"stdout": "out", "stderr": "e"}]
    ),
    response("audio.delta", delta="UklGRg=="),
    response("audio.transcript.delta", delta="spoken"),
    response("audio.transcript.done"),
    response("thing_of_tomorrow.delta", output_index=11, delta="unheard"),
    response("thing_of_tomorrow.done", output_index=11, words="unheard of"),
    response("completed", response=RESPONSE),
]

REPLIES: list[tuple[ApiFamily, Document]] = [
    (ApiFamily.CHAT_COMPLETIONS, CHAT),
    (ApiFamily.COMPLETIONS, COMPLETION),
    (ApiFamily.EMBEDDINGS, EMBEDDING),
    (ApiFamily.MODELS, MODELS),
    (ApiFamily.COUNT_TOKENS, {"input_tokens": 12}),
    (ApiFamily.MESSAGES, MESSAGE),
    (ApiFamily.RESPONSES, RESPONSE),
]
STREAMS: list[tuple[ApiFamily, Events]] = [
    (ApiFamily.CHAT_COMPLETIONS, CHAT_STREAM),
    (ApiFamily.COMPLETIONS, [COMPLETION]),
    (ApiFamily.MESSAGES, MESSAGE_STREAM),
    (ApiFamily.RESPONSES, RESPONSE_STREAM),
]
REQUESTS: dict[ApiFamily, Document] = {
    ApiFamily.CHAT_COMPLETIONS: {"model": "m", "messages": [{"role": "user", "content": "hi"}]},
    ApiFamily.COMPLETIONS: {"model": "m", "prompt": "hi"},
    ApiFamily.EMBEDDINGS: {"model": "m", "input": "hi"},
    ApiFamily.MODELS: {},
    ApiFamily.INFERENCE: {"inputs": [{"name": "x", "datatype": "BYTES", "shape": [1], "data": ["hi"]}]},
    ApiFamily.COUNT_TOKENS: {"model": "m", "messages": [{"role": "user", "content": "hi"}]},
    ApiFamily.MESSAGES: {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]},
    ApiFamily.RESPONSES: {"model": "m", "input": "hi", "instructions": "the client's own words"},
}


def text_at(document: Any, slot: Slot) -> Any:
    """What stands where the slot says, as the slot says it."""
    value = get_value(document, slot.path)
    return encode(value).decode() if slot.encoded else value

"""OpenAI chat completions and Anthropic Messages: a conversation to a request, an answer to a reply.

Sources: OpenAI API reference, "Create chat completion"; Anthropic API reference, "Messages" (version 2023-06-01).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from bartizan.redteam.attempt import Reply, ToolCall
from bartizan.redteam.scope_target import TargetSpec
from bartizan.redteam.targets.messages import Said
from bartizan.redteam.targets.paths import as_json, decode, find, number_at, text_at

LONGEST = 200
"""Characters of what names the version that answered."""


class Dialect(Protocol):
    """One model API."""

    path: str

    def headers(self, key: str) -> dict[str, str]:
        """Authentication and version."""
        ...

    def body(self, spec: TargetSpec, messages: Sequence[Said], tools: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """The request."""
        ...

    def reply(self, document: Any) -> Reply:
        """The answer. Raises ValueError for a document of another shape."""
        ...


class OpenAi:
    """Chat completions."""

    path = "/chat/completions"

    def headers(self, key: str) -> dict[str, str]:
        """A bearer token."""
        return {"Authorization": f"Bearer {key}"} if key else {}

    def body(self, spec: TargetSpec, messages: Sequence[Said], tools: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Tool definitions are passed on as they are."""
        out: dict[str, Any] = {"model": spec.model, "messages": [self._message(one) for one in messages]}
        out["max_tokens"] = spec.max_tokens
        if spec.temperature is not None:
            out["temperature"] = spec.temperature
        if tools:
            out["tools"] = list(tools)
        return out

    def _message(self, said: Said) -> dict[str, Any]:
        out: dict[str, Any] = {"role": said.role, "content": said.text}
        if said.calls:
            out["content"] = said.text or None
            out["tool_calls"] = [
                {"id": id_, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
                for id_, call in said.calls
            ]
        if said.answers:
            out["tool_call_id"] = said.answers
        return out

    def reply(self, document: Any) -> Reply:
        """``refusal`` and the finish reason ``content_filter`` are refusals of a guard or of the model's provider."""
        choice = next(iter(find(document, "choices.0")), None)
        found = find(choice, "message")
        if not found:
            raise ValueError("the reply has no choices.0.message")
        message = found[0]
        refusal = text_at(message, "refusal")
        text = "\n".join(filter(None, (text_at(message, "content"), refusal)))
        calls = find(message, "tool_calls.*.function")
        finish = text_at(choice, "finish_reason")
        return Reply(
            text=text,
            tool_calls=tuple(
                ToolCall(name=text_at(one, "name") or "", arguments=text_at(one, "arguments") or "") for one in calls
            ),
            served=" ".join(filter(None, (text_at(document, n) for n in ("model", "system_fingerprint"))))[:LONGEST],
            blocked=finish == "content_filter" or bool(refusal),
            tokens_in=number_at(document, "usage.prompt_tokens"),
            tokens_out=number_at(document, "usage.completion_tokens"),
        )


class Anthropic:
    """Messages."""

    path = "/messages"

    def headers(self, key: str) -> dict[str, str]:
        """The key in ``x-api-key``."""
        return {"anthropic-version": "2023-06-01"} | ({"x-api-key": key} if key else {})

    def body(self, spec: TargetSpec, messages: Sequence[Said], tools: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """System messages become ``system``; tool definitions are rewritten from the form of chat completions."""
        system = "\n\n".join(one.text for one in messages if one.role == "system")
        out: dict[str, Any] = {"model": spec.model, "max_tokens": spec.max_tokens}
        out["messages"] = [self._message(one) for one in messages if one.role != "system"]
        if system:
            out["system"] = system
        if spec.temperature is not None:
            out["temperature"] = spec.temperature
        if tools:
            out["tools"] = [self._tool(one.get("function", one)) for one in tools]
        return out

    def _tool(self, function: dict[str, Any]) -> dict[str, Any]:
        schema = function.get("parameters", {"type": "object"})
        return {"name": function.get("name"), "description": function.get("description", ""), "input_schema": schema}

    def _message(self, said: Said) -> dict[str, Any]:
        if said.answers:
            block = {"type": "tool_result", "tool_use_id": said.answers, "content": said.text}
            return {"role": "user", "content": [block]}
        blocks: list[dict[str, Any]] = [{"type": "text", "text": said.text}] if said.text else []
        for id_, call in said.calls:
            try:
                arguments = decode(call.arguments.encode())
            except ValueError:
                arguments = {}
            blocks.append({"type": "tool_use", "id": id_, "name": call.name, "input": arguments})
        return {"role": said.role, "content": blocks}

    def reply(self, document: Any) -> Reply:
        """The stop reason ``refusal`` is one."""
        if not isinstance(document, dict) or not isinstance(document.get("content"), list):
            raise ValueError("the reply has no list content")
        blocks = [one for one in document["content"] if isinstance(one, dict)]
        return Reply(
            text="\n".join(str(one.get("text", "")) for one in blocks if one.get("type") == "text"),
            tool_calls=tuple(
                ToolCall(name=str(one.get("name", "")), arguments=as_json(one.get("input")))
                for one in blocks
                if one.get("type") == "tool_use"
            ),
            served=(text_at(document, "model") or "")[:LONGEST],
            blocked=document.get("stop_reason") == "refusal",
            tokens_in=number_at(document, "usage.input_tokens"),
            tokens_out=number_at(document, "usage.output_tokens"),
        )

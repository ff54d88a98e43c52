"""The request of the Responses API (``POST /v1/responses``)."""

from __future__ import annotations

from typing import Any

from bartizan.firewall.dialects.marks import (
    EarlierConversation,
    EarlierResponse,
    StoredPrompt,
    SystemWords,
    ToolTree,
    Words,
)
from bartizan.firewall.dialects.responses.items import AnyItem
from bartizan.firewall.dialects.responses.parts import InputFile, InputImage, InputText
from bartizan.firewall.dialects.responses.tools import AnyTool
from bartizan.firewall.dialects.shape import Shape
from bartizan.firewall.exchange import Document


class Conversation(Shape):
    """A conversation at the upstream."""

    id: EarlierConversation


class Prompt(Shape):
    """A prompt at the upstream, and what is filled in."""

    id: StoredPrompt
    version: str | None = None
    variables: dict[str, Words | InputText | InputImage | InputFile] | None = None


class TextConfig(Shape):
    """Form of the answer."""

    format: ToolTree = None
    verbosity: str | None = None


class Reasoning(Shape):
    """Effort and visibility of the reasoning."""

    effort: str | None = None
    summary: str | None = None
    generate_summary: str | None = None
    context: str | None = None
    mode: str | None = None


class ResponsesRequest(Shape):
    """The whole body."""

    model: str | None = None
    input: Words | list[AnyItem] | None = None
    instructions: SystemWords | None = None
    stream: bool | None = None
    stream_options: Any = None
    max_output_tokens: int | None = None
    max_tool_calls: int | None = None
    tools: list[AnyTool] | None = None
    tool_choice: ToolTree = None
    parallel_tool_calls: bool | None = None
    previous_response_id: EarlierResponse | None = None
    conversation: Conversation | EarlierConversation | None = None
    prompt: Prompt | None = None
    text: TextConfig | None = None
    reasoning: Reasoning | None = None
    metadata: dict[str, Words] | None = None
    include: list[str] | None = None
    user: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    prompt_cache_options: Any = None
    service_tier: str | None = None
    store: bool | None = None
    background: bool | None = None
    background_options: Any = None
    context_management: Any = None
    access_programs: Any = None
    image: Any = None
    moderation: Any = None
    truncation: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_logprobs: int | None = None


def name_types(document: Document) -> None:
    """Write the ``type`` that the API lets clients leave out of messages and item references, in place, so that the
    upstream cannot read an item as another type than the one that was inspected."""
    items = document.get("input")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and item.get("type") is None:
            item["type"] = "message" if "role" in item else "item_reference"

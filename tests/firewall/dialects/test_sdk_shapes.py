"""Every field, item, part, block and tool type that the installed SDKs can send is known here."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import typing_extensions
from anthropic.types import message_count_tokens_params, message_create_params
from anthropic.types.beta import message_count_tokens_params as beta_message_count_tokens_params
from anthropic.types.beta import message_create_params as beta_message_create_params
from openai.types import completion_create_params as completions
from openai.types import embedding_create_params as embeddings
from openai.types.chat import completion_create_params as chat
from openai.types.responses import response_create_params as responses

from bartizan.firewall.dialects.chat.request import ChatRequest
from bartizan.firewall.dialects.completions import CompletionRequest
from bartizan.firewall.dialects.embeddings import EmbeddingRequest
from bartizan.firewall.dialects.messages.counting import CountRequest
from bartizan.firewall.dialects.messages.request import MessagesRequest
from bartizan.firewall.dialects.responses.request import ResponsesRequest

PAIRS = [
    (chat.CompletionCreateParamsStreaming, ChatRequest),
    (completions.CompletionCreateParamsStreaming, CompletionRequest),
    (embeddings.EmbeddingCreateParams, EmbeddingRequest),
    (responses.ResponseCreateParamsStreaming, ResponsesRequest),
    (message_create_params.MessageCreateParamsStreaming, MessagesRequest),
    (beta_message_create_params.MessageCreateParamsStreaming, MessagesRequest),
    (message_count_tokens_params.MessageCountTokensParams, CountRequest),
    (beta_message_count_tokens_params.MessageCountTokensParams, CountRequest),
]
HEADERS = {"betas"}
"""Arguments that the SDK sends as headers."""


def members(hint: Any) -> Iterator[Any]:
    """The types an annotation is made of, without containers."""
    base = typing.get_origin(hint)
    if base is typing.Literal:
        return
    if isinstance(hint, type) and (typing_extensions.is_typeddict(hint) or issubclass(hint, msgspec.Struct)):
        yield hint
    for argument in typing.get_args(hint) if base is not types.GenericAlias else ():
        yield from members(argument)


def tags(typed: Any, field: str) -> list[str]:
    hint = typing_extensions.get_type_hints(typed).get(field)
    found = [hint, *typing.get_args(hint)]
    return [value for part in found if typing.get_origin(part) is typing.Literal for value in typing.get_args(part)]


def unknown(typed: Any, shape: type[msgspec.Struct], path: str, seen: set[tuple[Any, Any]]) -> Iterator[str]:
    """What ``typed`` can hold and ``shape`` does not know."""
    if (typed, shape) in seen:
        return
    seen.add((typed, shape))
    ours = typing.get_type_hints(shape)
    names = {field.encode_name: field.name for field in msgspec.structs.fields(shape)}
    tag = shape.__struct_config__.tag_field
    for name, hint in typing_extensions.get_type_hints(typed).items():
        if name in HEADERS or name == tag:
            continue
        if name not in names:
            yield f"{path}.{name}"
            continue
        shapes = list(members(ours[names[name]]))
        if not shapes:
            continue
        for inner in members(hint):
            if typing_extensions.is_typeddict(inner):
                yield from unknown_variant(inner, shapes, f"{path}.{name}", seen)


def unknown_variant(
    typed: Any, shapes: list[type[msgspec.Struct]], path: str, seen: set[tuple[Any, Any]]
) -> Iterator[str]:
    tagged = {shape.__struct_config__.tag: shape for shape in shapes if shape.__struct_config__.tag_field}
    if not tagged:
        yield from unknown(typed, shapes[0], path, seen)
        return
    field = next(iter(tagged.values())).__struct_config__.tag_field
    assert field
    for tag in tags(typed, field):
        if tag in tagged:
            yield from unknown(typed, tagged[tag], f"{path}[{tag}]", seen)
        else:
            yield f"{path}[{tag}]"


@pytest.mark.parametrize(("typed", "shape"), PAIRS, ids=lambda value: value.__module__ + "." + value.__name__)
def test_the_sdk_can_send_nothing_unknown(typed: Any, shape: type[msgspec.Struct]) -> None:
    assert sorted(set(unknown(typed, shape, "", set()))) == []

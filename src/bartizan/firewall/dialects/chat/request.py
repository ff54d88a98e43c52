"""The request of chat completions (``POST /v1/chat/completions``), as the OpenAI API reference describes it."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from bartizan.core.passage import Origin
from bartizan.firewall.dialects.marks import (
    AudioId,
    AudioSource,
    FileId,
    FileSource,
    ImageSource,
    ToolTree,
    VideoSource,
    Words,
)
from bartizan.firewall.dialects.shape import Shape


class Text(Shape, tag_field="type", tag="text"):
    """A text part."""

    text: Words
    cache_control: Any = None
    prompt_cache_breakpoint: Any = None


class RefusalPart(Shape, tag_field="type", tag="refusal"):
    """What an assistant declined with, in an earlier turn."""

    refusal: Words


class ImageUrl(Shape):
    """Where an image is: remote or a ``data:`` URL."""

    url: ImageSource
    detail: str | None = None


class Image(Shape, tag_field="type", tag="image_url"):
    """An image part."""

    image_url: ImageUrl | ImageSource
    cache_control: Any = None
    prompt_cache_breakpoint: Any = None


class VideoUrl(Shape):
    """Where a video is (vLLM, OpenRouter)."""

    url: VideoSource


class Video(Shape, tag_field="type", tag="video_url"):
    """A video part (vLLM, OpenRouter)."""

    video_url: VideoUrl


class InputAudioData(Shape):
    """Sound, base64."""

    data: AudioSource
    format: str


class InputAudio(Shape, tag_field="type", tag="input_audio"):
    """A sound part."""

    input_audio: InputAudioData
    prompt_cache_breakpoint: Any = None


class FileData(Shape):
    """A file: its bytes, or its id at the upstream."""

    file_data: FileSource | None = None
    file_id: FileId | None = None
    filename: Words | None = None


class File(Shape, tag_field="type", tag="file"):
    """A file part."""

    file: FileData
    cache_control: Any = None
    prompt_cache_breakpoint: Any = None


Content = Words | list[Text | Image | Video | InputAudio | File]


class Function(Shape):
    """A call's name and arguments (JSON in a string)."""

    origin: ClassVar[Origin] = Origin.TOOL_CALL
    name: Words
    arguments: Words


class FunctionCall(Shape, tag_field="type", tag="function"):
    """An earlier call of a function tool."""

    id: str
    function: Function
    index: int | None = None


class Custom(Shape):
    """A custom tool's name and free-form input."""

    origin: ClassVar[Origin] = Origin.TOOL_CALL
    name: Words
    input: Words


class CustomCall(Shape, tag_field="type", tag="custom"):
    """An earlier call of a custom tool."""

    id: str
    custom: Custom


class EarlierAudio(Shape):
    """Spoken answer of an earlier turn, kept at the upstream."""

    id: AudioId


class Developer(Shape, tag_field="role", tag="developer"):
    """Instructions by whoever built the application."""

    origin: ClassVar[Origin] = Origin.SYSTEM
    content: Content
    name: Words | None = None


class System(Developer, tag_field="role", tag="system"):
    """Instructions, under their older role name."""


class User(Shape, tag_field="role", tag="user"):
    """What the user said."""

    origin: ClassVar[Origin] = Origin.USER
    content: Content
    name: Words | None = None


class Assistant(Shape, tag_field="role", tag="assistant"):
    """What the model said in an earlier turn."""

    origin: ClassVar[Origin] = Origin.ASSISTANT
    content: Words | list[Text | RefusalPart | Image] | None = None
    name: Words | None = None
    refusal: Words | None = None
    reasoning_content: Words | None = None
    reasoning: Words | None = None
    audio: EarlierAudio | None = None
    tool_calls: list[FunctionCall | CustomCall] | None = None
    function_call: Function | None = None
    annotations: Any = None


class Tool(Shape, tag_field="role", tag="tool"):
    """What a tool returned."""

    origin: ClassVar[Origin] = Origin.TOOL_RESULT
    content: Content
    tool_call_id: str
    name: Words | None = None


class FunctionResult(Shape, tag_field="role", tag="function"):
    """What a function returned, under its older role name."""

    origin: ClassVar[Origin] = Origin.TOOL_RESULT
    content: Words | None
    name: Words


Message = Developer | System | User | Assistant | Tool | FunctionResult


class Definition(Shape):
    """A function's definition."""

    origin: ClassVar[Origin] = Origin.TOOL_DEFINITION
    name: Words
    description: Words | None = None
    parameters: Any = None
    strict: bool | None = None


class FunctionTool(Shape, tag_field="type", tag="function"):
    """A function tool."""

    function: Definition
    cache_control: Any = None


class CustomDefinition(Shape):
    """A custom tool's definition; ``format`` may hold a grammar."""

    origin: ClassVar[Origin] = Origin.TOOL_DEFINITION
    name: Words
    description: Words | None = None
    format: Any = None


class CustomTool(Shape, tag_field="type", tag="custom"):
    """A custom tool."""

    custom: CustomDefinition


class WebSearchOptions(Shape):
    """Lets the model search the web before it answers."""

    origin: ClassVar[Origin] = Origin.TOOL_DEFINITION
    uncovered: ClassVar[str] = "web search runs upstream; its results are not in the request"
    search_context_size: str | None = None
    user_location: Any = None


class Prediction(Shape):
    """Text that the answer is expected to repeat."""

    origin: ClassVar[Origin] = Origin.ASSISTANT
    type: Literal["content"]
    content: Words | list[Text]


class StreamOptions(Shape):
    """Options of streaming."""

    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class ChatRequest(Shape):
    """The whole body."""

    model: str
    messages: list[Message]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    tools: list[FunctionTool | CustomTool] | None = None
    tool_choice: ToolTree = None
    functions: list[Definition] | None = None
    function_call: ToolTree = None
    parallel_tool_calls: bool | None = None
    response_format: ToolTree = None
    web_search_options: WebSearchOptions | None = None
    prediction: Prediction | None = None
    stop: Words | list[Words] | None = None
    metadata: dict[str, Words] | None = None
    user: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    prompt_cache_options: Any = None
    audio: Any = None
    moderation: Any = None
    modalities: list[str] | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    temperature: float | None = None
    top_p: float | None = None
    logit_bias: dict[str, float] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    n: int | None = None
    seed: int | None = None
    store: bool | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None
    service_tier: str | None = None

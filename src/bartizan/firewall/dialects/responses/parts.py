"""The parts of a message in the Responses API."""

from __future__ import annotations

from typing import Any

from bartizan.firewall.dialects.marks import AudioSource, FileId, FileSource, ImageSource, Words
from bartizan.firewall.dialects.shape import Shape


class Part(Shape, tag_field="type"):
    """Base of the parts of a message."""

    prompt_cache_breakpoint: Any = None


class InputText(Part, kw_only=True, tag="input_text"):
    """A text."""

    text: Words


class InputImage(Part, kw_only=True, tag="input_image"):
    """An image."""

    image_url: ImageSource | None = None
    file_id: FileId | None = None
    detail: str | None = None


class InputFile(Part, kw_only=True, tag="input_file"):
    """A file."""

    file_data: FileSource | None = None
    file_url: FileSource | None = None
    file_id: FileId | None = None
    filename: Words | None = None
    detail: str | None = None


class InputAudioData(Shape):
    """Sound, base64."""

    data: AudioSource
    format: str


class InputAudio(Part, kw_only=True, tag="input_audio"):
    """Sound."""

    input_audio: InputAudioData


class OutputText(Part, kw_only=True, tag="output_text"):
    """What the model said in an earlier turn."""

    text: Words
    annotations: Any = None
    logprobs: Any = None


class RefusalPart(Part, kw_only=True, tag="refusal"):
    """What the model declined with in an earlier turn."""

    refusal: Words


Parts = list[InputText | InputImage | InputFile | InputAudio | OutputText | RefusalPart]

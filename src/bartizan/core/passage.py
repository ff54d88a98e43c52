"""What a message is made of, and the pieces of text that are inspected."""

from __future__ import annotations

from enum import StrEnum

import msgspec

Path = tuple[str | int, ...]
"""Where a value stands in a decoded JSON document: keys and list indices from the root."""


def render_path(path: Path) -> str:
    """``("messages", 0, "content")`` as ``messages[0].content``."""
    out = ""
    for step in path:
        out += f"[{step}]" if isinstance(step, int) else (f".{step}" if out else step)
    return out


class Origin(StrEnum):
    """Who wrote a passage. Origin decides trust; content never does."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL_DEFINITION = "tool_definition"
    TOOL_CALL = "tool_call"
    TOOL_RESULT = "tool_result"
    RETRIEVED = "retrieved"
    MEMORY = "memory"


class Surface(StrEnum):
    """How a passage is read: as somebody's request, as material, or as model output."""

    USER = "user"
    CONTENT = "content"
    OUTPUT = "output"


class Passage(msgspec.Struct, frozen=True):
    """One piece of text to inspect."""

    text: str
    origin: Origin
    surfaces: tuple[Surface, ...]
    """Every surface it is read as; unmarked mixed user text is both user and content. Empty: trusted, not inspected."""
    path: Path = ()
    """Where the text stands in the request or response document."""


class Text(msgspec.Struct, frozen=True, tag="text"):
    """A part that is a passage."""

    passage: Passage


class Blob(msgspec.Struct, frozen=True, tag="blob"):
    """An opaque part: image, audio, file. No guard reads inside; policy decides, in words."""

    media: str
    """``image``, ``audio``, ``file``, ``video`` or ``encrypted``."""
    size: int
    """Bytes as carried (before base64 decoding); 0 for a mere reference."""
    path: Path = ()
    remote: str = ""
    """The URL or file id when the bytes are elsewhere."""


class Tensor(msgspec.Struct, frozen=True, tag="tensor"):
    """A numeric input of a model."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    path: Path = ()
    read: bool = False
    """A guard of tensors judges it."""


Part = Text | Blob | Tensor

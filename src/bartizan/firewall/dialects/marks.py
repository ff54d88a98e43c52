"""How a field of a wire format says what it carries.

A plain ``str`` field is an identifier: it is skipped when it looks like one (``documents.is_token``) and inspected as
text when it does not. ``Any`` fields are searched for strings. Everything else is said with these annotations.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from bartizan.core.passage import Origin

MARK = "bartizan"


class Mark(msgspec.Struct, frozen=True):
    """What a field carries."""

    kind: Literal["words", "blob", "reference", "under", "inputs"]
    media: str = ""
    reason: str = ""
    origin: Origin | None = None


def _meta(mark: Mark) -> Meta:
    return Meta(extra={MARK: mark})


Words = Annotated[str, _meta(Mark("words"))]
"""Text, always inspected, however short."""
TextOrTokens = Annotated[Any, _meta(Mark("inputs"))]
"""A string, a list of strings, a list of token ids, or a list of such lists."""
SystemWords = Annotated[str, _meta(Mark("words", origin=Origin.SYSTEM))]
ToolTree = Annotated[Any, _meta(Mark("under", origin=Origin.TOOL_DEFINITION))]
"""Any JSON about tools and output shapes, such as a JSON Schema: each string in it is a tool definition."""
CallTree = Annotated[Any, _meta(Mark("under", origin=Origin.TOOL_CALL))]
ResultTree = Annotated[Any, _meta(Mark("under", origin=Origin.TOOL_RESULT))]

ImageSource = Annotated[str, _meta(Mark("blob", media="image"))]
"""Base64, a ``data:`` URL or a remote URL."""
AudioSource = Annotated[str, _meta(Mark("blob", media="audio"))]
VideoSource = Annotated[str, _meta(Mark("blob", media="video"))]
FileSource = Annotated[str, _meta(Mark("blob", media="file"))]
Encrypted = Annotated[str, _meta(Mark("blob", media="encrypted"))]
"""Opaque protocol state that only the upstream can read."""

FileId = Annotated[str, _meta(Mark("reference", reason="the file is stored at the upstream"))]
AudioId = Annotated[str, _meta(Mark("reference", reason="the audio is stored at the upstream"))]
ItemId = Annotated[str, _meta(Mark("reference", reason="the item is stored at the upstream"))]
EarlierResponse = Annotated[str, _meta(Mark("reference", reason="the earlier response is stored at the upstream"))]
EarlierConversation = Annotated[str, _meta(Mark("reference", reason="the conversation is stored at the upstream"))]
StoredPrompt = Annotated[str, _meta(Mark("reference", reason="the prompt is stored at the upstream"))]
ContainerId = Annotated[str, _meta(Mark("reference", reason="the container's contents are at the upstream"))]
SkillId = Annotated[str, _meta(Mark("reference", reason="the skill is stored at the upstream"))]
StoreId = Annotated[str, _meta(Mark("reference", reason="the documents are stored at the upstream"))]
RemoteTools = Annotated[str, _meta(Mark("reference", reason="the server's tools are not in the request"))]

"""Where the parts of a request are gathered while its document is walked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bartizan.core.passage import Blob, Origin, Part, Passage, Path, Surface, Tensor, Text
from bartizan.firewall.documents import string_leaves

Surfaces = Mapping[Origin, tuple[Surface, ...]]

_SCHEMA_TYPES = frozenset({"string", "number", "integer", "object", "array", "boolean", "null"})
"""The values of JSON Schema's ``type``: by far the most frequent strings in tool definitions, and never a message."""
_DATA_URL = re.compile(
    r"data:(?!text/)[\w.+-]{1,64}/[\w.+-]{1,64}(?:;[\w.+=-]{1,64})*;base64,", re.IGNORECASE | re.ASCII
)
_BASE64 = re.compile(r"[A-Za-z0-9+/=_\r\n-]*")
_FALLBACK = (Surface.USER, Surface.CONTENT)


class Sink:
    """Gathers passages, blobs, references and unknown fields.

    Args:
        surfaces: as which surfaces a passage of each origin is read; an origin that is missing is read as both user
            text and content.
    """

    def __init__(self, surfaces: Surfaces) -> None:
        self._surfaces = surfaces
        self.parts: list[Part] = []
        self.unknown: list[Path] = []
        self.uncovered: list[tuple[Path, str]] = []

    def words(self, text: str, path: Path, origin: Origin) -> None:
        """A text; empty ones say nothing and are left out."""
        if text:
            self.parts.append(Text(Passage(text, origin, self._surfaces.get(origin, _FALLBACK), path)))

    def tree(self, value: Any, path: Path, origin: Origin) -> None:
        """Every string in ``value`` and every key that could be text."""
        for place, text in string_leaves(value, path):
            if text not in _SCHEMA_TYPES:
                self.words(text, place, origin)

    def blob(self, media: str, source: str, path: Path) -> None:
        """Opaque bytes, or the address of such bytes. What is neither Base64 nor such a ``data:`` URL, or says that it
        is text, is read as well, so that no instruction passes by calling itself an image."""
        if source[:7].lower() == "http://" or source[:8].lower() == "https://":
            self.parts.append(Blob(media, 0, path, source))
        elif source:
            self.parts.append(Blob(media, len(source), path))
            if not _is_opaque(source):
                self.fallback(source, path)

    def token_ids(self, count: int, path: Path) -> None:
        """Token ids: text that only the upstream's tokenizer can read, so policy treats it as unread."""
        self.parts.append(Tensor("of token ids", "INT64", (count,), path))

    def reference(self, reason: str, path: Path) -> None:
        """Content that is not in the request."""
        self.uncovered.append((path, reason))

    def stray(self, value: Any, path: Path) -> None:
        """A field outside the known shape."""
        self.unknown.append(path)
        for place, text in string_leaves(value, path):
            self.fallback(text, place)

    def fallback(self, text: str, path: Path) -> None:
        """A text whose origin nobody knows: read as what a user says and as content, whatever policy says of users."""
        self.parts.append(Text(Passage(text, Origin.USER, _FALLBACK, path)))


def _is_opaque(source: str) -> bool:
    url = _DATA_URL.match(source)
    return _BASE64.fullmatch(source, url.end() if url else 0) is not None

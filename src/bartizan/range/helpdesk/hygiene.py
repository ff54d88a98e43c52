"""What the fixed help desk does to text on its way in and out."""

from __future__ import annotations

import re
import unicodedata

_CHAT_TOKEN = re.compile(r"<\|[^|<>]{0,40}\|>")
_MARKDOWN_LINK = re.compile(r"!?\[([^\[\]\n]{0,200})\]\([^()\s]{0,400}(?:\s[^()\n]{0,100})?\)")
_URL = re.compile(r"\bhttps?://\S{1,400}", re.IGNORECASE)
_KEPT_CONTROLS = frozenset("\n\t")


def plain_text(text: str) -> str:
    """NFKC without format, control, private and unassigned characters, and without chat-template tokens."""
    text = unicodedata.normalize("NFKC", text)
    text = "".join(c for c in text if c in _KEPT_CONTROLS or not unicodedata.category(c).startswith("C"))
    return _CHAT_TOKEN.sub(" ", text)


def without_links(text: str) -> str:
    """Markdown links and images become their label; bare addresses go."""
    return _URL.sub("[link removed]", _MARKDOWN_LINK.sub(r"\1", text))

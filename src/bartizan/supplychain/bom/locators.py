"""Package URLs and web addresses: whether a text is one, so that no document carries what its schema refuses."""

from __future__ import annotations

from urllib.parse import urlsplit

_PURL_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_~:/@?=&#%+")


def is_purl(text: str) -> bool:
    """Whether ``text`` has the form ``pkg:type/name…`` of the purl specification."""
    kind, _, rest = text.removeprefix("pkg:").partition("/")
    return (
        text.startswith("pkg:")
        and kind[:1].isalpha()
        and all(one.isalnum() or one in ".-+" for one in kind)
        and bool(rest.strip("/"))
        and len(text) <= 1_000
        and set(text) <= _PURL_CHARACTERS
    )


def is_url(text: str) -> bool:
    """Whether ``text`` is an absolute web address of ASCII characters."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    bad = any(one.isspace() or one in '<>"{}|\\^`[]' for one in text)
    return parts.scheme in ("http", "https", "ws", "wss") and bool(parts.hostname) and text.isascii() and not bad

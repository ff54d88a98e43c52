"""What came back in place of a readable answer: an error page or a torn answer may hold what should not be shown."""

from __future__ import annotations

from typing import Any

import msgspec

from bartizan.redteam.attempt import Reply
from bartizan.redteam.knowledge import MAX_TEXT

_ESCAPES = (("\\n", "\n"), ("\\r", "\n"), ("\\t", "\t"), ("\\/", "/"), ('\\"', '"'))


def texts_of(body: bytes) -> str:
    """Keys and values of ``body``'s JSON, one to a line; of what is none, the whole, with the escapes of JSON undone: a
    torn document has them too."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = body.decode("utf-8", "replace")
        for escape, meant in _ESCAPES:
            text = text.replace(escape, meant)
        return text
    return "\n".join(leaves(document, keys=True))


def remains_of(body: bytes) -> str:
    """The same, as much as oracles read, and one character more where there was more."""
    return texts_of(body)[: MAX_TEXT + 1]


def with_earlier(reply: Reply, before: bytes) -> Reply:
    """``reply`` with what earlier tries brought among its remains."""
    if not before.strip():
        return reply
    texts = "\n".join((*(texts_of(line) for line in before.split(b"\n")), reply.remains)).strip()
    return msgspec.structs.replace(reply, remains=texts[: MAX_TEXT + 1])


def leaves(document: Any, *, keys: bool) -> list[str]:
    """Texts and numbers of a JSON document in their order, with or without the keys of its objects."""
    out: list[str] = []
    left = [document]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left += (one for key, inner in reversed(value.items()) for one in ((inner, key) if keys else (inner,)))
        elif isinstance(value, list):
            left += reversed(value)
        elif value is not None and not isinstance(value, bool):
            out.append(str(value))
    return out

"""Reading values out of a target's JSON by dotted paths, which cannot do more than look."""

from __future__ import annotations

from typing import Any

import msgspec

MAX_FOUND = 1_000
MAX_COUNT = 10**12


def decode(body: bytes) -> Any:
    """The JSON document. Raises ValueError when it is none."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        start = body[:40].decode("utf-8", "replace").strip()
        raise ValueError(f"the reply is not JSON; it starts with {start!r}") from error


def find(document: Any, path: str) -> list[Any]:
    """Every value at ``path``: keys and indices joined by dots, ``*`` for every item. Empty when nothing is there."""
    level = [document]
    for step in path.split(".") if path else ():
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += [value[step]] if step in value else []
            elif isinstance(value, list):
                if step == "*":
                    below += value
                elif step.isascii() and step.lstrip("-").isdigit() and -len(value) <= int(step) < len(value):
                    below.append(value[int(step)])
        level = below[:MAX_FOUND]
    return level


def text_at(document: Any, path: str) -> str | None:
    """The text at ``path``; several are joined by newlines; None when there is none."""
    found = [one if isinstance(one, str) else as_json(one) for one in find(document, path) if one is not None]
    return "\n".join(found) if found else None


def number_at(document: Any, path: str) -> int:
    """The count at ``path``, or 0."""
    found = find(document, path) if path else []
    return counted(found[0]) if found else 0


def counted(value: Any) -> int:
    """``value`` if it is a whole number that can be a count, else 0: a negative one would undo what others add."""
    return min(value, MAX_COUNT) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def as_json(value: Any) -> str:
    """Compact JSON text."""
    return msgspec.json.encode(value).decode()

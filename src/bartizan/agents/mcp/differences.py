"""What changed between two definitions, in lines that a person can read and a terminal cannot be driven by."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

import msgspec

MOST_LINES = 400
_TAGS = re.compile("[\U000e0020-\U000e007e]+")


def difference(before: object, after: object, old: str = "pinned", new: str = "now") -> list[str]:
    """A unified diff of two JSON values; hidden characters are written out as escapes."""
    lines = difflib.unified_diff(_lines(before), _lines(after), old, new, lineterm="", n=2)
    found = list(lines)
    return [*found[:MOST_LINES], f"… {len(found) - MOST_LINES} more lines"] if len(found) > MOST_LINES else found


def visible(text: str) -> str:
    """Printable characters as they are, line ends and everything that hides as escapes; tags as what they spell."""
    text = _TAGS.sub(lambda run: f"⟨hidden: {''.join(chr(ord(c) - 0xE0000) for c in run[0])}⟩", text)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _lines(value: object) -> list[str]:
    """Pretty JSON, but long texts over several lines, so that a changed sentence shows as one."""
    return list(_render(msgspec.to_builtins(value), 0, ""))


def _render(value: object, depth: int, label: str) -> Iterator[str]:
    indent = "  " * depth
    if isinstance(value, dict) and value:
        yield f"{indent}{label}{{"
        for key in sorted(value):
            yield from _render(value[key], depth + 1, f"{visible(str(key))}: ")
        yield f"{indent}}}"
    elif isinstance(value, list) and value:
        yield f"{indent}{label}["
        for inner in value:
            yield from _render(inner, depth + 1, "")
        yield f"{indent}]"
    elif isinstance(value, str) and "\n" in value:
        yield f"{indent}{label}|"
        for line in value.split("\n"):
            yield f"{indent}  {visible(line)}"
    else:
        yield f"{indent}{label}{visible(msgspec.json.encode(value).decode())}"

"""Pieces of YAML as we write them into files that people keep."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import yaml

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
"""Words that one edition of YAML or another does not take for text."""


def quoted(text: str) -> str:
    """YAML's double-quoted style, in ASCII: no text can end it, and no invisible character reaches a file as it is.

    JSON's escapes are YAML's too, but for characters outside the basic plane: YAML knows no pairs of surrogates.
    """
    out = json.dumps(text, ensure_ascii=False)
    return "".join(sign if 0x20 <= ord(sign) < 0x7F else _escaped(ord(sign)) for sign in out)


def _escaped(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def flow(value: Any) -> str:
    """JSON values in YAML's flow style; text is quoted unless it is a plain word."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) and value.lower() not in _WORDS else quoted(value)
    return json.dumps(value)


def last_line(node: yaml.Node) -> int:
    """The number of the last line that holds text of the node; a block's own end mark lies after later comments."""
    while isinstance(node.value, list) and node.value and not getattr(node, "flow_style", False):
        item = node.value[-1]
        node = item[1] if isinstance(item, tuple) else item
    end = node.end_mark
    return int(end.line) + (1 if end.column > 0 or end.line == node.start_mark.line else 0)

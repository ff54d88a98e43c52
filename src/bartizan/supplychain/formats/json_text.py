"""JSON as attackers write it: bounded, with the keys that stand twice, which parsers read differently."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from bartizan.supplychain.interface import MalformedError

LARGEST = 64 << 20
"""Bytes of one document; tokenizers reach 40 MB."""
DEEPEST = 200
"""Nesting that is followed."""


class Document(NamedTuple):
    """A decoded document."""

    root: Any
    repeated: tuple[str, ...]
    """Keys that stand more than once in one object; at most 20 of them."""


def decode(raw: bytes, offset: int = 0, most: int = LARGEST) -> Document:
    """Decode UTF-8 JSON. Raises `MalformedError` for what is none, is too large or nests too deep."""
    if len(raw) > most:
        raise MalformedError(f"a JSON document of {len(raw)} bytes is larger than {most}", offset)
    repeated: dict[str, None] = {}

    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        content = dict(members)
        if len(content) != len(members) and len(repeated) < 20:
            seen: set[str] = set()
            for key, _ in members:
                if key in seen:
                    repeated[key] = None
                seen.add(key)
        return content

    try:
        root = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=pairs, parse_int=_number)
    except RecursionError:
        raise MalformedError("JSON nests too deep", offset) from None
    except UnicodeDecodeError as error:
        raise MalformedError("JSON is not UTF-8", offset + error.start) from None
    except ValueError as error:
        at = getattr(error, "pos", 0)
        raise MalformedError(f"not JSON: {getattr(error, 'msg', 'a number is out of bounds')}", offset + at) from None
    _depth(root, offset)
    return Document(root, tuple(repeated)[:20])


def _number(digits: str) -> int:
    if len(digits) > 100:
        raise ValueError("number")
    return int(digits)


def _depth(root: Any, offset: int) -> None:
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise MalformedError(f"JSON nests deeper than {DEEPEST}", offset)
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]

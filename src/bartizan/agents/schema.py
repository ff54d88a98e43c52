"""The arguments that a tool's JSON Schema declares, read within bounds."""

from __future__ import annotations

from typing import Any

import msgspec

MAX_PROPERTIES = 512
"""Arguments read per tool; a definition with more is kept, its further arguments count as undeclared."""
MAX_TEXT = 2_000
"""Characters read of one description."""


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """One declared argument."""

    name: str
    type: str = ""
    format: str = ""
    description: str = ""
    options: tuple[str, ...] = ()
    required: bool = False


def declared_arguments(schema: Any) -> list[Declared]:
    """Top-level arguments of ``schema``, in its order. Reads nothing recursively, so that no schema can make it loop.

    What is not of the expected type is read as absent: definitions come from servers that may be hostile.
    """
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict):
        return []
    required = schema.get("required")
    named = {name for name in required if isinstance(name, str)} if isinstance(required, list) else set()
    found = []
    for name, body in list(properties.items())[:MAX_PROPERTIES]:
        shape = body if isinstance(body, dict) else {}
        found.append(
            Declared(
                name=str(name)[:200],
                type=_type(shape),
                format=_text(shape.get("format"))[:50],
                description=_text(shape.get("description")),
                options=_options(shape),
                required=name in named,
            )
        )
    return found


def _type(shape: dict[str, Any]) -> str:
    """``string``, ``number``, ``array``…; of alternatives the first that is not null."""
    kind = shape.get("type")
    if isinstance(kind, list):
        kind = next((entry for entry in kind if entry != "null"), "")
    if isinstance(kind, str):
        return kind
    for key in ("anyOf", "oneOf", "allOf"):
        entries = shape.get(key)
        if isinstance(entries, list):
            for entry in entries[:16]:
                inner = entry.get("type") if isinstance(entry, dict) else None
                if isinstance(inner, str) and inner != "null":
                    return inner
    return ""


def _options(shape: dict[str, Any]) -> tuple[str, ...]:
    options = shape.get("enum")
    if not isinstance(options, list):
        return ()
    return tuple(str(option)[:200] for option in options[:64])


def _text(value: Any) -> str:
    return value[:MAX_TEXT] if isinstance(value, str) else ""

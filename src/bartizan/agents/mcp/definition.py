"""A tool definition as it is pinned: the fields a model or a client acts on, in canonical JSON, under one digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from bartizan.core.passage import Path
from bartizan.core.tool import ToolDefinition

Definition = dict[str, Any]
"""As on the wire, reduced to FIELDS."""

FIELDS = ("name", "title", "description", "inputSchema", "outputSchema", "annotations")
"""Everything else (icons, ``_meta``) is not passed on, so it needs no pin."""


def definition_of(wire: Mapping[str, Any]) -> Definition:
    """The pinned fields of a tool as its server lists it."""
    return {field: wire[field] for field in FIELDS if wire.get(field) is not None}


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no white space; equal values give equal bytes."""
    return msgspec.json.encode(value, order="sorted")


def digest_of(value: object) -> str:
    """``sha256:`` and the hexadecimal SHA-256 of the canonical JSON."""
    return f"sha256:{hashlib.sha256(canonical(value)).hexdigest()}"


def tool_of(definition: Definition, name: str, server: str) -> ToolDefinition:
    """As the tool guard reads it, under the name by which the client calls it."""
    annotations = definition.get("annotations")
    return ToolDefinition(
        name=name,
        description=str(definition.get("description", "")),
        input_schema=definition["inputSchema"],
        annotations=annotations if isinstance(annotations, dict) else {},
        server=server,
    )


def strings(value: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every string of a JSON value, keys included, with its place. The value's depth must be bounded."""
    if isinstance(value, str):
        if value:
            yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield (*path, key), str(key)
            yield from strings(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from strings(inner, (*path, number))


def shape_problem(definition: Definition, most_bytes: int, most_depth: int, most_nodes: int) -> str:
    """Why a definition is too large or not one at all; empty when it may be read on."""
    schemas = [definition.get("inputSchema"), definition.get("outputSchema", {})]
    if not all(isinstance(schema, dict) for schema in schemas):
        return "its schema is not an object"
    level: list[Any] = list(schemas)
    nodes = 0
    for _ in range(most_depth + 1):
        below: list[Any] = []
        for holder in level:
            nodes += len(holder) + 1
            if nodes > most_nodes:
                return f"its schemas have more than {most_nodes} parts"
            below += [
                v for v in (holder.values() if isinstance(holder, dict) else holder) if isinstance(v, dict | list)
            ]
        if not below:
            break
        level = below
    else:
        return f"its schemas are nested deeper than {most_depth} levels"
    size = len(canonical(definition))
    return f"it has {size} bytes, more than {most_bytes}" if size > most_bytes else ""

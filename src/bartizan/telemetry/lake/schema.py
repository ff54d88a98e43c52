"""The lake's columns, worked out from the event types: a kind that is added brings its columns along."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, get_args

import msgspec
from msgspec import inspect as kinds

from bartizan.core.event import Event

_SCALARS: Final[tuple[tuple[type[kinds.Type], str], ...]] = (
    (kinds.BoolType, "BOOLEAN"),
    (kinds.IntType, "BIGINT"),
    (kinds.FloatType, "DOUBLE"),
    (kinds.StrType, "VARCHAR"),
    (kinds.EnumType, "VARCHAR"),
    (kinds.LiteralType, "VARCHAR"),
    (kinds.DateTimeType, "TIMESTAMP"),
)
_RENAMED: Final = {"at": "time"}
"""``at`` is a word of DuckDB's SQL."""
LINK: Final = 'STRUCT("id" VARCHAR, "seq" BIGINT, "prev" VARCHAR, "hash" VARCHAR)'
"""The type of a record's link as it stands in the journal."""


def columns() -> dict[str, str]:
    """DuckDB type by name, over all kinds of events; a field that kinds type differently is JSON."""
    found: dict[str, str] = {"kind": "VARCHAR"}
    for kind in get_args(Event):
        info = kinds.type_info(kind)
        assert isinstance(info, kinds.StructType)
        for field in info.fields:
            wanted = _type(field.type)
            if found.setdefault(field.encode_name, wanted) != wanted:
                found[field.encode_name] = "JSON"
    return found


@cache
def digest() -> str:
    """Of the columns: files of one digest have the same."""
    return hashlib.sha256(msgspec.json.encode(columns())).hexdigest()[:16]


def defaults() -> dict[str, list[tuple[str, list[str]]]]:
    """For each column, the defaults that records leave out: SQL literal, and the kinds that mean it.

    Empty texts, lists and sections are left out of the lake too: what is not there is NULL.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for kind in get_args(Event):
        for field in msgspec.structs.fields(kind):
            literal = _literal(field.default)
            if literal:
                found.setdefault(field.encode_name, {}).setdefault(literal, []).append(kind.__struct_config__.tag)
    return {name: list(by_literal.items()) for name, by_literal in found.items()}


def projection() -> str:
    """The SELECT list from a journal record to a row of the lake."""
    filled = defaults()
    parts = []
    for name, kind in columns().items():
        expression = quoted(name)
        if kind != "JSON":
            for literal, tags in filled.get(name, []):
                wanted = ", ".join(f"'{tag}'" for tag in tags)
                expression = (
                    f"CASE WHEN {quoted(name)} IS NULL AND kind IN ({wanted}) THEN {literal} ELSE {expression} END"
                )
        parts.append(f"{expression} AS {quoted(_RENAMED.get(name, name))}")
    parts += ["chain.id AS chain", "chain.seq AS seq", "unhex(chain.hash) AS hash"]
    return ", ".join(parts)


def table() -> str:
    """The columns of a table of such rows."""
    kept = {_RENAMED.get(name, name): kind for name, kind in columns().items()}
    added = {"chain": "VARCHAR", "seq": "BIGINT", "hash": "BLOB"}
    return ", ".join(f"{quoted(name)} {kind}" for name, kind in {**kept, **added}.items())


def json_columns() -> str:
    """The ``columns`` argument of read_json for the journal."""
    pairs = [f"{quoted(name)}: '{kind}'" for name, kind in {**columns(), "chain": LINK}.items()]
    return "{" + ", ".join(pairs) + "}"


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """An SQL text literal."""
    return "'" + value.replace("'", "''") + "'"


def _type(kind: kinds.Type) -> str:
    for known, name in _SCALARS:
        if isinstance(kind, known):
            return name
    if isinstance(kind, kinds.StructType):
        if kind.tag_field is not None or not kind.fields:
            return "JSON"
        return "STRUCT(" + ", ".join(f"{quoted(f.encode_name)} {_type(f.type)}" for f in kind.fields) + ")"
    if isinstance(kind, kinds.CollectionType):
        return _type(kind.item_type) + "[]"
    if isinstance(kind, kinds.DictType):
        return f"MAP({_type(kind.key_type)}, {_type(kind.value_type)})"
    if isinstance(kind, kinds.UnionType):
        members = {_type(member) for member in _without_none(kind)}
        return members.pop() if len(members) == 1 else "JSON"
    return "JSON"


def _without_none(kind: kinds.UnionType) -> Iterator[kinds.Type]:
    return (member for member in kind.types if not isinstance(member, kinds.NoneType))


def _literal(value: Any) -> str:
    if isinstance(value, enum.Enum):
        value = value.value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return str(value)
    return text(value) if isinstance(value, str) and value else ""

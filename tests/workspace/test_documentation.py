"""Each key of system.yaml and each framework has its row in the documentation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import inspect as kinds

from bartizan.catalog import load_catalog
from bartizan.core.system import System

DOCS = Path(__file__).parents[2] / "docs"


def names(kind: Any) -> Iterator[str]:
    """Every field name and every word of an enumeration below ``kind``."""
    if isinstance(kind, kinds.StructType):
        for field in kind.fields:
            yield field.encode_name
            yield from names(field.type)
    elif isinstance(kind, kinds.UnionType):
        for member in kind.types:
            yield from names(member)
    elif isinstance(kind, kinds.DictType):
        yield from names(kind.value_type)
    elif isinstance(kind, kinds.CollectionType):
        yield from names(kind.item_type)
    elif isinstance(kind, kinds.EnumType):
        yield from (str(member.value) for member in kind.cls)
    elif isinstance(kind, kinds.LiteralType):
        yield from (value for value in kind.values if isinstance(value, str))


def test_every_key_of_the_system_description_is_documented() -> None:
    text = re.sub(r"```.*?```", "", _text("system.md"), flags=re.DOTALL)
    words = {word for code in re.findall(r"`([^`]+)`", text) for word in re.findall(r"[A-Za-z_]+", code)}
    assert sorted(set(names(kinds.type_info(System))) - words) == []


def test_the_catalogue_page_names_every_edition() -> None:
    for name in load_catalog().frameworks:
        assert f"`{name}`" in _text("catalog.md")


def _text(page: str) -> str:
    return (DOCS / page).read_text("utf-8")

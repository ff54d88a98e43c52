"""What an importer finds, before it is a case."""

from __future__ import annotations

from typing import Any

import msgspec

from bartizan.redteam.taxonomy import Objective

MAX_TEXT = 20_000


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One attack."""

    turns: tuple[str, ...]
    label: str
    """Probe, plugin or attack that it comes from."""
    technique: str = "jailbreak"
    objective: Objective | None = None
    """None: the file does not say what success is."""
    oracle: str = ""
    value: str = ""
    language: str = "en"


def text_of(value: Any) -> str:
    """``value`` if it is a text of reasonable length, else ""."""
    return value.strip() if isinstance(value, str) and len(value) <= MAX_TEXT else ""


def table(value: Any) -> dict[str, Any]:
    """``value`` if it is a table, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    """``value`` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []

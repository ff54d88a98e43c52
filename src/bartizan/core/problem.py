"""What a value says is wrong with itself, by path, so that whoever loaded it can name file, line and column."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

import msgspec

from bartizan.core.passage import Path


def printable(text: str, limit: int = 60) -> str:
    """One line that cannot drive a terminal: control characters replaced, at most ``limit`` characters."""
    shown = "".join(character if character.isprintable() else "\ufffd" for character in text[: limit + 1])
    return shown if len(shown) <= limit else shown[:limit] + "…"


def quote(text: str, limit: int = 60) -> str:
    """:func:`printable`, in single quotes."""
    return f"'{printable(text, limit)}'"


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong."""

    path: Path
    """Keys and list indices from the root of the document."""
    found: str
    expected: str
    hint: str = ""


@runtime_checkable
class SelfChecking(Protocol):
    """A document type with rules that its field types cannot express."""

    def problems(self) -> Iterable[Problem]:
        """Everything that is wrong, in document order; empty when the value is sound."""
        ...

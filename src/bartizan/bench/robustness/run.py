"""Runs the parts of the benchmark that are asked for. A part is a module here with ``run(progress)`` and ``NOTES``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from importlib import import_module

from bartizan.bench.table import Row


class Part(StrEnum):
    """A threat; also the name of its module."""

    EVASION = "evasion"
    PRIVACY = "privacy"


def run(parts: Sequence[Part], progress: Callable[[str], None]) -> tuple[list[Row], list[str]]:
    """Rows and notes, part by part."""
    rows: list[Row] = []
    notes: list[str] = []
    for part in parts:
        module = import_module(f"{__package__}.{part}")
        rows += module.run(progress)
        notes += module.NOTES
    return rows, notes

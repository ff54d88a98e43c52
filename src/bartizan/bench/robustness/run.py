"""Runs the parts of the benchmark that are asked for. A part is a module here with ``run(progress)`` and ``NOTES``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from importlib import import_module
from types import MappingProxyType
from typing import Any

from bartizan.bench.table import Row


class Part(StrEnum):
    """A threat, the defences, or what is compared with references; also the name of its module."""

    DEFENCES = "defences"
    EVASION = "evasion"
    EXTRACTION = "extraction"
    POISONING = "poisoning"
    PRIVACY = "privacy"
    REFERENCES = "references"


def run(
    parts: Sequence[Part],
    progress: Callable[[str], None],
    settings: Mapping[Part, Mapping[str, Any]] = MappingProxyType({}),
) -> tuple[list[Row], list[str]]:
    """Rows and notes, part by part; ``settings`` are further arguments of a part's ``run``."""
    rows: list[Row] = []
    notes: list[str] = []
    for part in parts:
        module = import_module(f"{__package__}.{part}")
        rows += module.run(progress, **settings.get(part, {}))
        notes += module.NOTES
    return rows, notes

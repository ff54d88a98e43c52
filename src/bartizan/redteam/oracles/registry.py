"""Finds the oracles: every class with the decorator ``oracle`` in a module of ``redteam.oracles``."""

from __future__ import annotations

from functools import cache

from bartizan.core.registry import registered, registrar
from bartizan.redteam import oracles as package
from bartizan.redteam.interface import Oracle

oracle = registrar("oracle")


@cache
def oracles() -> dict[str, Oracle]:
    """One of each, by id."""
    return registered(package, "oracle", Oracle)  # type: ignore[type-abstract]

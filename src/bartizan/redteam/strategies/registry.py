"""Finds the strategies: every class with the decorator ``strategy`` in a module of ``redteam.strategies``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from bartizan.core.registry import registered, registrar
from bartizan.redteam import strategies as package
from bartizan.redteam.interface import Strategy

strategy = registrar("strategy")


@cache
def strategies() -> Mapping[str, Strategy]:
    """One of each, by id."""
    return MappingProxyType(registered(package, "strategy", Strategy))  # type: ignore[type-abstract]

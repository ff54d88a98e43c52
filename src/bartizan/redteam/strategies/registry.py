"""Finds the strategies: every class with the decorator ``strategy`` in a module of ``redteam.strategies``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import TypeVar

from bartizan.redteam import strategies as package
from bartizan.redteam.interface import Strategy

S = TypeVar("S", bound=type)


def strategy(kind: S) -> S:
    """Register a strategy class; it is made without arguments."""
    kind.__bartizan_strategy__ = kind.__name__  # type: ignore[attr-defined]
    return kind


@cache
def strategies() -> Mapping[str, Strategy]:
    """One of each, by id."""
    found: dict[str, Strategy] = {}
    for module in pkgutil.iter_modules(package.__path__):
        for value in vars(importlib.import_module(f"{package.__name__}.{module.name}")).values():
            if isinstance(value, type) and value.__dict__.get("__bartizan_strategy__") == value.__name__:
                one: Strategy = value()
                found[one.id] = one
    return MappingProxyType(dict(sorted(found.items())))

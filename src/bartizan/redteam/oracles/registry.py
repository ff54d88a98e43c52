"""Finds the oracles: every class with the decorator ``oracle`` in a module of ``redteam.oracles``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TypeVar

from bartizan.redteam import oracles as package
from bartizan.redteam.interface import Oracle

K = TypeVar("K", bound=type)


def oracle(kind: K) -> K:
    """Register an oracle class; it is made without arguments."""
    kind.__bartizan_oracle__ = kind.__name__  # type: ignore[attr-defined]
    return kind


@cache
def oracles() -> dict[str, Oracle]:
    """Id to oracle, in the order of ids."""
    found: dict[str, Oracle] = {}
    for module in pkgutil.iter_modules(package.__path__):
        for value in vars(importlib.import_module(f"{package.__name__}.{module.name}")).values():
            if isinstance(value, type) and value.__dict__.get("__bartizan_oracle__") == value.__name__:
                one: Oracle = value()
                found[one.id] = one
    return dict(sorted(found.items()))

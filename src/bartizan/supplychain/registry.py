"""Finds the scanners: every class with the decorator ``scanner`` in a module of ``supplychain.scanners``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from bartizan.supplychain import scanners as package
from bartizan.supplychain.engine import ENGINE_RULES
from bartizan.supplychain.files import FILE_RULES
from bartizan.supplychain.interface import Rule, Scanner


@cache
def scanners() -> tuple[Scanner, ...]:
    """One of each, in the order of their ids."""
    found: dict[str, Scanner] = {}
    for module in pkgutil.iter_modules(package.__path__):
        content = vars(importlib.import_module(f"{package.__name__}.{module.name}"))
        for value in content.values():
            if isinstance(value, type) and value.__dict__.get("__bartizan_scanner__") == value.__name__:
                one: Scanner = value()
                found[one.id] = one
    return tuple(found[name] for name in sorted(found))


def rules() -> dict[str, Rule]:
    """Every rule by its id, those of the engine included."""
    every = [*ENGINE_RULES, *FILE_RULES, *(rule for one in scanners() for rule in one.rules)]
    return {rule.id: rule for rule in sorted(every, key=lambda rule: rule.id)}

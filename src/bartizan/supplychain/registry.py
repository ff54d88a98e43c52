"""Finds the scanners: every class with the decorator ``scanner`` in a module of ``supplychain.scanners``."""

from __future__ import annotations

from functools import cache

from bartizan.core.registry import registered
from bartizan.supplychain import scanners as package
from bartizan.supplychain.engine import ENGINE_RULES
from bartizan.supplychain.files import FILE_RULES
from bartizan.supplychain.interface import Rule, Scanner


@cache
def scanners() -> tuple[Scanner, ...]:
    """One of each, in the order of their ids."""
    return tuple(registered(package, "scanner", Scanner).values())  # type: ignore[type-abstract]


def scanners_with(*instead: Scanner) -> tuple[Scanner, ...]:
    """Like `scanners`, with these in the places of those that have their ids."""
    other = {one.id: one for one in instead}
    return tuple(other.get(one.id, one) for one in scanners())


def rules() -> dict[str, Rule]:
    """Every rule by its id, those of the engine included."""
    every = [*ENGINE_RULES, *FILE_RULES, *(rule for one in scanners() for rule in one.rules)]
    return {rule.id: rule for rule in sorted(every, key=lambda rule: rule.id)}

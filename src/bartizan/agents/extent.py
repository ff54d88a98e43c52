"""What a call's arguments may be at most, all of them together, before any of them is compared."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from bartizan.agents.values import MAX_LEAVES

MAX_CHARACTERS = 500_000
"""Characters of all keys and texts of a call together."""
_MOST_BITS = 4_096
"""Of a whole number: longer ones take time that grows with their square to write."""


class Fault(StrEnum):
    """Why arguments are not compared; the values are ids of policies."""

    SIZE = "too_large"
    """They are too many, too long or too deep."""
    FORM = "not_json"
    """They hold what JSON does not know: NaN, an infinity, an object of the application."""


def fault_in(arguments: Mapping[Any, Any]) -> Fault | None:
    """What is wrong with a call's arguments; None if they can be compared. Looks no further than the bounds.

    `MAX_LEAVES` bounds keys and scalars of all arguments together.
    """
    characters = count = steps = 0
    stack: list[Iterable[Any]] = [_parts(arguments)]
    while stack:
        for item in stack.pop():
            steps += 1
            count += not isinstance(item, (Mapping, list, tuple))
            if isinstance(item, str):
                characters += len(item)
            elif isinstance(item, Mapping):
                stack.append(_parts(item))
            elif isinstance(item, (list, tuple)):
                stack.append(item)
            elif isinstance(item, int):
                if item.bit_length() > _MOST_BITS:
                    return Fault.SIZE
            elif isinstance(item, float):
                if not math.isfinite(item):
                    return Fault.FORM
            elif item is not None:
                return Fault.FORM
            if characters > MAX_CHARACTERS or count > MAX_LEAVES or steps > 4 * MAX_LEAVES:
                return Fault.SIZE
    return None


def _parts(mapping: Mapping[Any, Any]) -> Iterable[Any]:
    for key, value in mapping.items():
        yield key
        yield value

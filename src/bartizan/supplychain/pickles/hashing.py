"""What it costs the unpickler to hash a key or an item of a set.

A tuple keeps no hash, so one that holds another ten times over, sixty levels deep, is a stream of a kilobyte that takes
longer than anybody waits once it becomes a key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

MOST_HASHED = 20_000_000
"""Parts of one key; CPython hashes so many in about a second."""


def endless(values: Iterable[Any], step: Callable[[int], None]) -> bool:
    """Whether hashing one of ``values`` goes through more than `MOST_HASHED` parts; ``step`` is told of each."""
    for one in values:
        if isinstance(one, tuple):
            step(len(one))
            if any(isinstance(part, tuple) for part in one) and _parts(one, step) >= MOST_HASHED:
                return True
    return False


def _parts(value: tuple[Any, ...], step: Callable[[int], None]) -> int:
    known: dict[int, int] = {}
    waiting = [value]
    while waiting:
        one = waiting[-1]
        left = [part for part in one if isinstance(part, tuple) and id(part) not in known]
        if left:
            waiting.extend({id(part): part for part in left}.values())
            continue
        waiting.pop()
        if id(one) not in known:
            step(len(one))
            parts = sum(known[id(part)] if isinstance(part, tuple) else 1 for part in one)
            known[id(one)] = min(1 + parts, MOST_HASHED)
    return known[id(value)]

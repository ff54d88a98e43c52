"""Names that were used and may not be used again for a while."""

from __future__ import annotations

from collections import Counter
from heapq import heappop, heappush
from typing import Final

MOST_OF_ONE: Final = 50_000
"""Names of one owner: at two minutes each, 416 a second."""
MOST: Final = 300_000


class OnceBook:
    """Remembers names until their time is over; refuses new ones rather than forgetting old ones."""

    def __init__(self, most: int = MOST, most_of_one: int = MOST_OF_ONE) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._names: set[str] = set()
        self._ends: list[tuple[int, str, str]] = []
        self._owned: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._names)

    def take(self, owner: str, name: str, now: int, seconds: float) -> bool:
        """See :class:`bartizan.core.once.Once`; ``now`` in nanoseconds."""
        self.sweep(now)
        if name in self._names or len(self._names) >= self._most or self._owned[owner] >= self._most_of_one:
            return False
        self._names.add(name)
        self._owned[owner] += 1
        heappush(self._ends, (now + int(seconds * 1e9), name, owner))
        return True

    def sweep(self, now: int) -> None:
        """Forget what is over."""
        while self._ends and self._ends[0][0] < now:
            _, name, owner = heappop(self._ends)
            self._names.discard(name)
            self._owned[owner] -= 1
            if not self._owned[owner]:
                del self._owned[owner]

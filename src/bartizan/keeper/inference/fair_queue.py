"""A queue in which principals take turns: whoever asks for much waits for itself, and for nobody else's sake."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Generic, Protocol, TypeVar


class Weighed(Protocol):
    """What waits."""

    @property
    def principal(self) -> str:
        """Whose it is."""
        ...

    @property
    def weight(self) -> int:
        """How much memory it holds, in characters."""
        ...

    @property
    def long(self) -> bool:
        """Its next turn may take long."""
        ...


W = TypeVar("W", bound=Weighed)


class _Line(Generic[W]):
    def __init__(self) -> None:
        self.waiting: deque[W] = deque()
        self.held = 0
        self.running = 0


class FairQueue(Generic[W]):
    """First in, first out within a principal; round robin over principals. Single-threaded, memory-bounded.

    Args:
        most_held: characters of one principal, waiting or running.
        most_items: pieces of work of one principal.
        most_altogether: characters of all of them; beyond it, the principal that holds most loses its newest.
    """

    def __init__(self, most_held: int, most_items: int, most_altogether: int) -> None:
        self._most_held = most_held
        self._most_items = most_items
        self._most_altogether = most_altogether
        self._lines: OrderedDict[str, _Line[W]] = OrderedDict()
        self.held = 0
        """Characters of all that waits or runs."""
        self.waiting = 0
        """Pieces of work that wait for a turn."""

    def push(self, item: W) -> list[W]:
        """Queue it; what has to be turned away instead, which may be the item itself."""
        line = self._lines.get(item.principal)
        if line is None:
            line = self._lines[item.principal] = _Line()
        over = line.held + item.weight > self._most_held or len(line.waiting) + line.running >= self._most_items
        if over:
            self._forget_if_idle(item.principal, line)
            return [item]
        line.waiting.append(item)
        line.held += item.weight
        self.held += item.weight
        self.waiting += 1
        turned: list[W] = []
        while self.held > self._most_altogether and (loser := self._newest_of_largest()) is not None:
            turned.append(loser)
        return turned

    def pop(self, *, long: bool) -> W | None:
        """Whose turn it is: the principal that has fewest turns running and has waited longest; None if nobody's.

        Args:
            long: there is room for one whose turn may take long.
        """
        best: str | None = None
        for name, line in self._lines.items():
            if not line.waiting or (line.waiting[0].long and not long):
                continue
            if best is None or line.running < self._lines[best].running:
                best = name
            if not line.running:
                break
        if best is None:
            return None
        line = self._lines[best]
        line.running += 1
        self.waiting -= 1
        self._lines.move_to_end(best)
        return line.waiting.popleft()

    def put_back(self, item: W) -> None:
        """Its turn is over, and it needs another one: it stays first of its principal's."""
        line = self._lines[item.principal]
        line.running -= 1
        line.waiting.appendleft(item)
        self.waiting += 1

    def end(self, item: W) -> None:
        """Its last turn is over."""
        line = self._lines[item.principal]
        line.running -= 1
        self._let_go(item, line)

    def _newest_of_largest(self) -> W | None:
        line = max((line for line in self._lines.values() if line.waiting), key=lambda line: line.held, default=None)
        if line is None:
            return None
        item = line.waiting.pop()
        self.waiting -= 1
        self._let_go(item, line)
        return item

    def _let_go(self, item: W, line: _Line[W]) -> None:
        line.held -= item.weight
        self.held -= item.weight
        self._forget_if_idle(item.principal, line)

    def _forget_if_idle(self, principal: str, line: _Line[W]) -> None:
        if not line.waiting and not line.running:
            self._lines.pop(principal, None)

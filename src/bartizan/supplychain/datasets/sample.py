"""A fair sample of rows in bounded memory (reservoir sampling, J. Vitter 1985, algorithm R)."""

from __future__ import annotations

import random
from typing import Generic, TypeVar

T = TypeVar("T")


class Reservoir(Generic[T]):
    """Keeps ``most`` of all that is offered, each with the same chance, and fewer where they are large.

    Args:
        most: how many are kept.
        size: what they may weigh together; when it is passed the reservoir shrinks by a tenth, by chance.
        seed: of the choice.
    """

    def __init__(self, most: int, size: int, seed: int) -> None:
        self._most, self._left, self._size = most, size, size
        self._random = random.Random(seed)  # noqa: S311 - a choice that can be repeated
        self._kept: list[tuple[T, int]] = []
        self.offered = 0

    def offer(self, one: T, weight: int) -> None:
        """Take ``one``, which weighs ``weight``, or leave it."""
        self.offered += 1
        if len(self._kept) < self._most:
            self._kept.append((one, weight))
            self._left -= weight
        else:
            place = self._random.randrange(self.offered)
            if place < len(self._kept):
                self._left += self._kept[place][1] - weight
                self._kept[place] = (one, weight)
        if self._left < 0 and len(self._kept) > 1:
            self._shrink()

    def _shrink(self) -> None:
        self._random.shuffle(self._kept)
        while len(self._kept) > 1 and self._left < self._size // 10:
            self._left += self._kept.pop()[1]
        self._most = len(self._kept)

    @property
    def whole(self) -> bool:
        """Whether everything that was offered is kept."""
        return len(self._kept) == self.offered

    def kept(self) -> list[T]:
        """What was kept, in no order."""
        return [one for one, _ in self._kept]

"""How fast a target is asked: a steady rate, and pauses that the target asks for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

LONGEST_PAUSE = 120.0
"""Seconds: a target that asks for a longer pause is obeyed that long, then tried again."""


class Pacer:
    """Shared by all conversations with one target.

    Args:
        per_second: requests; 0 means as fast as they come.
        clock: monotonic seconds.
        sent: called for each request as it leaves.
    """

    def __init__(
        self,
        per_second: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
        sent: Callable[[], None] = lambda: None,
    ) -> None:
        self._gap = 1.0 / per_second if per_second > 0 else 0.0
        self._clock = clock
        self._sent = sent
        self._next = 0.0

    async def turn(self) -> None:
        """Wait for this request's turn."""
        if not self._gap:
            await self._paused()
        if self._gap:
            mine = max(self._next, self._clock())
            self._next = mine + self._gap
            if (wait := mine - self._clock()) > 0:
                await asyncio.sleep(wait)
        self._sent()

    async def _paused(self) -> None:
        """All go on when a pause is over; it may have been made longer meanwhile."""
        if (wait := self._next - self._clock()) > 0:
            await asyncio.sleep(wait)
            await self._paused()

    def pause(self, seconds: float) -> None:
        """Nobody asks for ``seconds``."""
        self._next = max(self._next, self._clock() + min(max(seconds, 0.0), LONGEST_PAUSE))


def retry_after(header: str, tries: int) -> float:
    """Seconds to wait: what ``Retry-After`` says (RFC 9110 section 10.2.3, seconds only), else 0.5, 1, 2, … to 30."""
    try:
        return min(max(float(header), 0.0), LONGEST_PAUSE)
    except ValueError:
        return float(min(0.5 * 2 ** (tries - 1), 30.0))

"""Lets trials that were answered at once go on one after the other, each sending its next message before the next one
computes: else all slots of a target stand idle until the last of them has judged."""

from __future__ import annotations

import asyncio


class Turnstile:
    """For the tasks of one event loop."""

    def __init__(self) -> None:
        self._gate = asyncio.Lock()

    async def go_through(self) -> None:
        """Wait for those that came before, and for one pass of the loop, in which what they send leaves."""
        async with self._gate:
            await asyncio.sleep(0)

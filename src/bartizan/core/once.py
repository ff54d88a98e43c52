"""Who remembers what may be used one time only, as a Protocol."""

from __future__ import annotations

from typing import Protocol


class Once(Protocol):
    """Shared by all workers. Every call raises KeeperError when out of reach."""

    async def take_once(self, owner: str, name: str, seconds: float) -> bool:
        """True for the first who comes with ``name`` within ``seconds``; False for all others, and when so many names
        of this owner, or of all, are remembered that another one would not be.

        Args:
            owner: principal, by whom names are counted.
            name: at most 64 characters, unique among all owners.
            seconds: for which it is remembered.
        """
        ...

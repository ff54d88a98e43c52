"""Who is refused for a while: principals with repeated blocks, and those in quarantine."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

import msgspec

from bartizan.core.limits import Cooldown
from bartizan.keeper.interface import EVERYONE

_MOST_BLOCKS: Final = 10_000


class Refused(msgspec.Struct, frozen=True, array_like=True):
    """A principal who is not served, as workers are told."""

    principal: str
    reason: str
    """``cooldown`` or ``quarantine``; empty: served again."""
    seconds: float
    """From now; 0 for as long as it takes."""


class RefusalBook:
    """Blocks within sliding spans, running cool-downs, and quarantines."""

    def __init__(self, quarantined: Iterable[str] = ()) -> None:
        self._blocks: dict[str, deque[int]] = {}
        self._spans: dict[str, int] = {}
        self._until: dict[str, int] = {}
        self._quarantined = set(quarantined)

    def record_block(self, principal: str, cooldown: Cooldown, now: int) -> Refused | None:
        """Count a block; the refusal, if this one was the last straw. ``now`` in nanoseconds."""
        wanted = min(max(1, cooldown.blocks), _MOST_BLOCKS)
        span = int(cooldown.seconds * 1e9)
        blocks = self._blocks.setdefault(principal, deque(maxlen=_MOST_BLOCKS))
        blocks.append(now)
        while len(blocks) > wanted:
            blocks.popleft()
        self._spans[principal] = span
        if len(blocks) < wanted or now - blocks[0] > span or cooldown.pause <= 0:
            return None
        del self._blocks[principal], self._spans[principal]
        self._until[principal] = max(self._until.get(principal, 0), now + int(cooldown.pause * 1e9))
        return Refused(principal, "cooldown", cooldown.pause)

    def quarantine(self, principal: str) -> Refused:
        """Refuse until released."""
        self._quarantined.add(principal)
        return Refused(principal, "quarantine", 0.0)

    def release(self, principal: str) -> Refused:
        """Serve again, and forget earlier blocks."""
        self._quarantined.discard(principal)
        self._until.pop(principal, None)
        self._blocks.pop(principal, None)
        self._spans.pop(principal, None)
        return Refused(principal, "", 0.0)

    def find(self, principal: str, now: int) -> Refused | None:
        """Why and how long a principal is refused; None if served."""
        if principal in self._quarantined or EVERYONE in self._quarantined:
            return Refused(principal, "quarantine", 0.0)
        until = self._until.get(principal)
        if until is None or until <= now:
            return None
        return Refused(principal, "cooldown", (until - now) / 1e9)

    def running(self, now: int) -> list[Refused]:
        """All of them, for a worker that has just connected."""
        cooling = [Refused(name, "cooldown", (until - now) / 1e9) for name, until in self._until.items() if until > now]
        return cooling + [Refused(name, "quarantine", 0.0) for name in sorted(self._quarantined)]

    def sweep(self, now: int) -> None:
        """Forget what is over."""
        self._until = {name: until for name, until in self._until.items() if until > now}
        for name in [name for name, blocks in self._blocks.items() if now - blocks[-1] > self._spans[name]]:
            del self._blocks[name], self._spans[name]

    def __len__(self) -> int:
        return len(self._blocks) + len(self._until) + len(self._quarantined)

"""Sees when the calls of a session go round in circles."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Final

from bartizan.core.tool_budget import LoopLimit

LONGEST_ROUND: Final = 4
MOST_REMEMBERED: Final = 400
"""Calls per session; limits beyond are cut to what this can show."""
MOST_SESSIONS: Final = 10_000


def remembered(limit: LoopLimit) -> int:
    """How many calls must be remembered to judge by ``limit``."""
    return min(MOST_REMEMBERED, max(limit.repeats, LONGEST_ROUND * limit.rounds, 0))


def loop(calls: Sequence[str], limit: LoopLimit) -> str:
    """``loop.repeat`` or ``loop.round`` if the newest of ``calls`` (digests, oldest first) completes one; or empty."""
    repeats = min(limit.repeats, MOST_REMEMBERED)
    if repeats > 0 and len(calls) >= repeats and len(set(calls[-repeats:])) == 1:
        return "loop.repeat"
    rounds = min(limit.rounds, MOST_REMEMBERED // LONGEST_ROUND)
    for length in range(2, LONGEST_ROUND + 1) if rounds > 0 else ():
        last = calls[-length * rounds :]
        if len(last) == length * rounds and len(set(last)) > 1 and list(last[length:]) == list(last[:-length]):
            return "loop.round"
    return ""


class LoopBook:
    """The newest calls of each session, in memory; those of sessions that were quiet longest are forgotten first."""

    def __init__(self) -> None:
        self._calls: OrderedDict[str, deque[str]] = OrderedDict()

    def note(self, owner: str, digest: str, limit: LoopLimit) -> str:
        """Remember a call; see :func:`loop`."""
        most = remembered(limit)
        if not most:
            return ""
        calls = self._calls.pop(owner, None)
        if calls is None or calls.maxlen != most:
            calls = deque(calls or (), maxlen=most)
        calls.append(digest[:16])
        self._calls[owner] = calls
        while len(self._calls) > MOST_SESSIONS:
            self._calls.popitem(last=False)
        return loop(tuple(calls), limit)

    def __len__(self) -> int:
        return len(self._calls)

"""Which versions of the target answered: a campaign that met several measured none of them alone."""

from __future__ import annotations

from bartizan.redteam.attempt import Attempt
from bartizan.redteam.targets.dialects import LONGEST

MOST = 20
"""Versions that are told: the target names them, and may name a new one each time."""


class Versions:
    """What was said to have answered so far."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._last = ""

    def changed(self, attempt: Attempt) -> str | None:
        """A sentence for a version that was not met before, if there was another one."""
        said = next((turn.reply.served for turn in attempt.turns if turn.reply.served), "")[:LONGEST]
        before, self._last = self._last, said or self._last
        if not said or said in self._seen or len(self._seen) > MOST:
            return None
        self._seen.add(said)
        if not before:
            return None
        if len(self._seen) > MOST:
            return f"the target named more than {MOST} versions; further ones are not noted"
        return f"the target changed: {before} answered before, now {said}"

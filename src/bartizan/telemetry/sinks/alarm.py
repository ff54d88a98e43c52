"""Says in the journal that records do not reach a receiver: other receivers, rules and hunts then know.

The records that it writes go to the same receiver, which may reject them too: waits that double keep that from going
round and round.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Final, Literal

from bartizan.core.clock import utc_now
from bartizan.core.errors import JournalError
from bartizan.core.event import SinkAlarmed
from bartizan.core.ids import new_id
from bartizan.core.interfaces import Recorder
from bartizan.telemetry.sinks.state import State

FAILING_SECONDS: Final = 120.0
"""A receiver that restarts is no alarm."""
SHORTEST: Final = 60.0
LONGEST: Final = 3_600.0
"""Seconds between two records about rejects of one sink."""
_MOST_KINDS: Final = 10
_log = logging.getLogger("bartizan.sinks")


class Alarm:
    """The alarms of one sink. Used by one task at a time.

    Args:
        name: the sink's.
        recorder: to the journal.
        clock: seconds that only go forward.
    """

    def __init__(self, name: str, recorder: Recorder, clock: Callable[[], float] = monotonic) -> None:
        self._name = name
        self._recorder = recorder
        self._clock = clock
        self._kinds: dict[str, None] = {}
        self._rejected = 0
        self._due = clock()
        self._wait = SHORTEST
        self._failing = False

    def rejected(self, kinds: Iterable[str]) -> None:
        """Records of these kinds, one each, went to the dead letter; see :meth:`look`."""
        for kind in kinds:
            self._rejected += 1
            if len(self._kinds) < _MOST_KINDS:
                self._kinds[kind] = None

    def look(self, state: State, behind: int) -> None:
        """Write what there is to say; to be called after each step and each failure.

        Args:
            state: of the sink.
            behind: records that it has still to deliver.
        """
        now = self._clock()
        if self._rejected and now >= self._due:
            # After an hour in which nothing was rejected, the next one is told at once again.
            self._wait = SHORTEST if now - self._due > LONGEST else min(LONGEST, self._wait * 2)
            self._due = now + self._wait
            if self._write("rejecting", state, self._rejected, tuple(self._kinds)):
                self._rejected = 0
                self._kinds = {}
        since = state.failing_since
        if not self._failing and since is not None and (utc_now() - since).total_seconds() >= FAILING_SECONDS:
            self._failing = self._write("failing", state, behind)
        elif self._failing and since is None:
            self._failing = not self._write("delivering", state, behind)

    def _write(
        self, how: Literal["rejecting", "failing", "delivering"], state: State, count: int, kinds: tuple[str, ...] = ()
    ) -> bool:
        event = SinkAlarmed(
            id=new_id("evt"), at=utc_now(), sink=self._name, state=how, count=count, total=state.rejected, kinds=kinds,
            since=state.failing_since, detail=state.error,
        )  # fmt: skip
        try:
            self._recorder.append(event)
        except JournalError as error:  # a full disk, say: tried again at the next look
            _log.warning("sink %s: its alarm could not be recorded: %s", self._name, error)
            return False
        return True

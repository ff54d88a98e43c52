"""Rules over a journal, in a process of their own: ``python -m bartizan.bench.telemetry.judging JOURNAL MOST``.

Says in JSON what it took.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final

import msgspec

from bartizan.core.clock import utc_now
from bartizan.detections.live import LiveRules
from bartizan.detections.rulebook import rules_in_force
from bartizan.detections.times import to_microseconds
from bartizan.telemetry.merging import Merged
from bartizan.telemetry.tailing import Cursor

STEP: Final = 500
_PAGE: Final = 4_096


class Judged(msgspec.Struct):
    """What it took."""

    rules: int
    records: int
    cpu: float
    reading: float
    """CPU seconds in which the same records are only read and decoded: the floor."""
    findings: int
    early_bytes: int
    """Memory after a fifth of the records."""
    late_bytes: int
    """Memory after all of them."""


def judge(journal: Path, most: int) -> Judged:
    """Judge the first ``most`` records by the rules that ship. Raises JournalError."""
    reading = _read(journal, most)
    rules = LiveRules(rules_in_force({}), lateness=0.4, suppress=300, per_minute=60)
    merged = Merged(journal, Cursor())
    now = to_microseconds(utc_now())
    records, findings, early = 0, 0, 0
    start = time.process_time()
    while records < most:
        some, complete = merged.read(min(STEP, most - records))
        for record in some:
            findings += len(rules.judge(record.event, record.time, now))
        records += len(some)
        if not early and records >= most // 5:
            early = _memory()
        if complete:
            break
    return Judged(rules.count, records, time.process_time() - start, reading, findings, early, _memory())


def _read(journal: Path, most: int) -> float:
    merged, left, start = Merged(journal, Cursor()), most, time.process_time()
    while left:
        some, complete = merged.read(min(STEP, left))
        left -= len(some)
        if complete:
            break
    merged.close()
    return time.process_time() - start


def _memory() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(judge(Path(sys.argv[1]), int(sys.argv[2]))))

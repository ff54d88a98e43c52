"""Rules over a journal, in a process of their own: ``python -m bartizan.bench.telemetry.judging JOURNAL MOST``.

Says in JSON what it took.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from bartizan.app.heap import settle_heap
from bartizan.core.clock import utc_now
from bartizan.detections.live import LiveRules
from bartizan.detections.rulebook import rules_in_force
from bartizan.detections.sigma.collection import Collection
from bartizan.detections.sigma.model import Correlation
from bartizan.detections.times import to_microseconds
from bartizan.telemetry.merging import Merged
from bartizan.telemetry.tailing import Cursor

STEP: Final = 500
FEW: Final = 100
"""Rules of the target; the rules that only these rules' correlations refer to come on top."""
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
    few_cpu: float
    """CPU seconds in which only the first FEW rules judge the same records."""


def judge(journal: Path, most: int) -> Judged:
    """Judge the first ``most`` records by the rules that ship. Raises JournalError."""
    reading = _read(journal, most)
    every = rules_in_force({})
    full = _judged(every, journal, most)
    few = _judged(first_of(every, FEW), journal, most)
    return Judged(full.rules, full.records, full.cpu, reading, full.findings, full.early, full.late, few.cpu)


def first_of(collection: Collection, count: int) -> Collection:
    """The first ``count`` of the rules that report, and those that they refer to."""
    keys = [rule.header.key for rule in collection.rules if rule.header.key in collection.reported]
    wanted = frozenset(keys[:count])
    kept = set(wanted)
    for rule in reversed(collection.rules):  # what a correlation refers to comes before it
        if rule.header.key in kept and isinstance(rule, Correlation):
            kept |= set(rule.rules)
    return Collection(tuple(rule for rule in collection.rules if rule.header.key in kept), wanted)


class _Pass(NamedTuple):
    rules: int
    records: int
    cpu: float
    findings: int
    early: int
    late: int


def _judged(collection: Collection, journal: Path, most: int) -> _Pass:
    rules = LiveRules(collection, lateness=0.4, suppress=300, per_minute=60)
    merged = Merged(journal, Cursor())
    now = to_microseconds(utc_now())
    records, findings, early = 0, 0, 0
    settle_heap()  # as the process does that judges
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
    cpu = time.process_time() - start
    merged.close()
    return _Pass(rules.count, records, cpu, findings, early, _memory())


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

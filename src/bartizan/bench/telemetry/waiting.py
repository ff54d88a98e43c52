"""From a record to the finding about it, as ``bartizan up`` does it."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final

from bartizan.bench.processes import Server, free_port
from bartizan.bench.table import Row, percentile
from bartizan.bench.workspace import write_workspace
from bartizan.core.clock import utc_now
from bartizan.core.errors import BartizanError
from bartizan.core.event import FindingRaised, ProcessChanged, RulesChanged
from bartizan.core.ids import new_id
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.reader import read_journal

RATE: Final = 200
"""Records a second, of which each tenth is found."""
START_SECONDS: Final = 60.0
LAST_SECONDS: Final = 10.0
_RULES: Final = """title: Tenth
id: tenth
detection: {sel: {kind: process.changed, state: tenth}, condition: sel}
---
title: Tenth again
id: again
correlation: {type: event_count, rules: [tenth], group-by: [process], timespan: 1s, condition: {gte: 1}, generate: true}
"""


def wait(folder: Path, seconds: float) -> list[Row]:
    """Write records beside a running gateway and read how long after each its finding is there.

    Raises:
        BartizanError: it does not start, or findings stay out.
    """
    port = free_port()
    busy = "{findings_per_minute: 1000000, suppress_seconds: 0}"
    root = write_workspace(folder, port, free_port(), "http://127.0.0.1:9", guards=False, detections=busy)
    (root / "rules").mkdir()
    (root / "rules" / "bench.yml").write_text(_RULES, encoding="utf-8")
    server = Server("gateway", [sys.executable, "-P", "-m", "bartizan", "up", "--workspace", str(root)], port)
    try:
        server.wait()
        journal = root / ".bartizan" / "journal"
        end = time.monotonic() + START_SECONDS
        while not any(isinstance(event, RulesChanged) for event in read_journal(journal)):
            if time.monotonic() > end:
                raise BartizanError("the rules did not come into force")
            time.sleep(0.2)
        found = _measure(journal, round(seconds * RATE))
    finally:
        server.stop()
    return [
        Row(f"record to finding, {what}, p99", percentile(times, 0.99), "s", len(times), target=1.0)
        for what, times in (("one record", found["tenth"]), ("correlation", found["again"]))
    ]


def _measure(folder: Path, count: int) -> dict[str, list[float]]:
    writer = Journal(folder, "bench")
    start, tenths = time.monotonic(), 0
    for number in range(count):
        time.sleep(max(0.0, start + number / RATE - time.monotonic()))
        state = "tenth" if number % 10 == 0 else "x"
        tenths += state == "tenth"
        event = ProcessChanged(id=new_id("evt"), at=utc_now(), process=f"p{number}", state=state)
        writer.append(event)
    end = time.monotonic() + LAST_SECONDS
    while True:
        found: dict[str, list[float]] = {"tenth": [], "again": []}
        for one in read_journal(folder):
            if isinstance(one, FindingRaised) and one.rule in found and one.end is not None:
                found[one.rule].append((one.at - one.end).total_seconds())
        if all(len(times) == tenths for times in found.values()):
            writer.close()
            return found
        if time.monotonic() > end:
            raise BartizanError(f"of {tenths} findings each, only {[len(times) for times in found.values()]} came")
        time.sleep(0.2)

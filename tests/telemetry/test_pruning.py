"""Files of days that a question is not about are not opened, and no answer changes for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bartizan.core.event import ProcessChanged
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.lake import query
from bartizan.telemetry.lake.compactor import compact
from bartizan.telemetry.lake.query import Lake, QueryError

START = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 8


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    folder = tmp_path_factory.mktemp("pruned")
    journal = Journal(folder / "journal", "w")
    for number in range(DAYS * 24):
        at = START + timedelta(hours=number)
        journal.append(ProcessChanged(id=f"e{number}", at=at, process=f"p{number % 3}", state="started"))
    journal.append(ProcessChanged(id="far", at=datetime(1999, 1, 1, tzinfo=UTC), process="p0", state="lost"))
    journal.close()
    compact(folder / "journal", folder / "lake")
    return Lake(folder / "journal", folder / "lake")


CONDITIONS = (
    "time >= '2026-03-05 06:00:00'::TIMESTAMP",
    "time > TIMESTAMP '2026-03-05'",
    "time BETWEEN '2026-03-04' AND '2026-03-06'",
    "time >= TIMESTAMP '2026-03-05' AND process = 'p1'",
    "time >= TIMESTAMP '2026-03-05' OR process = 'p1'",
    "NOT time < TIMESTAMP '2026-03-05'",
    "time < TIMESTAMP '2026-03-05'",
    "time = TIMESTAMP '2026-03-05 00:00:00'",
    "time::DATE = DATE '2026-03-05'",
    "time + INTERVAL 1 DAY >= TIMESTAMP '2026-03-05'",
    "time IN (TIMESTAMP '2026-03-02 03:00:00', TIMESTAMP '2026-03-07')",
    "process = '(time >= ''2026-03-05''::TIMESTAMP)' OR state = 'started'",
    "time >= (SELECT max(time) - INTERVAL 1 DAY FROM events)",
    "time >= TIMESTAMP '2030-01-01'",
    "coalesce(time, TIMESTAMP '2027-01-01') >= TIMESTAMP '2026-03-05'",
)
QUESTIONS = (
    "SELECT id FROM events WHERE {} ORDER BY id",
    "SELECT count(*), min(time), (SELECT count(*) FROM events) FROM events WHERE {}",
    "SELECT a.id, b.id FROM events a JOIN events b USING (process) WHERE b.time > a.time AND a.{} ORDER BY ALL",
    "SELECT * FROM processes WHERE {} ORDER BY ALL -- time\n;",
)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_answers_are_those_over_all_files(lake: Lake, monkeypatch: pytest.MonkeyPatch, condition: str) -> None:
    texts = [
        one.format(condition)
        for one in QUESTIONS
        if "a.{}" not in one or (condition[:4] == "time" and "process" not in condition)
    ]
    ours = [lake.ask(text).rows for text in texts]
    together = [answer.rows for answer in lake.ask_each([(text, ()) for text in texts])]
    monkeypatch.setattr(query, "since", lambda connection, sql, parameters: None)
    assert ours == together == [lake.ask(text).rows for text in texts]


def test_earlier_days_are_not_opened(lake: Lake, tmp_path: Path) -> None:
    files = sorted((lake._lake).rglob("*.parquet"))
    assert len(files) == DAYS + 1
    # Of all the files, the first one says which columns there are.
    spoiled = [path for path in files[1:] if path.parent.name < "day=2026-03-05"]
    kept = {path: path.read_bytes() for path in spoiled}
    try:
        for path, content in kept.items():
            path.write_bytes(b"x" * len(content))
        asked = "SELECT count(*) FROM events WHERE time >= ?"
        assert lake.ask(asked, ["2026-03-05 06:00:00"]).rows == [(4 * 24 - 6,)]
        assert lake.ask("SELECT count(*) FROM processes WHERE time >= now()::TIMESTAMP - INTERVAL 1 DAY").rows == [(0,)]
        with pytest.raises(QueryError, match="damaged"):
            lake.ask(asked, ["2026-03-04 06:00:00"])
        with pytest.raises(QueryError, match="damaged"):
            lake.ask_each([(asked, ["2026-03-05 06:00:00"]), ("SELECT count(*) FROM events", ())])
    finally:
        for path, content in kept.items():
            path.write_bytes(content)


@pytest.mark.parametrize("sql", ["SELECT time FROM nowhere", "SELECT time FROM", "EXPLAIN SELECT time FROM events"])
def test_what_has_no_plan_is_refused_as_before(lake: Lake, sql: str) -> None:
    with pytest.raises(QueryError):
        lake.ask(sql)

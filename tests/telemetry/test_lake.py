from __future__ import annotations

import multiprocessing
import os
import random
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from journal_events import accepted
from lake_compactor import compact_until_killed
from sealed_journal import seal, write

from bartizan.core.clock import utc_now
from bartizan.core.errors import JournalError
from bartizan.core.event import Event, ProcessChanged, RequestCompleted, RequestRefused
from bartizan.core.verdict import Action
from bartizan.telemetry.chain import read_link
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.lake import compactor, schema
from bartizan.telemetry.lake.manifest import NAME, read_manifest
from bartizan.telemetry.lake.query import Lake, QueryError
from bartizan.telemetry.lake.views import VIEWS


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    directory = tmp_path / "journal"
    write(directory, "w1", 20, segment_bytes=5_000)
    write(directory, "w2", 10)
    seal(directory)
    return directory


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


def names(journal: Path, lake: Path) -> list[str]:
    answer = Lake(journal, lake).ask("SELECT request FROM events WHERE request IS NOT NULL ORDER BY request")
    return [row[0] for row in answer.rows]


ALL = sorted([f"w1.{number}" for number in range(20)] + [f"w2.{number}" for number in range(10)])


def test_every_record_is_there_before_during_and_after_compaction(journal: Path, lake: Path) -> None:
    assert names(journal, lake) == ALL
    done = compactor.compact(journal, lake)
    assert (done.rows, done.rejected) == (31, 0)
    assert done.segments > 5
    assert names(journal, lake) == ALL
    again = compactor.compact(journal, lake)
    assert (again.segments, again.rows) == (0, 0)
    live = Journal(journal, "w3")
    live.append(accepted("w3.0"))
    assert names(journal, lake) == [*ALL, "w3.0"]
    with next(journal.glob("w3-*.open")).open("ab") as file:
        file.write(b'{"kind":"request.acc')  # torn: being written just now
    assert names(journal, lake) == [*ALL, "w3.0"]
    live.close()


def test_rows_hold_what_the_records_say_and_the_defaults_they_leave_out(tmp_path: Path, lake: Path) -> None:
    journal = Journal(tmp_path / "j", "w")
    event = accepted("r1")
    completed = RequestCompleted(id="evt_2", at=utc_now(), request="r1", principal="alice", route="x")
    refused = RequestRefused(id="evt_3", at=utc_now(), request="r2", status=401, reason="no key")
    for record in (event, completed, refused):
        journal.append(record)
    journal.close()
    line = next((tmp_path / "j").iterdir()).read_bytes().splitlines(keepends=True)[0]
    link = read_link(line)
    assert link is not None
    for _ in range(2):  # from the journal, then from Parquet
        ask = Lake(tmp_path / "j", lake).ask
        row = ask(
            "SELECT id, time, action, signals[1].score, content[1].mac, hash, seq, status FROM events WHERE seq = 0"
        )
        at = event.at.astimezone(UTC).replace(tzinfo=None)
        assert row.rows == [(event.id, at, "flag", 0.9, "ab" * 32, link.hash.decode(), 0, None)]
        assert ask("SELECT status, action FROM events WHERE id = 'evt_2'").rows == [(200, "allow")]
        requests = "SELECT request, action, status, completed, reason FROM requests ORDER BY request"
        assert ask(requests).rows == [("r1", "flag", 200, True, None), ("r2", "block", 401, False, "no key")]
        compactor.compact(tmp_path / "j", lake)


def test_every_view_answers_on_an_empty_and_on_a_filled_lake(tmp_path: Path, journal: Path, lake: Path) -> None:
    for directory in (tmp_path / "nothing", journal):
        for name in ("events", *VIEWS):
            Lake(directory, lake).ask(f"SELECT * FROM {name}")


def test_fields_of_one_name_have_one_type_in_every_kind() -> None:
    """Otherwise the lake holds them as JSON, and older files as something else."""
    declared: dict[str, set[str]] = {}
    for kind in get_args(Event):
        for field in msgspec.structs.fields(kind):
            declared.setdefault(field.encode_name, set()).add(str(field.type))
    assert not {name for name, kind in schema.columns().items() if kind == "JSON" and len(declared[name]) > 1}


def test_days_are_folders_and_wild_clocks_do_not_make_thousands_of_them(
    tmp_path: Path, lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compactor, "MOST_DAYS", 20)
    journal = Journal(tmp_path / "j", "w")
    today = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(40):
        journal.append(ProcessChanged(id=f"e{number}", at=today + timedelta(days=number), process="p", state="s"))
    journal.append(ProcessChanged(id="ancient", at=datetime(1, 1, 1, tzinfo=UTC), process="p", state="s"))
    journal.append(ProcessChanged(id="future", at=datetime(9999, 12, 31, tzinfo=UTC), process="p", state="s"))
    journal.close()
    assert compactor.compact(tmp_path / "j", lake).rows == 42
    folders = [path.name for path in lake.iterdir() if path.is_dir()]
    assert len(folders) == 21
    assert {"day=2026-01-01", "day=other"} <= set(folders)
    assert Lake(tmp_path / "j", lake).ask("SELECT count(*), count(DISTINCT id) FROM events").rows == [(42, 42)]


def test_lines_that_are_no_sound_records_are_set_aside_and_the_rest_goes_on(journal: Path, lake: Path) -> None:
    path = sorted(journal.glob("w2-*.jsonl"))[0]
    lines = path.read_bytes().splitlines(keepends=True)
    bad = [b"not json\n", b'{"kind":"request.accepted","id":1}\n', lines[0].replace(b"alice", b"mallo"), b'{"torn']
    path.write_bytes(b"".join([*lines, *bad]))
    done = compactor.compact(journal, lake)
    assert done.rejected == 4
    assert names(journal, lake) == ALL
    assert (lake / "rejected" / path.name).read_bytes() == b"".join([*bad, b"\n"])
    assert not list(lake.glob("*.tmp"))


def test_many_small_files_become_one(tmp_path: Path, lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compactor, "MERGE_FILES", 3)
    for number in range(6):
        write(tmp_path / "j", "w", 3, start=number * 3)
        done = compactor.compact(tmp_path / "j", lake)
    assert len(read_manifest(lake).files) <= 4
    assert names(tmp_path / "j", lake) == sorted(f"w.{number}" for number in range(18))
    assert done.rows == 3
    old = time.time() - 2 * compactor.KEEP_SECONDS
    for path in lake.rglob("*.parquet"):
        os.utime(path, (old, old))
    compactor.compact(tmp_path / "j", lake)
    assert len(list(lake.rglob("*.parquet"))) == len(read_manifest(lake).files)


@pytest.mark.parametrize("damage", ["cut", "gone", "rot"])
def test_damaged_files_are_left_out_said_and_made_again(journal: Path, lake: Path, damage: str) -> None:
    compactor.compact(journal, lake)
    path = next(lake.rglob("*.parquet"))
    content = path.read_bytes()
    if damage == "cut":
        path.write_bytes(content[:-10])
    elif damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content[:4] + b"\0" * (len(content) - 12) + content[-8:])
    ask = Lake(journal, lake).ask
    if damage == "rot":
        with pytest.raises(QueryError, match="damaged"):
            ask("SELECT * FROM events")
    else:
        assert ask("SELECT count(*) FROM events").damaged == (str(path.relative_to(lake)),)
    done = compactor.compact(journal, lake, check=True)
    assert done.repaired == (str(path.relative_to(lake)),)
    assert names(journal, lake) == ALL


def test_a_damaged_manifest_says_what_to_do(journal: Path, lake: Path) -> None:
    compactor.compact(journal, lake)
    for content in (b"{", b'{"schema":"bartizan/lake/v1","files":{"../x":{"rows":1,"bytes":1,"segments":[]}}}'):
        (lake / NAME).write_bytes(content)
        with pytest.raises(JournalError, match="manifest"):
            compactor.compact(journal, lake)


def test_two_compactors_do_not_meet(journal: Path, lake: Path) -> None:
    from bartizan.telemetry.lake.manifest import compacting

    with compacting(lake):
        assert compactor.compact(journal, lake).busy
    assert not compactor.compact(journal, lake).busy


def test_kill_at_random_moments_loses_and_doubles_nothing(tmp_path: Path, lake: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bartizan.telemetry.lake.compactor"])
    journal = tmp_path / "j"
    expected: list[str] = []
    for number in range(6):
        for batch in range(2):
            write(journal, "w", 10, start=(number * 2 + batch) * 10, segment_bytes=5_000)
        expected += [f"w.{each}" for each in range(number * 20, number * 20 + 20)]
        receive, send = context.Pipe(duplex=False)
        process = context.Process(target=compact_until_killed, args=(journal, lake, send), daemon=True)
        process.start()
        send.close()
        assert receive.poll(30)
        time.sleep(random.random() * 0.12)
        process.kill()
        process.join()
        receive.close()
        answer = Lake(journal, lake).ask("SELECT request FROM events ORDER BY request", rows=5_000)
        assert [row[0] for row in answer.rows] == sorted(expected)
    compactor.compact(journal, lake)
    assert Lake(journal, lake).ask("SELECT count(*), count(DISTINCT id) FROM events").rows == [(120, 120)]
    assert not list(lake.rglob("*.tmp"))


def test_a_full_disk_is_said_and_costs_nothing(journal: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("mounting a tmpfs is not permitted here")
    try:
        (disk / "ballast").write_bytes(b"x" * 60_000)
        with pytest.raises(JournalError, match="cannot compact"):
            compactor.compact(journal, disk / "lake")
        assert names(journal, disk / "lake") == ALL
        (disk / "ballast").unlink()
        assert compactor.compact(journal, disk / "lake").rows == 31
        assert names(journal, disk / "lake") == ALL
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_blob('/proc/self/environ')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM read_json('http://127.0.0.1:1/')",
        "SELECT * FROM lake",
        "COPY (SELECT 1) TO '{out}'",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{out}'",
        "SELECT * FROM query('COPY (SELECT 1) TO ''{out}''')",
        "EXPORT DATABASE '{out}'",
        "ATTACH '{out}'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET memory_limit = '100GB'",
        "PRAGMA database_list",
        "CREATE TABLE x AS SELECT 1",
        "SELECT 1; SELECT 2",
        "",
        "DROP VIEW events",
        "SELECT getenv('PATH')",
    ],
)
def test_questions_reach_nothing_but_the_lake(journal: Path, lake: Path, tmp_path: Path, sql: str) -> None:
    with pytest.raises(QueryError):
        Lake(journal, lake).ask(sql.format(out=tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_questions_are_bounded_in_time_memory_and_rows(journal: Path, lake: Path) -> None:
    with pytest.raises(QueryError, match="too long"):
        Lake(journal, lake, seconds=0.3).ask("SELECT count(*) FROM range(100000000000) a, range(100000) b")
    with pytest.raises(QueryError, match="memory"):
        Lake(journal, lake, memory="64MB").ask("SELECT list(repeat('x', 1000) || i) FROM range(1000000) t(i)")
    answer = Lake(journal, lake).ask("SELECT * FROM range(10)", rows=3)
    assert (len(answer.rows), answer.more) == (3, True)
    assert Lake(journal, lake).ask("SELECT ? || principal FROM events LIMIT 1", ["x"]).rows == [("xalice",)]
    assert Action.BLOCK == "block"

from __future__ import annotations

import asyncio
import errno
import os
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from journal_events import accepted

from bartizan.core.errors import ConfigurationError, JournalError
from bartizan.core.event import Event, RequestAccepted
from bartizan.core.interfaces import Recorder
from bartizan.telemetry import segment as segment_module
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.reader import MAX_RECORD_BYTES, read_journal
from bartizan.workspace.deployment import Journal as Settings


def requests(directory: Path) -> list[str]:
    return [event.request for event in read_journal(directory) if isinstance(event, RequestAccepted)]


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_events_come_back_equal_and_in_order(tmp_path: Path) -> None:
    journal: Recorder = Journal(tmp_path / "journal", "worker1")
    events: list[Event] = [accepted(route="a\nb\u2028\ud7ff") for _ in range(50)]
    for event in events:
        journal.append(event)
    assert list(read_journal(tmp_path / "journal")) == events
    asyncio.run(journal.commit())
    assert isinstance(journal, Journal)
    journal.close()
    journal.close()
    assert list(read_journal(tmp_path / "journal")) == events
    assert all(path.name.endswith(".jsonl") for path in (tmp_path / "journal").iterdir())
    with pytest.raises(JournalError, match="closed"):
        journal.append(events[0])


def test_segments_rotate_by_size_and_keep_their_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "w", Settings(segment_bytes=1500))
    names = [f"r{number}" for number in range(60)]

    async def run() -> None:
        for name in names:
            journal.append(accepted(name))
            await journal.commit()

    asyncio.run(run())
    journal.close()
    files = list(tmp_path.iterdir())
    assert len(files) > 10
    assert all(path.stat().st_size <= 1500 for path in files)
    assert requests(tmp_path) == names


def test_segments_rotate_by_age_even_when_idle(tmp_path: Path) -> None:
    now = [100.0]
    journal = Journal(tmp_path, "w", Settings(durability="write", segment_seconds=10), monotonic=lambda: now[0])
    journal.append(accepted("r1"))
    journal.rotate_if_due()
    now[0] = 111.0
    journal.append(accepted("r2"))
    now[0] = 122.0
    journal.rotate_if_due()
    journal.rotate_if_due()
    journal.close()
    assert len(list(tmp_path.iterdir())) == 2
    assert requests(tmp_path) == ["r1", "r2"]


def test_journal_without_records_leaves_no_file(tmp_path: Path) -> None:
    Journal(tmp_path, "w").close()
    assert list(tmp_path.iterdir()) == []
    assert list(read_journal(tmp_path)) == []


def test_waiting_commits_share_syncs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def slow_sync(descriptor: int) -> None:
        calls.append(descriptor)
        os.fdatasync(descriptor)
        threading.Event().wait(0.005)

    monkeypatch.setattr(segment_module, "sync_file", slow_sync)
    journal = Journal(tmp_path, "w", Settings(durability="fsync"))

    async def request(number: int) -> None:
        await asyncio.sleep(number * 0.0001)
        journal.append(accepted())
        await journal.commit()
        await journal.commit()

    async def run() -> None:
        await asyncio.gather(*(request(number) for number in range(100)))

    asyncio.run(run())
    assert 1 <= len(calls) < 50
    journal.close()
    assert len(requests(tmp_path)) == 100


def test_commit_joins_a_sync_that_already_covers_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    calls: list[int] = []

    def gated(descriptor: int) -> None:
        calls.append(descriptor)
        gate.wait(5)

    monkeypatch.setattr(segment_module, "sync_file", gated)
    journal = Journal(tmp_path, "w", Settings(durability="fsync"))

    async def run() -> None:
        journal.append(accepted())
        first, second = asyncio.ensure_future(journal.commit()), asyncio.ensure_future(journal.commit())
        cancelled = asyncio.ensure_future(journal.commit())
        await asyncio.sleep(0.01)
        cancelled.cancel()
        journal.append(accepted())
        third = asyncio.ensure_future(journal.commit())
        await asyncio.sleep(0.01)
        assert not first.done()
        gate.set()
        await asyncio.gather(first, second, third)
        assert cancelled.cancelled()

    asyncio.run(run())
    assert len(calls) == 2
    journal.close()


def test_failed_sync_is_never_acknowledged_not_even_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path, "w", Settings(durability="fsync"))

    def broken(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    async def run() -> None:
        journal.append(accepted("r1"))
        monkeypatch.setattr(segment_module, "sync_file", broken)
        first = asyncio.ensure_future(journal.commit())
        await asyncio.sleep(0)
        journal.append(accepted("r2"))  # in the same segment, which no later success may vouch for
        second = asyncio.ensure_future(journal.commit())
        with pytest.raises(JournalError, match="disk failed"):
            await first
        monkeypatch.undo()
        with pytest.raises(JournalError, match="disk failed"):
            await second
        assert not journal.healthy
        journal.append(accepted("r3"))
        await journal.commit()
        assert journal.healthy

    asyncio.run(run())
    assert journal.lost == 2
    journal.close()
    assert requests(tmp_path) == ["r1", "r2", "r3"]


def test_failed_sync_under_drop_lets_requests_go_on_and_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path, "w", Settings(durability="fsync", on_full="drop"))

    def broken(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(segment_module, "sync_file", broken)
    journal.append(accepted())
    asyncio.run(journal.commit())
    assert journal.lost == 1
    assert not journal.healthy
    journal.close()


def test_full_disk_refuses_takes_back_the_torn_part_and_recovers(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "w", Settings(durability="write"))
    journal.append(accepted("before"))
    (path,) = tmp_path.iterdir()
    whole = path.stat().st_size
    with file_size_limit(whole + 100):
        for _ in range(3):
            with pytest.raises(JournalError, match="cannot take a record"):
                journal.append(accepted("refused", route="x" * 500))
        assert not journal.healthy
    journal.append(accepted("after"))
    assert journal.healthy
    assert journal.lost == 3
    journal.close()
    assert path.with_name(path.name.removesuffix(".open")).stat().st_size == whole
    assert requests(tmp_path) == ["before", "after"]


def test_full_disk_under_drop_counts_and_goes_on(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "w", Settings(durability="write", on_full="drop"))
    journal.append(accepted("before"))
    (path,) = tmp_path.iterdir()
    with file_size_limit(path.stat().st_size + 100):
        journal.append(accepted("dropped"))
    journal.append(accepted("after"))
    journal.close()
    assert journal.lost == 1
    assert requests(tmp_path) == ["before", "after"]


def test_write_that_cannot_be_taken_back_is_cut_off_by_recovery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path, "w", Settings(durability="write"))
    journal.append(accepted("before"))
    (path,) = tmp_path.iterdir()

    def no_truncate(descriptor: int, length: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "ftruncate", no_truncate)
    with file_size_limit(path.stat().st_size + 100), pytest.raises(JournalError):
        journal.append(accepted("torn"))
    monkeypatch.undo()
    journal.append(accepted("after"))
    assert requests(tmp_path) == ["before", "after"]
    journal.close()
    again = Journal(tmp_path, "w")
    assert [(item.torn > 0, item.size > 0) for item in again.recovered] == [(True, True)]
    again.close()
    assert requests(tmp_path) == ["before", "after"]


def test_concurrent_writers_keep_apart(tmp_path: Path) -> None:
    journals = [Journal(tmp_path, f"w{number}", Settings(segment_bytes=4000)) for number in range(4)]

    def write(number: int) -> None:
        async def run() -> None:
            for count in range(50):
                journals[number].append(accepted(f"{number}.{count}"))
                await journals[number].commit()
            journals[number].close()

        asyncio.run(run())

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = requests(tmp_path)
    for number in range(4):
        mine = [name for name in seen if name.startswith(f"{number}.")]
        assert mine == [f"{number}.{count}" for count in range(50)]


def test_one_journal_takes_records_from_many_threads(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "w", Settings(durability="write", segment_bytes=20_000))

    def write() -> None:
        for _ in range(200):
            journal.append(accepted())

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    seen = requests(tmp_path)
    assert len(seen) == len(set(seen)) == 800


def test_commits_waiting_at_close_are_answered(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "w")

    async def run() -> None:
        waiting = []
        for _ in range(5):
            journal.append(accepted())
            waiting.append(asyncio.ensure_future(journal.commit()))
            await asyncio.sleep(0)
        journal.close()
        await asyncio.wait_for(asyncio.gather(*waiting), 5)

    asyncio.run(run())
    assert len(requests(tmp_path)) == 5


def test_oversized_record_is_refused(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "w")
    with pytest.raises(JournalError, match="too long"):
        journal.append(accepted(route="x" * MAX_RECORD_BYTES))
    journal.close()


def test_lone_surrogates_become_replacement_characters(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "w")
    journal.append(accepted("r\ud800x", route="\U0001f600\udfff"))
    (event,) = read_journal(tmp_path)
    assert isinstance(event, RequestAccepted)
    assert (event.request, event.route) == ("r\ufffdx", "\U0001f600\ufffd")
    assert event.signals == accepted().signals
    journal.close()


@pytest.mark.parametrize("writer", ["", "a/b", "..-", "a b", "x" * 65])
def test_writer_names_cannot_leave_the_directory(tmp_path: Path, writer: str) -> None:
    with pytest.raises(ConfigurationError):
        Journal(tmp_path, writer)


def test_unusable_directory_is_a_journal_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError):
        Journal(tmp_path / "file" / "journal", "w")


def test_vanished_directory_refuses(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", "w", Settings(segment_bytes=10))
    journal.append(accepted())
    for path in (tmp_path / "j").iterdir():
        path.unlink()
    (tmp_path / "j").rmdir()
    with pytest.raises(JournalError):
        journal.append(accepted())
    with pytest.raises(JournalError, match="not completed"):
        journal.close()


def test_under_write_an_fsync_follows_within_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    synced: list[float] = []
    real = segment_module.sync_file
    monkeypatch.setattr(segment_module, "sync_file", lambda descriptor: (synced.append(now[0]), real(descriptor)))
    journal = Journal(tmp_path, "w", Settings(durability="write"), monotonic=lambda: now[0])
    for moment in (0.1, 0.5, 1.1, 1.2, 1.9):
        now[0] = moment
        journal.append(accepted())
        journal._thread.submit(lambda: None).result()
    assert synced == [1.1]
    now[0] = 2.2
    journal.rotate_if_due()
    journal.rotate_if_due()
    journal._thread.submit(lambda: None).result()
    assert synced == [1.1, 2.2]
    now[0] = 9.0
    journal.rotate_if_due()
    journal._thread.submit(lambda: None).result()
    assert synced == [1.1, 2.2], "nothing new to sync"
    journal.close()


def test_under_write_a_failed_fsync_costs_the_segment_its_trust(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    journal = Journal(tmp_path, "w", Settings(durability="write"), monotonic=lambda: now[0])

    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, "input/output error")

    real = segment_module.sync_file
    monkeypatch.setattr(segment_module, "sync_file", fail)
    journal.append(accepted("before"))
    now[0] = 1.5
    journal.append(accepted("at"))
    journal._thread.submit(lambda: None).result()
    assert (journal.healthy, journal.lost) == (False, 1)
    monkeypatch.setattr(segment_module, "sync_file", real)
    journal.append(accepted("after"))
    assert journal.healthy
    assert requests(tmp_path) == ["before", "at", "after"]
    with pytest.raises(JournalError):
        journal.close()

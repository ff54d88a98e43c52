"""Writers are killed at random moments; nothing acknowledged may be missing, doubled or torn."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import subprocess
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from crash_writer import write_until_killed
from journal_events import accepted

from bartizan.core.errors import JournalError
from bartizan.core.event import RequestAccepted
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.reader import read_journal
from bartizan.telemetry.recovery import recover
from bartizan.telemetry.verification import verify_journal
from bartizan.trust.signing import TrustedKeys
from bartizan.workspace.deployment import Journal as Settings

KILLS = 36


def drain(connection: Connection) -> list[str]:
    names: list[str] = []
    try:
        while True:
            if name := connection.recv_bytes().decode():
                names.append(name)
    except (EOFError, OSError):
        return names


@pytest.mark.parametrize("durability", ["write", "fsync"])
def test_kill_at_random_moments_loses_no_acknowledged_record(tmp_path: Path, durability: str) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bartizan.telemetry.journal"])
    settings = Settings(durability="write" if durability == "write" else "fsync", segment_bytes=40_000)
    acknowledged: list[str] = []
    for number in range(KILLS // 2):
        receive, send = context.Pipe(duplex=False)
        process = context.Process(target=write_until_killed, args=(tmp_path, f"w{number}", settings, send), daemon=True)
        process.start()
        send.close()
        assert receive.poll(30)
        names: list[str] = []
        while len(names) < number % 6:  # by what it has written, for a machine with other work writes less in a time
            assert receive.poll(30)
            names += [name.decode()] if (name := receive.recv_bytes()) else []
        time.sleep(random.random() * 0.04)
        while receive.poll(0):  # make room in the pipe, then kill in the middle of work
            names += [name.decode()] if (name := receive.recv_bytes()) else []
        process.kill()
        names += drain(receive)
        process.join()
        receive.close()
        acknowledged += names
    recover(tmp_path)
    read = [event.request for event in read_journal(tmp_path) if isinstance(event, RequestAccepted)]
    assert len(acknowledged) > KILLS
    assert len(read) == len(set(read))
    assert not set(acknowledged) - set(read)
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".open")]
    report = verify_journal(tmp_path, TrustedKeys())
    assert (report.problems, report.unchained) == ([], [])
    assert report.records == len(read)


def test_every_possible_torn_tail_is_set_aside_whole(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "source", "w")
    journal.append(accepted("r1"))
    journal.append(accepted("r2"))
    (source,) = (tmp_path / "source").iterdir()
    content = source.read_bytes()
    journal.close()
    first = content.index(b"\n") + 1
    for cut in range(0, len(content), 7):
        directory = tmp_path / str(cut)
        directory.mkdir()
        (directory / source.name).write_bytes(content[:cut])
        (result,) = recover(directory)
        kept = first if cut >= first else 0
        assert (result.size, result.torn) == (kept, cut - kept)
        assert len(list(read_journal(directory))) == (1 if kept else 0)
        torn = directory / result.name.replace(".jsonl", ".jsonl.torn")
        assert (torn.read_bytes() if torn.exists() else b"") == content[kept:cut]
        assert recover(directory) == []


def test_living_writers_are_left_alone(tmp_path: Path) -> None:
    first = Journal(tmp_path, "w")
    first.append(accepted("r1"))
    second = Journal(tmp_path, "w")
    assert second.recovered == []
    second.append(accepted("r2"))
    first.append(accepted("r3"))
    first.close()
    second.close()
    assert recover(tmp_path) == []
    assert len(list(read_journal(tmp_path))) == 3


def test_recovery_does_not_follow_links(tmp_path: Path) -> None:
    (tmp_path / "j").mkdir()
    precious = tmp_path / "precious"
    precious.write_bytes(b"no newline")
    (tmp_path / "j" / ("w-" + "0" * 32 + ".jsonl.open")).symlink_to(precious)
    with pytest.raises(JournalError):
        Journal(tmp_path / "j", "w")
    assert precious.read_bytes() == b"no newline"


def test_a_really_full_disk_refuses_and_recovers(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a tmpfs is not permitted here")
    try:
        journal = Journal(disk / "journal", "w")
        kept: list[str] = []

        async def fill(rounds: int) -> int:
            refused = 0
            for _ in range(rounds):
                event = accepted()
                try:
                    journal.append(event)
                    await journal.commit()
                    kept.append(event.request)
                except JournalError:
                    refused += 1
            return refused

        (disk / "ballast").write_bytes(b"x" * 16_000)
        assert asyncio.run(fill(200)) > 50
        assert not journal.healthy
        (disk / "ballast").unlink()
        before = len(kept)
        asyncio.run(fill(10))
        assert len(kept) == before + 10
        assert journal.healthy
        journal.close()
        read = [event.request for event in read_journal(disk / "journal") if isinstance(event, RequestAccepted)]
        assert read == kept
    finally:
        subprocess.run(["umount", "-l", disk], check=True)

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from journal_events import accepted

from bartizan.core.clock import utc_now
from bartizan.core.errors import JournalError
from bartizan.core.event import RequestAccepted
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.merging import BLOCK, Merged
from bartizan.telemetry.tailing import Cursor
from bartizan.workspace.deployment import Journal as Settings

START = utc_now()


def later(seconds: float, name: str) -> RequestAccepted:
    return msgspec.structs.replace(accepted(name), at=START + timedelta(seconds=seconds))


def drain(merged: Merged, limit: int = 7) -> list[str]:
    names: list[str] = []
    while True:
        records, complete = merged.read(limit)
        names += [record.event["request"] for record in records]
        if complete:
            return names


def test_a_backlog_of_several_writers_comes_in_the_order_of_time(tmp_path: Path) -> None:
    writers = [Journal(tmp_path, f"w{number}", Settings(segment_bytes=3_000)) for number in range(3)]
    chance = random.Random(5)
    for number in range(200):
        writers[chance.randrange(3)].append(later(number, str(number)))
    assert drain(Merged(tmp_path, Cursor())) == [str(number) for number in range(200)]
    for writer in writers:
        writer.close()
    assert drain(Merged(tmp_path, Cursor())) == [str(number) for number in range(200)]


def test_each_record_comes_once_over_rotation_and_restarts(tmp_path: Path) -> None:
    writers = [Journal(tmp_path, f"w{number}", Settings(segment_bytes=3_000)) for number in range(3)]
    chance = random.Random(6)
    seen: list[str] = []
    merged = Merged(tmp_path / "not yet", Cursor())
    assert merged.read(5) == ([], True)
    merged = Merged(tmp_path, Cursor())
    for number in range(300):
        writers[number % 3].append(later(number, str(number)))
        if chance.random() < 0.2:
            seen += [record.event["request"] for record in merged.read(chance.randrange(1, 30))[0]]
        if chance.random() < 0.1:
            saved = msgspec.json.encode(merged.cursor())
            merged.close()
            merged = Merged(tmp_path, msgspec.json.decode(saved, type=Cursor))
    for writer in writers:
        writer.close()
    seen += drain(merged)
    assert sorted(seen, key=int) == [str(number) for number in range(300)]
    assert all(offset == -1 for offset in merged.cursor().offsets.values())


def test_open_segments_of_one_name_do_not_wait_for_each_other(tmp_path: Path) -> None:
    first, second = Journal(tmp_path, "mcp"), Journal(tmp_path, "mcp")
    merged = Merged(tmp_path, Cursor())
    for number in range(4):
        (first, second)[number % 2].append(later(number, str(number)))
    assert drain(merged) == ["0", "1", "2", "3"]
    first.append(later(4, "4"))
    second.close()
    assert drain(merged) == ["4"]


def test_what_is_no_record_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / f"w-{0:032x}.jsonl.open"
    good = b'{"at":"2026-01-01T00:00:00Z","request":"%s"}\n'
    lines = [good % b"0", b"[1]\n", b"{\n", b"\n", b'{"request":"1"}\n', b'{"at":7,"request":"2"}\n', good % b"3"]
    path.write_bytes(b"".join(lines) + b'{"request":"torn')
    merged = Merged(tmp_path, Cursor())
    assert drain(merged) == ["0", "1", "2", "3"]
    assert merged.unread == 3
    with path.open("ab") as file:
        file.write(b' no more"}\n')
    assert drain(merged) == ["torn no more"]
    long = b'{"request":"long","x":"' + b"x" * 3 * BLOCK + b'"}\n'
    with path.open("ab") as file:
        file.write(long + b"x" * (17 << 20) + b"\n" + good % b"9")
    assert drain(merged) == ["long", "9"]
    assert merged.unread > 3


def test_a_journal_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / f"w-{0:032x}.jsonl").mkdir()
    with pytest.raises(JournalError, match="cannot read"):
        Merged(tmp_path, Cursor()).read(1)

from __future__ import annotations

import random
from pathlib import Path

import msgspec
from journal_events import accepted

from bartizan.telemetry.journal import Journal
from bartizan.telemetry.tailing import Cursor, Tailer, behind
from bartizan.workspace.deployment import Journal as Settings


def test_each_record_comes_once_in_order_over_rotation_and_restarts(tmp_path: Path) -> None:
    writers = [Journal(tmp_path, f"w{number}", Settings(segment_bytes=4_000)) for number in range(3)]
    saved = msgspec.json.encode(Cursor())
    seen: list[str] = []
    chance = random.Random(7)
    for number in range(150):
        writers[number % 3].append(accepted(f"w{number % 3}.{number}"))
        if chance.random() < 0.2:
            tailer = Tailer(tmp_path, msgspec.json.decode(saved, type=Cursor))
            seen += [msgspec.json.decode(line.content)["request"] for line in tailer.read(2_000)]
            saved = msgspec.json.encode(tailer.cursor)
    for writer in writers:
        writer.close()
    tailer = Tailer(tmp_path, msgspec.json.decode(saved, type=Cursor))
    while lines := tailer.read():
        seen += [msgspec.json.decode(line.content)["request"] for line in lines]
    assert len(seen) == len(set(seen)) == 150
    for number in range(3):
        own = [int(name.split(".")[1]) for name in seen if name.startswith(f"w{number}.")]
        assert own == sorted(own)
    assert behind(tmp_path, tailer.cursor) == 0
    assert behind(tmp_path, Cursor()) > 10_000


def test_torn_lines_wait_and_vanished_segments_are_forgotten(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "w")
    journal.append(accepted("r0"))
    (path,) = tmp_path.iterdir()
    tailer = Tailer(tmp_path, Cursor())
    assert len(tailer.read()) == 1
    with path.open("ab") as file:
        file.write(b'{"kind":"torn')
        file.flush()
        assert tailer.read() == []
        file.write(b'"}\n')
    assert [line.content for line in tailer.read()] == [b'{"kind":"torn"}\n']
    journal.close()
    assert tailer.read() == []
    assert list(tailer.cursor.offsets.values()) == [-1]
    next(tmp_path.iterdir()).unlink()
    assert tailer.read() == []
    assert tailer.cursor.offsets == {}

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journal_events import accepted

from bartizan.core.errors import JournalError
from bartizan.telemetry import reader
from bartizan.telemetry.reader import read_journal, segments
from bartizan.telemetry.recovery import recover, whole_lines

NAME = "w-" + "0" * 31 + "1.jsonl"
LINE = msgspec.json.encode(accepted("r1")) + b"\n"


def test_torn_tail_of_an_open_segment_is_no_record(tmp_path: Path) -> None:
    for cut in range(len(LINE)):
        (tmp_path / (NAME + ".open")).write_bytes(LINE + LINE[:cut])
        assert len(list(read_journal(tmp_path))) == 1


@pytest.mark.parametrize(
    "garbage",
    [b"\n", b"{}\n", b"\0\0\n", b"not json\n", LINE[:50] + b"\n", LINE[:-1] + LINE, b"\xff\xfe\n"],
    ids=["blank", "object", "nulls", "words", "half", "joined", "bytes"],
)
def test_garbage_in_the_middle_is_reported_with_its_place(tmp_path: Path, garbage: bytes) -> None:
    (tmp_path / (NAME + ".open")).write_bytes(LINE + garbage + LINE)
    events = read_journal(tmp_path)
    next(events)
    with pytest.raises(JournalError, match=rf"{NAME}\.open:2: not a record"):
        next(events)


def test_completed_segment_must_end_in_a_whole_line(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(LINE + LINE[:40])
    with pytest.raises(JournalError, match="torn line"):
        list(read_journal(tmp_path))


def test_endless_line_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_RECORD_BYTES", 1000)
    (tmp_path / (NAME + ".open")).write_bytes(b"x" * 5000)
    with pytest.raises(JournalError, match="longer than a record"):
        list(read_journal(tmp_path))


def test_missing_directory_and_unreadable_segment_are_journal_errors(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot list"):
        list(read_journal(tmp_path / "nowhere"))
    (tmp_path / NAME).mkdir()
    with pytest.raises(JournalError, match="cannot read"):
        list(read_journal(tmp_path))


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    for name in ("README", "x.jsonl", NAME + ".torn", "w-" + "0" * 32 + ".jsonl.bak"):
        (tmp_path / name).write_text("garbage")
    assert segments(tmp_path) == []
    assert recover(tmp_path) == []


def test_segment_completed_between_listing_and_reading_is_found(tmp_path: Path) -> None:
    opened = tmp_path / (NAME + ".open")
    opened.write_bytes(LINE)
    listed = segments(tmp_path)
    opened.rename(tmp_path / NAME)
    assert len(list(reader.read_segment(listed[0]))) == 1


@settings(max_examples=60)
@given(st.lists(st.integers(0, 200_000), max_size=3), st.integers(0, 200_000))
def test_whole_lines_is_the_position_after_the_last_newline(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], tail: int
) -> None:
    path = tmp_path_factory.mktemp("w") / "file"
    content = b"".join(b"a" * length + b"\n" for length in lengths) + b"b" * tail
    path.write_bytes(content)
    with path.open("rb") as file:
        assert whole_lines(file.fileno(), len(content)) == content.rfind(b"\n") + 1

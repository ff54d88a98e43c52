"""Before segments go into the lake: whole, sound records go on; every other line is set aside, and named."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from bartizan.core.event import Event
from bartizan.telemetry.following import LINKED, Line, lines

REJECTED: Final = "rejected"
_log = logging.getLogger("bartizan.lake")


def sift(batch: Sequence[Path], lake: Path) -> tuple[list[Path], int]:
    """Files of sound records only, and how many lines are not.

    A segment without a bad line is used as it is; of one with some, a copy without them, under a name that ends in
    ``.tmp``. Bad lines go to ``rejected/SEGMENT`` in the lake, anew each time.

    Raises:
        OSError: a file cannot be read or written.
    """
    decoder = msgspec.json.Decoder(Event)
    sources: list[Path] = []
    rejected = 0
    for path in batch:
        good = 0
        bad: list[int] = []
        with path.open("rb") as file:
            for line in lines(file):
                if _sound(line, decoder):
                    good += 1
                else:
                    bad.append(line.number)
        if bad:
            _log.error("%s: %s lines are no sound records, from line %s on", path.name, len(bad), bad[0])
            copy = _split(path, lake, set(bad))
            rejected += len(bad)
            if good:
                sources.append(copy)
        elif good:
            sources.append(path)
    return sources, rejected


def _sound(line: Line, decoder: msgspec.json.Decoder[Event]) -> bool:
    if not line.whole or (line.link is None and LINKED in line.content) or (line.link and not line.link.sound):
        return False
    try:
        decoder.decode(line.content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def _split(path: Path, lake: Path, bad: set[int]) -> Path:
    (lake / REJECTED).mkdir(mode=0o700, exist_ok=True)
    copy = lake / f"{path.name}.tmp"
    with path.open("rb") as file, copy.open("wb") as kept, (lake / REJECTED / path.name).open("wb") as aside:
        for line in lines(file):
            _put(aside if line.number in bad else kept, line.content)
        aside.flush()
        os.fsync(aside.fileno())
    return copy


def _put(file: BinaryIO, content: bytes) -> None:
    file.write(content if content.endswith(b"\n") else content + b"\n")

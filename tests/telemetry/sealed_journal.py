"""A small sealed journal to alter."""

from __future__ import annotations

from pathlib import Path

from journal_events import accepted

from bartizan.telemetry.journal import Journal
from bartizan.telemetry.sealing import Sealer
from bartizan.telemetry.verification import Report, verify_journal
from bartizan.trust.signing import SigningKey, TrustedKeys
from bartizan.workspace.deployment import Journal as Settings

KEY = SigningKey.create()
TRUSTED = TrustedKeys([KEY.public])


def write(directory: Path, writer: str, count: int, start: int = 0, segment_bytes: int = 3_000) -> None:
    journal = Journal(directory, writer, Settings(segment_bytes=segment_bytes))
    for number in range(start, start + count):
        journal.append(accepted(f"{writer}.{number}"))
    journal.close()


def seal(directory: Path) -> None:
    journal = Journal(directory, "sealer")
    Sealer(directory, KEY, journal).seal()
    journal.close()


def sealed(directory: Path) -> None:
    """Two writers, one of them in two lives, over eight segments; everything sealed, in two seals."""
    write(directory, "w1", 7)
    seal(directory)
    write(directory, "w2", 4)
    write(directory, "w1", 5, start=7)
    seal(directory)


def verify(directory: Path) -> Report:
    return verify_journal(directory, TRUSTED)

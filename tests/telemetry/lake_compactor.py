"""Compacts again and again until it is killed."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path

from bartizan.telemetry.lake import compactor


def compact_until_killed(journal: Path, lake: Path, started: Connection) -> None:
    started.send_bytes(b"")
    while True:
        compactor.compact(journal, lake)

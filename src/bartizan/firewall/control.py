"""The line between the supervisor and a worker: one JSON object a line over a socket pair.

Its end-of-file tells either side that the other has died.
"""

from __future__ import annotations

import asyncio
import socket

import msgspec

from bartizan.telemetry.metrics import Snapshot

LONGEST = 4_000_000
"""Bytes of a line."""
STATUS_EVERY = 1.0
"""Seconds between two statuses of a worker."""


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """Worker: serving."""


class Status(msgspec.Struct, frozen=True, tag="status"):
    """Worker: how it goes, about once a second."""

    problems: tuple[str, ...] = ()
    """Why it would refuse requests; empty if it serves."""
    snapshot: int = 0
    """Number of the workspace snapshot in force."""
    metrics: Snapshot = ()
    """Its counters."""


class Drain(msgspec.Struct, frozen=True, tag="drain"):
    """Supervisor: finish what is under way, accept nothing more."""


Line = Ready | Status | Drain


class Control:
    """One end of the line."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def over(cls, end: socket.socket) -> Control:
        """Take over a connected socket."""
        end.setblocking(False)
        return cls(*await asyncio.open_connection(sock=end, limit=LONGEST))

    def send(self, line: Line) -> None:
        """Send without waiting; a line to the dead is lost, as the reader will find out."""
        if not self._writer.is_closing():
            self._writer.write(msgspec.json.encode(line) + b"\n")

    async def receive(self) -> Line | None:
        """The next line; None when the other side is gone or does not keep to the format."""
        try:
            raw = await self._reader.readline()
            return msgspec.json.decode(raw, type=Line) if raw.endswith(b"\n") else None
        except (OSError, ValueError, msgspec.DecodeError):
            return None

    def close(self) -> None:
        """Hang up."""
        self._writer.close()

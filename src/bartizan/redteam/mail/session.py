"""What sessions of both protocols share: a connection, bounded lines, and who may log in."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from bartizan.redteam.mail.mailbox import Mailbox

MAX_LINE = 65_536
IDLE = 600.0
"""Seconds without a command after which a connection is closed."""
MAX_FAILURES = 20
"""Logins or commands in a row that do not fit, after which a connection is closed."""

T = TypeVar("T")


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Who may read the mailbox."""

    user: str
    password: str

    def fits(self, user: str, password: str) -> bool:
        """Whether these are its user and password."""
        known, told = (f"{one}\0{other}".encode() for one, other in ((self.user, self.password), (user, password)))
        return hmac.compare_digest(known, told)


class ClosedError(Exception):
    """The other side is gone, was silent for too long, or sent what no client sends."""


class Connection:
    """Lines of one client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def line(self) -> str:
        """The next line without its end. Raises ClosedError."""
        raw = await self._within(self._reader.readline)
        if not raw.endswith(b"\n"):
            raise ClosedError
        return raw.decode("utf-8", "replace").rstrip("\r\n")

    async def exactly(self, size: int) -> str:
        """So many bytes. Raises ClosedError."""
        raw = await self._within(lambda: self._reader.readexactly(size))
        return raw.decode("utf-8", "replace")

    async def send(self, data: bytes) -> None:
        """Raises ClosedError."""
        self._writer.write(data)
        await self._within(self._writer.drain)

    async def _within(self, work: Callable[[], Awaitable[T]]) -> T:
        try:
            async with asyncio.timeout(IDLE):
                return await work()
        except (TimeoutError, ValueError, OSError, asyncio.IncompleteReadError):
            raise ClosedError from None  # ValueError: a line beyond the reader's bound


Session = Callable[[Connection, Mailbox, Account], Awaitable[None]]
"""Speaks with one client until it is gone. May raise ClosedError."""

"""The mail server: IMAP and POP3 on one mailbox, while a campaign runs."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Callable

import msgspec

from bartizan.core.problem import quote
from bartizan.redteam.errors import TargetError
from bartizan.redteam.mail.imap import Imap
from bartizan.redteam.mail.mailbox import Mailbox
from bartizan.redteam.mail.pop3 import Pop3
from bartizan.redteam.mail.session import MAX_LINE, Account, ClosedError, Connection

MAX_CONNECTIONS = 64
Protocol = Callable[[Connection, Mailbox, Account], Imap | Pop3]


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """Where it listens. A protocol without a port is not served."""

    host: str = "127.0.0.1"
    imap_port: int | None = None
    pop3_port: int | None = None


class MailServer:
    """Listens from `start` on.

    Args:
        where: addresses.
        account: who may read.
        tls: from the first byte on; None for none.
    """

    def __init__(self, where: Where, account: Account, tls: ssl.SSLContext | None = None) -> None:
        self.mailbox = Mailbox()
        self._where, self._account, self._tls = where, account, tls
        self._servers: list[asyncio.Server] = []
        self.ports: list[int] = []
        """Of what it serves: IMAP before POP3."""
        self._open: set[asyncio.Task[None]] = set()
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        """Idempotent. Raises TargetError when it cannot listen."""
        async with self._starting:
            if self._servers:
                return
            self.mailbox.renew()
            listeners: tuple[tuple[Protocol, int | None], ...] = (
                (Imap, self._where.imap_port),
                (Pop3, self._where.pop3_port),
            )
            for protocol, port in listeners:
                if port is not None:
                    await self._listen(protocol, port)

    async def close(self) -> None:
        """Idempotent; connections end with it."""
        servers, self._servers, self.ports = self._servers, [], []
        for one in servers:
            one.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        for one in servers:
            await one.wait_closed()

    async def _listen(self, protocol: Protocol, port: int) -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._open.add(task)
            try:
                if len(self._open) <= MAX_CONNECTIONS:
                    await protocol(Connection(reader, writer), self.mailbox, self._account).run()
            except (ClosedError, asyncio.CancelledError):
                pass
            finally:
                self._open.discard(task)
                writer.close()

        try:
            server = await asyncio.start_server(serve, self._where.host, port, limit=MAX_LINE, ssl=self._tls)
        except OSError as error:
            await self.close()
            where = f"{quote(self._where.host)}, port {port}"
            why = os.strerror(error.errno) if error.errno else str(error)
            raise TargetError(f"the mail server cannot listen on {where}: {why}") from None
        self._servers.append(server)
        self.ports.append(server.sockets[0].getsockname()[1])

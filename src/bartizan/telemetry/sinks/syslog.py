"""Syslog: RFC 5424 messages over TCP (RFC 6587, octet counting) or TLS (RFC 5425).

Syslog has no acknowledgement. A batch counts as delivered once the receiver's machine has acknowledged all of its
bytes. If the connection then breaks (rather than ends), what was sent last is sent once more on the next one, since the
receiver may not have read it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
import ssl
import struct
import termios
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from typing import Final

from bartizan.telemetry.sinks.interface import Item, Outcome, SinkError
from bartizan.workspace.sinks import SyslogSink

KEPT_BYTES: Final = 4_000_000
"""Of what was sent last, kept for a connection that breaks; receivers rarely have a larger buffer."""
_SEVERITY: Final = {"block": 4, "redact": 5, "ask": 5, "flag": 5}
_KIND_SEVERITY: Final = {"journal.damaged": 2, "approval.refused": 4, "quarantine.changed": 5}
_INFORMATIONAL: Final = 6


def message(item: Item, text: bytes, facility: int, hostname: str) -> bytes:
    """One RFC 5424 message with its octet count before it.

    The text is MSG-ANY: UTF-8 without a byte order mark, which parsers of JSON, CEF and LEEF would stumble over.
    """
    severity = _KIND_SEVERITY.get(item.kind, _SEVERITY.get(item.action, _INFORMATIONAL))
    at = item.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    head = f"<{facility * 8 + severity}>1 {at} {_name(hostname, 255)} bartizan - {_name(item.kind, 32)} - "
    whole = head.encode("ascii") + text
    return b"%d " % len(whole) + whole


def _name(text: str, longest: int) -> str:
    """Printable ASCII without spaces, as header fields must be; ``-`` for nothing."""
    return "".join(character for character in text if "!" <= character <= "~")[:longest] or "-"


class _UnansweredError(OSError):
    """The other side takes the connection, and is silent or ends it when TLS begins, as servers of plain TCP do."""


class Syslog:
    """Sends to one server.

    Args:
        settings: where, and how messages look.
        context: for TLS; None for plain TCP.
        seconds: in which a batch must be through.
    """

    def __init__(self, settings: SyslogSink, context: ssl.SSLContext | None, seconds: float) -> None:
        self._settings = settings
        self._context = context
        self._seconds = seconds
        self._hostname = settings.hostname or socket.gethostname()
        self._socket: socket.socket | None = None
        self._sent: deque[bytes] = deque()
        self._broken = False
        self._thread = ThreadPoolExecutor(1)  # its own: one that hangs must not use up those of others

    async def send(self, items: Sequence[Item]) -> Outcome:
        """See ``Sink.send``."""
        frames = [message(item, text, self._settings.facility, self._hostname) for item in items for text in item.texts]
        try:
            if self._socket is not None and not _alive(self._socket):
                await self.close()
            if self._socket is None:
                await self._connect()
            again = list(self._sent) if self._broken else []
            content = b"".join([*again, *frames])
            await asyncio.get_running_loop().run_in_executor(self._thread, self._transmit, content)
        except OSError as error:
            self._broken = True
            await self.close()
            raise SinkError(_words(error, self._settings)) from None
        except BaseException:  # cancelled: closing the socket ends the thread
            self._broken = True
            await self.close()
            raise
        self._broken = False
        self._keep(frames)
        return Outcome()

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(self._settings.host, self._settings.port, type=socket.SOCK_STREAM)
        problem: OSError = OSError("the name has no address")
        for family, kind, protocol, _, address in found:
            raw = socket.socket(family, kind, protocol)
            self._socket = raw
            raw.setblocking(False)
            try:
                await loop.sock_connect(raw, address)
                raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                raw.settimeout(self._seconds)
                if self._context is not None:
                    self._socket = self._context.wrap_socket(
                        raw, server_hostname=self._settings.host, do_handshake_on_connect=False
                    )
                return
            except OSError as error:
                problem = error
                raw.close()
                self._socket = None
        raise problem

    def _transmit(self, content: bytes) -> None:
        """Blocks until the other machine has it all. Raises OSError."""
        connection = self._socket
        if connection is None:
            raise ConnectionAbortedError
        until = time.monotonic() + self._seconds
        if isinstance(connection, ssl.SSLSocket):
            connection.settimeout(self._seconds / 2)  # before the batch's own time is over, which would hide the cause
            try:
                connection.do_handshake()  # does nothing from the second time on
            except (TimeoutError, ssl.SSLEOFError, ConnectionResetError):
                raise _UnansweredError from None
        connection.settimeout(self._seconds)
        connection.sendall(content)
        while _unacknowledged(connection) and _alive(connection):
            if time.monotonic() > until:
                raise TimeoutError
            time.sleep(0.002)
        if not _alive(connection):
            raise ConnectionResetError

    def _keep(self, frames: list[bytes]) -> None:
        self._sent.extend(frames)
        size = sum(map(len, self._sent))
        while size > KEPT_BYTES:
            size -= len(self._sent.popleft())

    async def idle(self) -> None:
        """See ``Sink.idle``: notices a connection that broke, and sends again what may have been lost with it."""
        if self._socket is not None:
            try:
                if not _alive(self._socket):
                    await self.close()
            except OSError:
                self._broken = True
                await self.close()
        if self._broken and self._sent:
            await self.send(())

    async def close(self) -> None:
        """See ``Sink.close``."""
        connection, self._socket = self._socket, None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


def _alive(connection: socket.socket) -> bool:
    """False if the other side has ended the connection. Raises OSError if it broke."""
    timeout = connection.gettimeout()
    connection.setblocking(False)
    try:
        while True:
            if not connection.recv(4_096):  # syslog servers say nothing; TLS has tickets to give
                return False
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return True
    finally:
        connection.settimeout(timeout)


def _unacknowledged(connection: socket.socket) -> int:
    """Bytes that the kernel still keeps for sending again; 0 where it does not say."""
    try:
        (count,) = struct.unpack("i", fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))
    except OSError:
        return 0
    return int(count)


def _words(error: OSError, settings: SyslogSink) -> str:
    place = f"{settings.host}:{settings.port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{place}: the certificate is not accepted: {error.verify_message}"
    if isinstance(error, _UnansweredError):
        return f"{place}: no answer to the TLS handshake; does this port speak TLS?"
    if isinstance(error, TimeoutError):
        return f"{place}: no acknowledgement in time"
    number = 0 if isinstance(error, ssl.SSLError | socket.gaierror) else error.errno or 0
    return f"{place}: {os.strerror(number) if number else error.strerror or type(error).__name__}"

"""The part of NATS's client protocol that publishing needs (https://docs.nats.io/reference/reference-protocols).

Our own, because a client must not fall back to plain text when a server does not offer TLS, must not follow servers
that another one names, and must bound what it reads.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import ssl
from importlib.metadata import version
from typing import Any, Final, NamedTuple

import msgspec

from bartizan.telemetry.sinks.interface import SinkError

_LONGEST_LINE: Final = 262_144
_MOST_PAYLOAD: Final = 1_000_000
"""Of a message to us: acknowledgements have some hundred bytes."""


class Server(NamedTuple):
    """Where to connect, and as whom."""

    host: str
    port: int
    context: ssl.SSLContext | None
    tls_first: bool = False
    user: str = ""
    password: str = ""
    token: str = ""


class Reply(NamedTuple):
    """What came back on one message."""

    token: str
    """The last word of the subject it was sent to."""
    status: int
    """Of the headers: 503 if nobody takes the subject; 0 if there are none."""
    payload: bytes


class _Info(msgspec.Struct):
    headers: bool = False
    max_payload: int = 1_048_576


class NatsConnection:
    """One connection. Made by :meth:`open`; any failure is OSError, ValueError, EOFError or SinkError, and ends it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.inbox = f"_INBOX.{secrets.token_hex(11)}"
        self.max_payload = 0
        """Bytes of headers and payload together that the server takes."""

    @classmethod
    async def open(cls, server: Server) -> NatsConnection:
        """Connect, encrypt if there is a context, log in and listen on the inbox."""
        first = server.context if server.tls_first else None
        name = server.host if first is not None else None
        reader, writer = await asyncio.open_connection(
            server.host, server.port, limit=_LONGEST_LINE, ssl=first, server_hostname=name
        )
        made = cls(reader, writer)
        try:
            await made._begin(server)
        except BaseException:
            made.close()
            raise
        return made

    async def _begin(self, server: Server) -> None:
        verb, line = await self._line()
        if verb != b"INFO":
            raise SinkError("the server does not greet as NATS does")
        info = msgspec.json.decode(line, type=_Info)
        if not info.headers:
            raise SinkError("the server knows no headers, which JetStream needs")
        self.max_payload = max(0, info.max_payload)
        if server.context is not None and not server.tls_first:
            await self._writer.start_tls(server.context, server_hostname=server.host)
        options: dict[str, Any] = {
            "verbose": False, "pedantic": False, "tls_required": server.context is not None, "name": "bartizan",
            "lang": "python", "version": version("bartizan"), "protocol": 1, "echo": False, "headers": True,
            "no_responders": True,
        }  # fmt: skip
        if server.token:
            options["auth_token"] = server.token
        elif server.user:
            options |= {"user": server.user, "pass": server.password}
        self._writer.write(b"CONNECT " + msgspec.json.encode(options) + b"\r\n")
        self._writer.write(f"SUB {self.inbox}.* 1\r\nPING\r\n".encode())
        await self._writer.drain()
        while (await self._line())[0] != b"PONG":
            pass

    async def publish(self, subject: str, token: str, headers: bytes, payload: bytes) -> None:
        """Send a message that is answered to ``token``. The subject, the token and the headers must be sound."""
        self._writer.write(
            f"HPUB {subject} {self.inbox}.{token} {len(headers)} {len(headers) + len(payload)}\r\n".encode()
        )
        self._writer.write(headers + payload + b"\r\n")
        await self._writer.drain()

    async def reply(self) -> Reply:
        """The next answer on any message."""
        while True:
            verb, line = await self._line()
            words = line.split()
            if verb not in (b"MSG", b"HMSG"):
                continue
            if len(words) < 3 + (verb == b"HMSG"):
                raise ValueError("a message without its size")
            size, head = int(words[-1]), int(words[-2]) if verb == b"HMSG" else 0
            if not 0 <= head <= size <= _MOST_PAYLOAD:
                raise ValueError("a message that is too long")
            content = (await self._reader.readexactly(size + 2))[:size]
            token = words[0].decode("ascii", "replace").rpartition(".")[2]
            status = content[:head].split(b"\r\n", 1)[0].split()
            number = int(status[1]) if len(status) > 1 and status[1].isdigit() else 0
            return Reply(token, number, content[head:])

    async def _line(self) -> tuple[bytes, bytes]:
        """Verb and rest of the next line of the protocol that is not for the connection alone."""
        while True:
            line = await self._reader.readline()
            if not line.endswith(b"\n"):
                raise EOFError
            verb, _, rest = line.strip().partition(b" ")
            if verb == b"PING":
                self._writer.write(b"PONG\r\n")
            elif verb == b"-ERR":
                words = "".join(chr(c) if 32 <= c < 127 else " " for c in rest[:60])
                raise SinkError(f"the server says {words.strip()}")
            elif verb != b"+OK":
                return verb.upper(), rest

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(Exception):
            self._writer.transport.abort()

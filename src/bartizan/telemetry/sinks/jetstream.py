"""NATS JetStream: each message is acknowledged by the stream that keeps it, and known there by its id."""

from __future__ import annotations

import os
import secrets
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from bartizan.telemetry.sinks.interface import Item, Outcome, SinkError
from bartizan.telemetry.sinks.nats_wire import NatsConnection, Reply, Server
from bartizan.workspace.sinks import NatsSink

_AT_ONCE: Final = 256
"""Messages on their way without an acknowledgement."""
_QUIET_SECONDS: Final = 45.0
"""Then we hang up: servers ask every two minutes whether a client is there, and nobody would answer."""
_TOO_LARGE: Final = 10054
"""JetStream's code for a message beyond the stream's largest."""


class _Error(msgspec.Struct):
    code: int = 0
    err_code: int = 0


class _Ack(msgspec.Struct):
    stream: str = ""
    seq: int = 0
    error: _Error | None = None


class _Message(msgspec.Struct):
    place: int
    headers: bytes
    payload: bytes


class JetStream:
    """Publishes to one subject; delivered is what a stream has acknowledged with its name and a sequence number.

    ``Nats-Msg-Id`` is the event's id, by which the stream drops doubles within its window (two minutes unless set).

    Args:
        settings: the subject, and the stream that must take it.
        server: where to.
    """

    def __init__(self, settings: NatsSink, server: Server) -> None:
        self._settings = settings
        self._server = server
        self._connection: NatsConnection | None = None
        self._used = 0.0

    async def send(self, items: Sequence[Item]) -> Outcome:
        """See ``Sink.send``."""
        rejected: dict[int, str] = {}
        again: dict[int, str] = {}
        try:
            if self._connection is None:
                self._connection = await NatsConnection.open(self._server)
            await self._publish(self._connection, items, rejected, again)
        except (OSError, ValueError, EOFError) as error:
            self._hang_up()
            raise SinkError(f"{self._place}: {_words(error)}") from None
        except SinkError as error:
            self._hang_up()
            raise SinkError(f"{self._place}: {error.cause}", error.hint) from None
        except BaseException:  # cancelled: what comes later belongs to no message of ours
            self._hang_up()
            raise
        self._used = time.monotonic()
        if len(again) == len(items) > 0:
            raise SinkError(f"{self._place}: {next(iter(again.values()))}")
        return Outcome(rejected, sorted(again.keys() - rejected.keys()))

    async def _publish(
        self, connection: NatsConnection, items: Sequence[Item], rejected: dict[int, str], again: dict[int, str]
    ) -> None:
        waiting: dict[str, int] = {}

        async def take() -> None:
            reply = await connection.reply()
            place = waiting.pop(reply.token, None)
            if place is None:
                return
            reason, lasting = self._judge(reply)
            if reason:
                (rejected if lasting else again)[place] = reason

        for message in self._messages(items):
            if len(message.headers) + len(message.payload) > connection.max_payload:
                rejected[message.place] = "longer than the server's max_payload"
                continue
            token = secrets.token_hex(8)
            waiting[token] = message.place
            await connection.publish(self._settings.subject, token, message.headers, message.payload)
            while len(waiting) >= _AT_ONCE:
                await take()
        while waiting:
            await take()

    def _messages(self, items: Sequence[Item]) -> Iterator[_Message]:
        stream = f"Nats-Expected-Stream: {self._settings.stream}\r\n" if self._settings.stream else ""
        for place, item in enumerate(items):
            for number, text in enumerate(item.texts):
                name = item.id if number == 0 else f"{item.id}-{number}"
                lines = f"NATS/1.0\r\nNats-Msg-Id: {_word(name)}\r\nBartizan-Kind: {_word(item.kind)}\r\n{stream}\r\n"
                yield _Message(place, lines.encode("ascii"), text)

    def _judge(self, reply: Reply) -> tuple[str, bool]:
        """Why a message was not taken, and whether it never will be; an empty reason if it was taken."""
        if reply.status == 503:
            return "no stream takes the subject", False
        try:
            ack = msgspec.json.decode(reply.payload, type=_Ack)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return "the answer is not one of JetStream", False
        if ack.error is not None:
            return f"JetStream error {ack.error.err_code}", ack.error.err_code == _TOO_LARGE
        if not ack.stream or ack.seq < 1 or self._settings.stream not in ("", ack.stream):
            return "the answer is not one of the stream", False
        return "", False

    @property
    def _place(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"

    async def idle(self) -> None:
        """See ``Sink.idle``."""
        if self._connection is not None and time.monotonic() - self._used > _QUIET_SECONDS:
            self._hang_up()

    async def close(self) -> None:
        """See ``Sink.close``."""
        self._hang_up()

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _word(text: str) -> str:
    """For a header: printable ASCII without spaces."""
    return "".join(character for character in text if "!" <= character <= "~")[:256] or "-"


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return "TLS failed"
    if isinstance(error, OSError):
        named = isinstance(error, socket.gaierror) or not error.errno
        return (error.strerror or type(error).__name__)[:100] if named else os.strerror(error.errno or 0)
    if isinstance(error, EOFError):
        return "the server hung up"
    return f"an answer that is none ({type(error).__name__})"

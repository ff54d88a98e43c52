"""A strict syslog receiver: octet counting as RFC 6587 has it, messages as RFC 5424; anything else is a fault."""

from __future__ import annotations

import re
import socket
import ssl
import struct
import threading
from types import TracebackType
from typing import NamedTuple

_PRINT = r"[!-~]"
MESSAGE = re.compile(
    rf"<(?P<pri>0|[1-9]\d{{0,2}})>1 (?P<time>\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{{1,6}})?(?:Z|[+-]\d\d:\d\d)) "
    rf"(?P<host>{_PRINT}{{1,255}}) (?P<app>{_PRINT}{{1,48}}) (?P<proc>{_PRINT}{{1,128}}) (?P<id>{_PRINT}{{1,32}}) "
    rf"(?P<data>-|(?:\[[^\]]*\])+)(?: (?P<text>.*))?".encode(),
    re.DOTALL,
)


class Message(NamedTuple):
    pri: int
    host: str
    kind: str
    text: bytes


class Receiver:
    """Listens on loopback, in threads.

    Args:
        context: for TLS.
        port: 0 for any.
        break_after: bytes after which it stops reading and breaks its first connection (RST), leaving the rest unread.
    """

    def __init__(self, context: ssl.SSLContext | None = None, port: int = 0, break_after: int = 0) -> None:
        self.messages: list[Message] = []
        self.faults: list[str] = []
        self.connections = 0
        self._context = context
        self._break_after = break_after
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            limit, self._break_after = self._break_after, 0
            self._read(connection, limit)
        except (OSError, ssl.SSLError) as error:
            self.faults.append(f"connection: {error}") if self._context is None else None
        finally:
            connection.close()

    def _read(self, connection: socket.socket, limit: int) -> None:
        buffer = b""
        total = 0
        while block := connection.recv(limit or 65_536):
            total += len(block)
            buffer += block
            while found := re.match(rb"([1-9]\d*) ", buffer):
                end = found.end() + int(found[1])
                if len(buffer) < end:
                    break
                self._take(buffer[found.end() : end])
                buffer = buffer[end:]
            if buffer and not re.match(rb"[1-9]\d*( |$)", buffer):
                self.faults.append(f"framing: {buffer[:40]!r}")
                return
            if limit and total >= limit:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return

    def _take(self, content: bytes) -> None:
        found = MESSAGE.fullmatch(content)
        if found is None or int(found["pri"]) > 191:
            self.faults.append(f"message: {content[:200]!r}")
            return
        text = found["text"] or b""
        text.decode("utf-8")
        self.messages.append(Message(int(found["pri"]), found["host"].decode(), found["id"].decode(), text))

    def __enter__(self) -> Receiver:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

"""uvicorn's HTTP/1.1 protocol with bounds on what happens before a request reaches the gateway.

uvicorn bounds neither the size of a request's head nor the time that it may take, so one slow client per file
descriptor could hold them all (slow loris).
"""

from __future__ import annotations

import asyncio
import re
from typing import Any, Protocol, runtime_checkable

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from bartizan.core.strict_json import encode
from bartizan.firewall.declined import code_for
from bartizan.firewall.dialects.openai_errors import error_document

MAX_HEAD_BYTES = 65_536
"""Request line and headers together."""
HEAD_SECONDS = 15.0
"""For a request's head to arrive, and for a new connection to say anything."""
LINGER_SECONDS = 30.0
"""For the rest of a body to arrive after the request has been answered."""
MAX_CONNECTIONS = 8_192
"""Per worker; more are cut."""
CHECK_SECONDS = 2.5


_UPGRADE = re.compile(rb"\r\nupgrade[ \t]{0,8}:", re.IGNORECASE)


@runtime_checkable
class Unreadable(Protocol):
    """An application that is told of requests which never reach it."""

    def unreadable(self, client: str, status: int, reason: str) -> None:
        """``client`` sent something that is no request, or not in time, and was told ``status``."""
        ...


class BoundedHttpProtocol(HttpToolsProtocol):
    """Cuts connections whose request does not arrive."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start watching."""
        super().connection_made(transport)
        self._in_message = True
        self._in_head = True
        self._head_bytes = 0
        self._began = self.loop.time()
        if len(self.connections) > MAX_CONNECTIONS:
            transport.abort()
            return
        self._check = self.loop.call_later(CHECK_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop watching."""
        check = getattr(self, "_check", None)
        if check is not None:
            check.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser; refuse a head that does not end.

        Offers to change the protocol are ignored, as RFC 9110 (section 7.8) allows: the parser would stop at them and
        drop the body, and Java's HTTP client offers h2c with every request.
        """
        if self._in_head or not self._in_message:
            head, end, rest = data.partition(b"\r\n\r\n")
            if _UPGRADE.search(head):
                data = _UPGRADE.sub(b"\r\nx-upgrade:", head) + end + rest
        super().data_received(data)
        if self._in_head and self._in_message:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse(431, "request header fields too large")

    def on_message_begin(self) -> None:
        """A request line begins."""
        self._in_message = self._in_head = True
        self._head_bytes = 0
        self._began = self.loop.time()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is there; a body may follow."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The whole request is there."""
        self._in_message = False
        super().on_message_complete()

    def _look(self) -> None:
        if self.transport.is_closing():
            return
        if self._in_message:
            age = self.loop.time() - self._began
            if self._in_head:
                if age > HEAD_SECONDS:
                    self._refuse(408, "request head timeout")
                    return
            elif self.cycle is not None and self.cycle.response_complete and age > LINGER_SECONDS:
                self.transport.abort()
                return
        self._check = self.loop.call_later(CHECK_SECONDS, self._look)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        self._refuse(400, "this is not a valid HTTP request")

    def _refuse(self, status: int, text: str) -> None:
        """Nobody knows yet which protocol the client speaks: OpenAI's error object is shown by both SDKs."""
        if self.transport.is_closing():
            return
        body = encode(error_document(status, text, code_for(status), ""))
        head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(STATUS_LINE[status] + head + body)
        self.transport.close()
        if isinstance(self.app, Unreadable):
            self.app.unreadable(self.client[0] if self.client else "", status, text)


def server_settings() -> dict[str, Any]:
    """The uvicorn settings that every gateway server shares."""
    return {
        "http": BoundedHttpProtocol,
        "ws": "none",
        "lifespan": "off",
        "interface": "asgi3",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "timeout_keep_alive": 30,
    }

"""A real HTTP server on loopback that answers with prepared bytes and keeps what it was sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


class Loopback:
    """The server: set ``status``, ``kind`` and ``body``, point an SDK at ``url``, look at ``seen``."""

    def __init__(self) -> None:
        self.status = 200
        self.kind = "application/json"
        self.body = b"{}"
        self.seen: list[bytes] = []
        loopback = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                loopback.seen.append(self.rfile.read(int(self.headers.get("content-length", 0))))
                self._answer()

            def do_GET(self) -> None:
                self._answer()

            def _answer(self) -> None:
                self.send_response(loopback.status)
                self.send_header("content-type", loopback.kind)
                self.send_header("content-length", str(len(loopback.body)))
                self.end_headers()
                self.wfile.write(loopback.body)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def answer(self, document: dict[str, Any], status: int = 200) -> None:
        """Answer with JSON."""
        self.status, self.kind, self.body = status, "application/json", json.dumps(document).encode()

    def stream(self, body: bytes) -> None:
        """Answer with an event stream."""
        self.status, self.kind, self.body = 200, "text/event-stream", body

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    server = Loopback()
    yield server
    server.close()

"""Key sets over the network: from the configured address alone, bounded in size and time."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bartizan.app import key_sets
from bartizan.core.errors import ConfigurationError
from bartizan.workspace.workspace import Workspace


class _Answers(BaseHTTPRequestHandler):
    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path == "/nonsense":
            self.wfile.write(b"this is no HTTP\r\n\r\n")
            return
        if self.path.startswith("/slow"):
            self._trickle(b"HTTP/1.0 200 OK\r\n" if self.path == "/slow-headers" else b"HTTP/1.0 200 OK\r\n\r\n")
            return
        self.send_response(302 if self.path == "/moved" else 200)
        if self.path == "/moved":
            self.send_header("location", "/keys")
        self.end_headers()
        self.wfile.write(b"x" * 2_000_000 if self.path == "/huge" else b'{"keys":[]}')

    def _trickle(self, begin: bytes) -> None:
        with contextlib.suppress(OSError):
            self.wfile.write(begin)
            for _ in range(40):
                self.wfile.write(b"a")
                time.sleep(0.05)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def fetched(tmp_path: Path, origin: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """What ``key_set`` fetches, with the loopback server's plain HTTP where it has https."""
    plain = key_sets._get
    monkeypatch.setattr(key_sets, "_get", lambda url: plain(url.replace("https://issuer.example", origin)))
    _Answers.asked.clear()

    async def fetch(path: str) -> str:
        return await key_sets.key_set(Workspace(tmp_path), f"https://issuer.example{path}")()

    return lambda path: asyncio.run(fetch(path))


def test_keys_come_from_the_configured_address(fetched: object) -> None:
    assert callable(fetched)
    assert fetched("/keys") == '{"keys":[]}'


@pytest.mark.parametrize(("path", "said"), [("/moved", "302"), ("/huge", "bytes"), ("/nonsense", "cannot be had")])
def test_redirects_floods_and_nonsense_are_refused(fetched: object, path: str, said: str) -> None:
    assert callable(fetched)
    with pytest.raises(ConfigurationError, match=said):
        fetched(path)
    assert _Answers.asked == [path], "nobody else is asked"


@pytest.mark.parametrize("path", ["/slow-headers", "/slow-body"])
def test_an_answer_that_trickles_has_an_end(fetched: object, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    assert callable(fetched)
    monkeypatch.setattr(key_sets, "_SECONDS", 0.3)
    began = time.monotonic()
    with pytest.raises(ConfigurationError, match="took more than"):
        fetched(path)
    assert time.monotonic() - began < 2, "however often another byte arrives"


def test_a_file_must_be_there(tmp_path: Path) -> None:
    async def fetch() -> str:
        return await key_sets.key_set(Workspace(tmp_path), "keys.json")()

    with pytest.raises(ConfigurationError):
        asyncio.run(fetch())
    (tmp_path / "keys.json").write_text("{}")
    assert asyncio.run(fetch()) == "{}"

"""What sinks over HTTP share: one session, compressed bodies, bounded answers, and what a status means."""

from __future__ import annotations

import gzip
import math
import ssl
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from bartizan.telemetry.sinks.interface import RefusedError, SinkError

MOST_BYTES: Final = 16_000_000
"""Of an answer."""
LONGEST_WAIT: Final = 300.0
"""Seconds that a receiver can ask us to wait."""
_ABOUT_CONTENT: Final = frozenset({400, 411, 413, 415, 422})
"""Statuses that speak of the body. All others speak of the address, the token or the receiver: a later try may pass."""


class Answer(NamedTuple):
    """Status, body and headers."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    """Names in any case."""


class Poster:
    """Sends bodies to one server.

    Args:
        url: the address.
        headers: sent each time.
        context: for https; None for the system's authorities.
        compress: with gzip.
    """

    def __init__(self, url: str, headers: Mapping[str, str], context: ssl.SSLContext | None, compress: bool) -> None:
        self._url = url
        self._headers = {"User-Agent": "bartizan", **headers}
        if compress:
            self._headers["Content-Encoding"] = "gzip"
        self._context = context
        self._compress = compress
        self._session: aiohttp.ClientSession | None = None

    async def post(
        self, body: bytes, url: str = "", headers: Mapping[str, str] | None = None, method: str = "POST"
    ) -> Answer:
        """The answer, whatever its status. The caller bounds the time.

        Args:
            body: before it is compressed.
            url: instead of the address, on the same server; sent as it is written.
            headers: besides those of each time.
            method: of HTTP.

        Raises:
            SinkError: there was none, or it is too long.
        """
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=1, ssl=self._context if self._context is not None else True)
            self._session = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None))
        content = gzip.compress(body, 5, mtime=0) if self._compress else body
        try:
            async with self._session.request(
                method,
                URL(url or self._url, encoded=bool(url)),
                data=content,
                headers={**self._headers, **(headers or {})},
                allow_redirects=False,
            ) as response:
                answer = bytearray()
                while block := await response.content.read(65_536):
                    answer += block
                    if len(answer) > MOST_BYTES:
                        raise SinkError(f"{self.place}: the answer is too long")
                wait = _seconds(response.headers.get("Retry-After", ""))
                if response.status in (429, 503):
                    raise SinkError(f"{self.place}: answered {response.status}", wait=wait)
                return Answer(response.status, bytes(answer), response.headers)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise SinkError(f"{self.place}: {_words(error)}") from None

    def accept(self, answer: Answer) -> None:
        """Raise unless the status is one of success.

        Raises:
            RefusedError: the status speaks of the body.
            SinkError: of anything else.
        """
        if 200 <= answer.status < 300:
            return
        text = f"{self.place}: answered {answer.status}"
        if answer.status in _ABOUT_CONTENT:
            raise RefusedError(text)
        hint = {401: "check the token", 403: "check the token", 404: "check the URL"}.get(answer.status, "")
        if 300 <= answer.status < 400:
            hint = "redirections are not followed: name the final URL"
        raise SinkError(text, hint)

    @property
    def place(self) -> str:
        """The server, for people."""
        return urlsplit(self._url).netloc.rpartition("@")[2]

    async def close(self) -> None:
        """End the session."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        return 0.0  # a date: our own waits are as good
    return min(max(seconds, 0.0), LONGEST_WAIT) if math.isfinite(seconds) else 0.0


def _words(error: Exception) -> str:
    """Never the text of the error: it may quote what was sent, or a token in a URL."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "the certificate is not accepted"
    inner = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror[:100]
    return type(error).__name__

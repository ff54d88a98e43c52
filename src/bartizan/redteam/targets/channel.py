"""One HTTP exchange with a target: paced, retried, bounded; what goes wrong is a value, not an exception."""

from __future__ import annotations

import time
from collections.abc import Mapping

import aiohttp
import msgspec
from yarl import URL

from bartizan.redteam.targets.pacing import Pacer, retry_after

MAX_BODY = 2_000_000
_MAX_BEFORE = 200_000
LONGEST_ID = 128
CONNECT = 10.0
"""Seconds for a connection, and at most half of those for the whole request, so that it is told from a late reply."""
_BUSY = frozenset({429, 502, 503, 529})
"""Statuses that say "later": 529 is Anthropic's "overloaded"."""
_LATE = 504
"""A gateway gave up waiting: what it passed on may have been carried out."""


class Raw(msgspec.Struct, kw_only=True):
    """What came back."""

    status: int = 0
    """0: no answer at all."""
    connected: bool = True
    """Whether there was a connection to send it over."""
    headers: Mapping[str, str] = {}
    body: bytes = b""
    """What came of it, also where ``error`` says that it is not the whole."""
    before: bytes = b""
    """What earlier tries that were told "later" brought."""
    answering: bool = False
    """Whether the status, of an answer that may not be whole, was 2xx."""
    error: str = ""
    tries: int = 1
    milliseconds: float = 0.0
    """Of the last try."""

    @property
    def request_id(self) -> str:
        """How a gateway calls the request, if it says so in a form that can be written down."""
        said = self.headers.get("X-Request-Id", "")
        return said if len(said) <= LONGEST_ID and said.isascii() and said.isprintable() else ""

    @property
    def unreachable(self) -> bool:
        """No connection, or "later" at every try: nothing was carried out."""
        return not self.connected or self.status in _BUSY

    @property
    def lost(self) -> bool:
        """Sent, but no answer came of it: it may have been carried out."""
        return self.connected and self.status in {0, _LATE}


class Channel:
    """Connections to one target, shared by its conversations.

    Args:
        pacer: says when a request may leave.
        timeout: seconds for one try.
        retries: further tries of a request that found no connection or was told "later". A request that timed out,
            or whose connection broke, is not sent again: it may have been carried out.
        in_flight: connections at most.
    """

    def __init__(self, pacer: Pacer, *, timeout: float, retries: int, in_flight: int) -> None:
        self._pacer = pacer
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=min(CONNECT, timeout / 2))
        self._retries = retries
        self._in_flight = in_flight
        self._connector: aiohttp.TCPConnector | None = None
        self._plain: aiohttp.ClientSession | None = None

    def session(self, *, cookies: bool = False) -> aiohttp.ClientSession:
        """A client session: the shared one, or one with cookies of its own, which its owner closes."""
        if self._connector is None:
            self._connector = aiohttp.TCPConnector(limit=self._in_flight, keepalive_timeout=15.0)
        if cookies:
            jar = aiohttp.CookieJar(unsafe=True)  # unsafe: also for hosts that are IP addresses
            return self._session(jar)
        if self._plain is None:
            self._plain = self._session(aiohttp.DummyCookieJar())
        return self._plain

    def _session(self, jar: aiohttp.abc.AbstractCookieJar) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=self._connector, connector_owner=False, cookie_jar=jar, timeout=self._timeout, trust_env=False
        )

    async def send(
        self, session: aiohttp.ClientSession, method: str, url: str, headers: Mapping[str, str], data: bytes | None
    ) -> Raw:
        """The answer to one request. Never raises for what the other side does."""
        raw, before = Raw(), b""
        for tries in range(1, self._retries + 2):
            await self._pacer.turn()
            raw = await self._once(session, method, url, headers, data)
            raw.tries, raw.before = tries, before
            if raw.status in _BUSY:
                wait = retry_after(raw.headers.get("Retry-After", ""), tries)
                raw.error = f"HTTP {raw.status} after {tries} tries"
            elif not raw.connected:
                wait = retry_after("", tries)
            else:
                break
            if tries <= self._retries:
                before = (before + b"\n" + raw.body)[:_MAX_BEFORE]
                self._pacer.pause(wait)
        return raw

    async def _once(
        self, session: aiohttp.ClientSession, method: str, url: str, headers: Mapping[str, str], data: bytes | None
    ) -> Raw:
        raw = Raw()
        started = time.perf_counter()
        chunks: list[bytes] = []
        try:
            where = URL(url)
            async with session.request(method, where, headers=headers, data=data, allow_redirects=False) as response:
                raw.status, raw.headers = response.status, response.headers
                raw.answering = 200 <= raw.status < 300
                left = MAX_BODY
                async for chunk in response.content.iter_any():
                    chunks.append(chunk[:left])
                    left -= len(chunk)
                    if left < 0:
                        raw.error = f"the reply is larger than {MAX_BODY} bytes"
                        response.close()
                        break
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raw.status, raw.connected, raw.error = 0, False, f"no connection: {error}"[:300]
        except TimeoutError:
            raw.status, raw.error = 0, "no reply in time"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raw.status, raw.error = 0, f"{type(error).__name__}: {error}"[:300]
        raw.body = b"".join(chunks)
        raw.milliseconds = (time.perf_counter() - started) * 1_000
        return raw

    async def close(self) -> None:
        """Close all connections. Idempotent."""
        if self._plain is not None:
            await self._plain.close()
        if self._connector is not None:
            await self._connector.close()
        self._plain = self._connector = None

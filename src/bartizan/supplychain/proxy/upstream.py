"""The registry behind the proxy: bounded answers, redirects to listed hosts, credentials for it alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from yarl import URL

from bartizan.core.problem import printable
from bartizan.supplychain.proxy.hosts import Hosts
from bartizan.supplychain.proxy.interface import ProxyLimits, UnavailableError
from bartizan.supplychain.proxy.store import Incoming

_CHUNK: Final = 1 << 20
_REDIRECTS: Final = 5
_MOVED: Final = frozenset({301, 302, 303, 307, 308})


class Upstream:
    """One registry.

    Args:
        hosts: where connections may go.
        limits: of answers.
        authorization: value of the header of that name, which only the registry itself gets; empty for none.
    """

    def __init__(self, hosts: Hosts, limits: ProxyLimits, authorization: str = "") -> None:
        self.hosts = hosts
        self.authorization = authorization
        self._limits = limits
        self._timeout = aiohttp.ClientTimeout(total=limits.seconds, sock_connect=10, sock_read=limits.idle_seconds)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """End all connections."""
        if self._session is not None:
            await self._session.close()

    def url(self, path: str, query: str = "") -> URL:
        """The registry's URL of a path that is already percent-encoded."""
        return URL(f"{self.hosts.base}{path}{f'?{query}' if query else ''}", encoded=True)

    @asynccontextmanager
    async def ask(
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        *,
        leave: bool = True,
        authorization: str = "",
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer, redirects followed; where ``leave`` is false only those within the registry.

        Args:
            authorization: instead of the one that every request has.

        Raises:
            UnavailableError: no connection, no answer in time, or a redirect to somewhere else.
        """
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=self._timeout,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                max_field_size=32_768,
                max_line_size=32_768,
            )
        try:
            for _ in range(_REDIRECTS + 1):
                sent = {"Accept-Encoding": "identity", **(headers or {})}
                if (credentials := authorization or self.authorization) and self.hosts.is_base(url):
                    sent["Authorization"] = credentials
                async with self._session.request(
                    method, self.hosts.check(url), headers=sent, data=body, allow_redirects=False
                ) as answer:
                    if answer.status not in _MOVED or "Location" not in answer.headers:
                        yield answer
                        return
                    target = url.join(URL(answer.headers["Location"], encoded=True))
                    if not leave and not self.hosts.is_base(target):
                        yield answer
                        return
                url = target
            raise UnavailableError("the registry redirects in circles")
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            raise UnavailableError(f"the registry cannot be read: {printable(repr(error), 200)}") from None

    async def document(self, answer: aiohttp.ClientResponse) -> bytes:
        """The whole body of a description. Raises UnavailableError where it is too large."""
        taken = bytearray()
        async for piece in answer.content.iter_chunked(65_536):
            taken += piece
            if len(taken) > self._limits.document_bytes:
                raise UnavailableError(f"the answer is larger than {self._limits.document_bytes:,} bytes")
        _plain(answer)
        return bytes(taken)

    async def download(self, url: URL, into: Incoming, authorization: str = "") -> None:
        """Fetch a whole file. Raises UnavailableError; what is in ``into`` is then no file."""
        async with self.ask("GET", url, authorization=authorization) as answer:
            refused(answer)
            _plain(answer)
            if answer.content_length is not None:
                into.reserve(answer.content_length)
            async for piece in answer.content.iter_chunked(_CHUNK):
                into.write(piece)
            if answer.content_length is not None and into.size != answer.content_length:
                raise UnavailableError("the registry sent another size than it said")


def refused(answer: aiohttp.ClientResponse) -> None:
    """Return for an answer with content. Raises UnavailableError with the registry's own status and code."""
    if answer.status == 200:
        return
    code = printable(answer.headers.get("X-Error-Code", ""), 40)
    status = answer.status if answer.status in (400, 401, 403, 404, 410, 429) else 502
    raise UnavailableError(f"the registry answers {answer.status}", status=status, code=code)


def _plain(answer: aiohttp.ClientResponse) -> None:
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnavailableError("the registry sent it compressed, though it was asked not to")

"""A server behind a URL: the proxy's own credential, no redirects elsewhere, bounded answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx2
from mcp.client._transport import TransportStreams
from mcp.client.streamable_http import streamable_http_client


class _Bounded(httpx2.AsyncByteStream):
    """A body that ends with an error past a limit; an event stream's limit is per event, which the SDK keeps."""

    def __init__(self, inner: httpx2.AsyncByteStream, limit: int) -> None:
        self._inner = inner
        self._limit = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        async for chunk in self._inner:
            seen += len(chunk)
            if seen > self._limit:
                raise httpx2.ReadError(f"an answer is longer than {self._limit} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Transport(httpx2.AsyncHTTPTransport):
    def __init__(self, limit: int) -> None:
        super().__init__(retries=0)
        self._limit = limit

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.headers["accept-encoding"] = "identity"  # so that the bound is on what is read
        response = await super().handle_async_request(request)
        events = response.headers.get("content-type", "").startswith("text/event-stream")
        encoded = response.headers.get("content-encoding", "identity") != "identity"
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        if encoded:
            await response.aclose()
            raise httpx2.ReadError("the server compressed its answer although it was told not to")
        if not events:
            response.stream = _Bounded(response.stream, self._limit)
        return response


@asynccontextmanager
async def http_upstream(
    url: str, token: str | httpx2.Auth, headers: Mapping[str, str], limit: int, seconds: float
) -> AsyncIterator[TransportStreams]:
    """Speak streamable HTTP to ``url``.

    Args:
        url: the MCP endpoint.
        token: bearer token of the proxy for this server, or what gets one; empty for none.
        headers: sent with every request.
        limit: bytes of one answer, or of one event of a stream.
        seconds: between two pieces of an answer.
    """
    own = dict(headers)
    auth = None if isinstance(token, str) else token
    if isinstance(token, str) and token:
        own["authorization"] = f"Bearer {token}"
    timeout = httpx2.Timeout(min(seconds, 30.0), read=seconds)
    async with (
        httpx2.AsyncClient(
            headers=own, timeout=timeout, transport=_Transport(limit), trust_env=False, auth=auth
        ) as client,
        streamable_http_client(url, http_client=client, max_sse_event_size=limit) as streams,
    ):
        yield streams

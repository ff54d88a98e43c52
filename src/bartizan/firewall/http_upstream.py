"""Upstreams over HTTP: one aiohttp session with its own connection pool each."""

from __future__ import annotations

import asyncio
import contextlib

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from bartizan.core.errors import ConfigurationError, UpstreamError, WireError
from bartizan.firewall.compression import Inflater
from bartizan.firewall.upstream import Call, UnreachableError
from bartizan.workspace.deployment import Upstream as UpstreamSettings

KEEP_ALIVE = 20.0
"""Seconds that an idle connection is kept; below the idle limit of common servers, which would reset it under us."""
SETTLE = 0.2
"""Seconds that a stream's HTTP message may take to end after its protocol has."""
_MAX_RETRY_AFTER = 86_400.0
_FORBIDDEN = frozenset({"host", "content-length", "transfer-encoding", "connection", "cookie", "content-type"})


class HttpUpstream:
    """A server that speaks OpenAI's, Anthropic's or the Open Inference Protocol.

    Redirects are not followed, cookies are not kept, proxies from the environment are not used.

    Args:
        settings: the upstream's row in ``bartizan.yaml``.
        key: the upstream's API key; empty for none.

    Raises:
        ConfigurationError: the URL is not http(s), or a configured header would break the framing.
    """

    def __init__(self, settings: UpstreamSettings, key: str = "") -> None:
        self.name = settings.name
        self.retries = settings.retries
        self.timeouts = settings.timeouts
        self.max_response_bytes = settings.max_response_bytes
        self._max_connections = settings.max_connections
        try:
            base = URL(settings.url)
        except ValueError:
            base = URL()
        if base.scheme not in ("http", "https") or not base.host or base.query_string or base.fragment:
            raise ConfigurationError(f"upstream {settings.name}: {settings.url!r} is not an http or https base URL")
        self._base = str(base).rstrip("/")
        self._urls: dict[str, URL] = {}
        headers: CIMultiDict[str] = CIMultiDict()
        headers["accept-encoding"] = "identity"
        headers["user-agent"] = "bartizan"
        for name, value in settings.headers.items():
            if name.lower() in _FORBIDDEN or any(ord(c) < 32 or ord(c) > 126 for c in name + value):
                raise ConfigurationError(f"upstream {settings.name}: header {name!r} cannot be set")
            headers[name] = value
        if key:
            if any(ord(c) < 33 or ord(c) > 126 for c in key):
                raise ConfigurationError(f"upstream {settings.name}: the key holds white space or control characters")
            if settings.protocol == "anthropic":
                headers["x-api-key"] = key
            else:
                headers["authorization"] = f"Bearer {key}"
        self._headers = headers
        self._session: aiohttp.ClientSession | None = None

    async def send(self, call: Call) -> HttpResponse:
        """See ``Upstream.send``."""
        url = self._urls.get(call.path)
        if url is None:
            url = self._urls.setdefault(call.path, URL(self._base + call.path))
        headers = self._headers.copy()
        headers["accept"] = "text/event-stream" if call.stream else "application/json"
        for name, value in call.headers.items():
            configured = headers.get(name) if name == "anthropic-beta" else None
            headers[name] = f"{configured},{value}" if configured else value
        if call.body:
            headers["content-type"] = call.content_type
        session = self._session or self._open()
        try:
            response = await session.request(
                "POST" if call.body else "GET", url, data=call.body or None, headers=headers, allow_redirects=False
            )
        except (aiohttp.ClientConnectionError, OSError):
            raise UnreachableError(self.name) from None
        except (aiohttp.ClientError, ValueError):
            raise UpstreamError("the upstream's answer is not HTTP") from None
        return HttpResponse(response, self.max_response_bytes)

    async def close(self) -> None:
        """See ``Upstream.close``."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._max_connections, keepalive_timeout=KEEP_ALIVE, enable_cleanup_closed=False
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self.timeouts.connect),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
        )
        return self._session


class HttpResponse:
    """A response head with its body still to come; see ``UpstreamResponse``."""

    def __init__(self, response: aiohttp.ClientResponse, limit: int) -> None:
        self._response = response
        self._inflater: Inflater | None = None
        self._left = limit
        self.status = response.status
        self.content_type = response.headers.get("content-type", "").encode("latin-1", "replace")
        self.retry_after = _seconds(response.headers)
        lengths = response.headers.getall("inference-header-content-length", [])
        self.json_length = ",".join(lengths).encode("latin-1", "replace")
        encoding = response.headers.get("content-encoding", "").strip().lower()
        if encoding not in ("", "identity"):
            try:
                self._inflater = Inflater(encoding.encode("latin-1", "replace"), limit)
            except WireError:
                response.close()
                raise UpstreamError("the upstream uses an unknown content coding") from None

    async def read(self, limit: int) -> bytes:
        """See ``UpstreamResponse.read``."""
        pieces: list[bytes] = []
        size = 0
        while piece := await self.chunk():
            size += len(piece)
            if size > limit:
                self.close()
                raise UpstreamError("the upstream's answer is too large")
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def chunk(self) -> bytes:
        """See ``UpstreamResponse.chunk``."""
        try:
            while data := await self._response.content.readany():
                self._left -= len(data)
                if self._left < 0:
                    self.close()
                    raise UpstreamError("the upstream's answer is too large")
                if self._inflater is None:
                    return data
                if decoded := self._inflater.feed(data):
                    return decoded
            if self._inflater is not None:
                self._inflater.finish()
        except (aiohttp.ClientError, OSError):
            raise UpstreamError("the upstream broke off its answer") from None
        except WireError:
            self.close()
            raise UpstreamError("the upstream's compressed answer is damaged or too large") from None
        return b""

    async def settle(self) -> None:
        """See ``UpstreamResponse.settle``."""
        content = self._response.content
        if not content.is_eof():
            with contextlib.suppress(TimeoutError, aiohttp.ClientError, OSError):
                async with asyncio.timeout(SETTLE):
                    await content.readany()
        if content.is_eof():
            self._response.release()
        else:
            self._response.close()

    def close(self) -> None:
        """See ``UpstreamResponse.close``."""
        self._response.close()


def _seconds(headers: CIMultiDictProxy[str]) -> float:
    try:
        seconds = float(headers.get("retry-after", "0"))
    except ValueError:
        return 0.0
    return min(seconds, _MAX_RETRY_AFTER) if seconds > 0 else 0.0

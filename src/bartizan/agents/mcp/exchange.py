"""Short-lived tokens of the proxy for one server, in exchange for its own credential (RFC 8693)."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any
from urllib.parse import quote_plus

import aiohttp
import httpx2
import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from jwt.algorithms import ECAlgorithm

from bartizan.core.errors import BartizanError
from bartizan.trust.dpop import digest64
from bartizan.workspace.mcp import McpExchange

_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
_TYPE = "urn:ietf:params:oauth:token-type:"
_SECONDS = 10.0
"""For one exchange."""
_BEFORE = 30.0
"""So long before its end a token is not used any more."""
_LIFE = 300.0
"""Of a token whose end the answer does not say."""
_LONGEST_LIFE = 3_600.0
_MOST_BYTES = 65_536
_LONGEST = 8_192


class ExchangeError(BartizanError):
    """The authorization server gives no token that may be used."""


class OwnKey:
    """A key of this process, which signs proofs of possession (RFC 9449)."""

    def __init__(self) -> None:
        self._key = generate_private_key(SECP256R1())
        self._jwk: dict[str, Any] = ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)

    def proof(self, method: str, url: str, token: str = "", nonce: str = "") -> str:
        """For one request.

        Args:
            method: of the request.
            url: without query and fragment.
            token: the access token beside it, if there is one.
            nonce: the server's, if it wants one.
        """
        claims: dict[str, Any] = {"jti": secrets.token_urlsafe(16), "htm": method, "htu": url, "iat": int(time.time())}
        if token:
            claims["ath"] = digest64(token.encode())
        if nonce:
            claims["nonce"] = nonce
        return jwt.encode(claims, self._key, algorithm="ES256", headers={"typ": "dpop+jwt", "jwk": self._jwk})


class Token(msgspec.Struct, frozen=True):
    """A token in force."""

    value: str
    ends: float
    """By the clock of the exchange."""


class Exchange:
    """Gets a token when there is none that lasts. Belongs to one event loop.

    Args:
        settings: where and what for.
        resource: for which the token shall be.
        subject: gives the proxy's own credential; raises BartizanError.
        client_secret: gives the client's secret; empty for none.
        clock: seconds, for tests.
    """

    def __init__(
        self,
        settings: McpExchange,
        resource: str,
        subject: Callable[[], str],
        client_secret: Callable[[], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._resource = resource
        self._subject = subject
        self._client_secret = client_secret
        self._clock = clock
        self._lock = asyncio.Lock()
        self._held: Token | None = None
        self.key = OwnKey() if settings.dpop else None

    async def token(self) -> str:
        """A token that lasts. Raises BartizanError when none can be had."""
        async with self._lock:
            if self._held is None or self._held.ends - _BEFORE <= self._clock():
                self._held = await self._exchanged()
            return self._held.value

    def drop(self, token: str) -> None:
        """The server did not take ``token``: get another one the next time."""
        if self._held is not None and self._held.value == token:
            self._held = None

    async def _exchanged(self) -> Token:
        asked = self._clock()
        status, answer, nonce = await self._ask("")
        if status == 400 and answer.get("error") == "use_dpop_nonce" and nonce and self.key is not None:
            status, answer, _ = await self._ask(nonce)
        if status != 200:
            said = answer.get("error")
            raise ExchangeError(
                f"the token exchange was refused: {status} {said if isinstance(said, str) else ''}"[:200]
            )
        return self._checked(answer, asked)

    async def _ask(self, nonce: str) -> tuple[int, dict[str, Any], str]:
        settings, secret = self._settings, self._client_secret()
        form = {
            "grant_type": _GRANT,
            "subject_token": self._subject(),
            "subject_token_type": _TYPE + settings.subject_type,
            "requested_token_type": _TYPE + "access_token",
            "resource": self._resource,
            "audience": settings.audience,
            "scope": " ".join(settings.scopes),
            "client_id": "" if secret else settings.client,
        }
        headers = {"accept": "application/json"}
        if self.key is not None:
            headers["dpop"] = self.key.proof("POST", settings.endpoint, nonce=nonce)
        if secret:
            headers["authorization"] = _basic(settings.client, secret)
        data = {name: value for name, value in form.items() if value}
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()) as http,
                http.post(settings.endpoint, data=data, headers=headers, allow_redirects=False) as given,
            ):
                body = bytearray()
                async for chunk in given.content.iter_chunked(_MOST_BYTES):
                    body += chunk
                    if len(body) > _MOST_BYTES:
                        raise ExchangeError("the answer to the token exchange is too long")
                answer = json.loads(body)
                return given.status, answer if isinstance(answer, dict) else {}, given.headers.get("dpop-nonce", "")
        except (OSError, aiohttp.ClientError, ValueError, RecursionError) as error:  # TimeoutError is an OSError
            raise ExchangeError(f"the token exchange failed: {type(error).__name__}") from None

    def _checked(self, answer: dict[str, Any], asked: float) -> Token:
        value, kind, scope = answer.get("access_token"), str(answer.get("token_type", "")).lower(), answer.get("scope")
        if not isinstance(value, str) or not value.isascii() or not value.isprintable() or not value.strip():
            raise ExchangeError("the token exchange gave no token")
        if len(value) > _LONGEST or " " in value:
            raise ExchangeError("the token exchange gave no token")
        if kind != ("dpop" if self.key is not None else "bearer"):
            raise ExchangeError(f"the token exchange gave a token of the type {kind[:40]!r}")
        wanted = set(self._settings.scopes)
        if wanted and isinstance(scope, str) and not set(scope.split()) <= wanted:
            raise ExchangeError("the token allows more than was asked for")
        lasts = answer.get("expires_in", _LIFE)
        if isinstance(lasts, bool) or not isinstance(lasts, int | float) or not lasts > 0:
            raise ExchangeError("the token has no time to live")
        return Token(value, asked + min(float(lasts), _LONGEST_LIFE))


def _basic(client: str, secret: str) -> str:
    """Credentials of a client as RFC 6749, section 2.3.1, writes them."""
    pair = f"{quote_plus(client)}:{quote_plus(secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


class Exchanged(httpx2.Auth):
    """Puts such a token, and where it is bound the proof, on each request to the server."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._nonce = ""

    async def async_auth_flow(self, request: httpx2.Request) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        """See ``httpx2.Auth``: a token that is refused is exchanged anew, once."""
        token = await self._signed(request)
        response = yield request
        self._nonce = response.headers.get("dpop-nonce", self._nonce)
        if response.status_code != 401:
            return
        if "use_dpop_nonce" not in response.headers.get("www-authenticate", ""):
            self._exchange.drop(token)
        await self._signed(request)
        yield request

    async def _signed(self, request: httpx2.Request) -> str:
        try:
            token = await self._exchange.token()
        except BartizanError as error:
            raise httpx2.ConnectError(error.cause, request=request) from None
        key = self._exchange.key
        request.headers["authorization"] = f"{'Bearer' if key is None else 'DPoP'} {token}"
        if key is not None:
            url = str(request.url.copy_with(query=None, fragment=None))
            request.headers["dpop"] = key.proof(request.method, url, token, self._nonce)
        return token

"""Access tokens of clients over HTTP: signed by the issuer, meant for this very proxy (RFC 8707, RFC 9068).

The token is checked here and ends here: no server behind the proxy ever sees it.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from mcp.server.auth.provider import AccessToken

from bartizan.agents.mcp.senders import PROOF
from bartizan.trust.access_token import Expected, Token, TokenError, read_token
from bartizan.trust.dpop import Used
from bartizan.trust.jwks import KeySet
from bartizan.workspace.mcp import McpOAuth

BEHALF = "on_behalf_of"
"""For whom the principal acts, nearest first, among the claims that are kept."""


class Verifier:
    """Implements the SDK's ``TokenVerifier``.

    Args:
        settings: issuer, resource, scopes.
        fetch: gives the issuer's key set (JWKS) as text; raises BartizanError.
        clock: seconds, for tests.
    """

    def __init__(
        self, settings: McpOAuth, fetch: Callable[[], Awaitable[str]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._expected = Expected(
            issuer=settings.issuer, audience=settings.resource, trust_domain=settings.trust_domain
        )
        self._keys = KeySet(settings.issuer, fetch, clock)
        self._used = Used(clock)

    async def load(self) -> None:
        """Fetch the keys. Raises BartizanError: the key set cannot be had or holds no key."""
        await self._keys.load()

    async def verify_token(self, token: str) -> AccessToken | None:
        """The token's meaning; None for a token that does not let its bearer in."""
        key = await self._keys.key(token)
        if key is None:
            return None
        try:
            read = read_token(token, key, self._expected)
        except TokenError:
            return None
        if not read.client or not self._sent_by_its_owner(read):
            return None
        return AccessToken(
            token=token,
            client_id=read.client,
            scopes=sorted(read.scopes),
            expires_at=int(read.expires),
            resource=self._settings.resource,
            subject=read.principal or read.client,
            claims={"iss": self._settings.issuer, BEHALF: list(read.on_behalf_of)},
        )

    def _sent_by_its_owner(self, token: Token) -> bool:
        """Whether the request proves what the token wants proved: nothing, or possession of a key (RFC 9449)."""
        proof = PROOF.get()
        if proof is None:
            return token.bound is None and self._settings.dpop != "required"
        return token.bound == proof.thumbprint and self._used.take(proof)

"""Access tokens of clients over HTTP: signed by the issuer, meant for this very proxy (RFC 8707, RFC 9068).

The token is checked here and ends here: no server behind the proxy ever sees it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import jwt
from mcp.server.auth.provider import AccessToken

from bartizan.agents.mcp.dpop import PROOF, Used
from bartizan.core.errors import BartizanError, ConfigurationError
from bartizan.core.spiffe import spiffe_id
from bartizan.workspace.mcp import McpOAuth

ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "EdDSA")
"""Public-key signatures only: a shared secret would let every holder mint tokens."""
_FRESH_SECONDS = 300.0
"""After this the key set is fetched again."""
_LASTING_SECONDS = 3_000.0
"""After this without a fetch that succeeded no key is believed."""
_BETWEEN_SECONDS = 10.0
"""Between two attempts."""
_LONGEST = 8_192
_LEEWAY = 30.0
BEHALF = "on_behalf_of"
"""For whom the principal acts, nearest first, among the claims that are kept."""
_LONGEST_CHAIN = 8


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
        self._fetch = fetch
        self._clock = clock
        self._used = Used(clock)
        self._keys: dict[str | None, Any] = {}
        self._loaded = self._asked = float("-inf")

    async def load(self) -> None:
        """Fetch the keys. Raises BartizanError: the key set cannot be had or holds no key."""
        self._asked = self._clock()
        try:
            found = jwt.PyJWKSet.from_json(await self._fetch())
        except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ConfigurationError(f"the key set of {self._settings.issuer} cannot be used: {error}") from None
        self._keys = {key.key_id: key.key for key in found.keys if key.public_key_use in (None, "sig")}
        self._loaded = self._clock()

    async def verify_token(self, token: str) -> AccessToken | None:
        """The token's meaning; None for a token that does not let its bearer in."""
        if len(token) > _LONGEST:
            return None
        key = await self._key(token)
        if key is None:
            return None
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                audience=self._settings.resource,
                issuer=self._settings.issuer,
                leeway=_LEEWAY,
                options={"require": ["exp", "aud", "iss"], "strict_aud": False},
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            return None
        return self._meaning(token, claims)

    def _sent_by_its_owner(self, claims: dict[str, Any]) -> bool:
        """Whether the request proves what the token wants proved: nothing, or possession of a key (RFC 9449)."""
        proof, bound = PROOF.get(), claims.get("cnf")
        thumbprint = bound.get("jkt") if isinstance(bound, dict) else None
        if bound is not None and not isinstance(thumbprint, str):
            return False  # bound to something else, such as a certificate, that nobody has shown
        if proof is None:
            return thumbprint is None and self._settings.dpop != "required"
        return thumbprint == proof.thumbprint and self._used.take(proof)

    def _meaning(self, token: str, claims: dict[str, Any]) -> AccessToken | None:
        if not self._sent_by_its_owner(claims):
            return None
        scope = claims.get("scope", claims.get("scp", ""))
        scopes = scope.split() if isinstance(scope, str) else [str(one) for one in scope]
        subject = claims.get("sub")
        client = claims.get("client_id", claims.get("azp", subject))
        if not isinstance(client, str) or not client:
            return None
        try:
            principal, behalf = acting(claims, self._settings.trust_domain)
        except ValueError:
            return None
        return AccessToken(
            token=token,
            client_id=client,
            scopes=scopes,
            expires_at=int(claims["exp"]),
            resource=self._settings.resource,
            subject=principal or client,
            claims={"iss": self._settings.issuer, BEHALF: behalf},
        )

    async def _key(self, token: str) -> Any:
        try:
            named = jwt.get_unverified_header(token).get("kid")
        except jwt.PyJWTError:
            return None
        now = self._clock()
        wanted = now - self._loaded > _FRESH_SECONDS or named not in self._keys
        if wanted and now - self._asked > _BETWEEN_SECONDS:
            with contextlib.suppress(BartizanError):  # the keys that are held serve on, for a while
                await self.load()
        if self._clock() - self._loaded > _LASTING_SECONDS:  # they may have been revoked since
            self._keys = {}
        if named is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(named)


def acting(claims: dict[str, Any], domain: str) -> tuple[str, list[str]]:
    """Who sent a token, and for whom they act, nearest first (``act``, RFC 8693, section 4.1).

    Args:
        claims: of the token, verified.
        domain: trust domain whose SPIFFE-style ids names become; empty: names stay as the issuer writes them.

    Returns:
        The principal, empty where the token names none, and the others.

    Raises:
        ValueError: the chain is too long or not sound, or a name cannot be one of the domain's.
    """
    chain: list[str] = []
    holder = claims.get("act")
    while holder is not None:
        if not isinstance(holder, dict) or not isinstance(holder.get("sub"), str) or len(chain) >= _LONGEST_CHAIN:
            raise ValueError("the chain of actors is not sound")
        chain.append(_named(holder["sub"], domain, "agent"))
        holder = holder.get("act")
    subject = claims.get("sub")
    if isinstance(subject, str) and subject:
        chain.append(_named(subject, domain, "user"))
    elif chain:
        raise ValueError("somebody acts for nobody")
    return (chain[0], chain[1:]) if chain else ("", [])


def _named(name: str, domain: str, kind: Literal["agent", "user"]) -> str:
    return spiffe_id(domain, kind, name) if domain else name

"""Callers with access tokens: JWTs of the issuers in policy, bound to their sender's key where they say so."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from typing import Final

import jwt

from bartizan.core.errors import KeeperError
from bartizan.core.limits import Limits
from bartizan.core.once import Once
from bartizan.core.session import Principal
from bartizan.firewall.authentication import Caller
from bartizan.firewall.declined import DeclinedError
from bartizan.firewall.extent import Extent, matches
from bartizan.firewall.headers import ClientHeaders
from bartizan.policy.tokens import Issuer, TokenGrant, Tokens
from bartizan.trust.access_token import Expected, Token, TokenError, read_token
from bartizan.trust.dpop import SECONDS, ProofError, challenge, read_proof
from bartizan.trust.jwks import UNSOUND, IssuerKey, KeySet

WANTED: Final = "a valid API key or access token is required"
_MOST_KNOWN: Final = 4_096


class Bearers:
    """The tokens of one policy.

    Args:
        tokens: the section of policy.
        key_sets: of its issuers, by their identifiers.
        limits: for grants that name none.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        tokens: Tokens,
        key_sets: Mapping[str, KeySet],
        limits: Limits,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._tokens = tokens
        self._issuers = {row.issuer: (row, _expected(row, tokens), key_sets[row.issuer]) for row in tokens.issuers}
        self._limits = limits
        self._clock = clock
        self._known: dict[bytes, tuple[Issuer, IssuerKey, Token]] = {}

    async def caller(self, scheme: str, token: str, headers: ClientHeaders, once: Once | None) -> Caller:
        """Who sends ``token``.

        Args:
            scheme: ``bearer`` or ``dpop``, as ``Authorization`` says.
            token: a JWT, still unread.
            headers: with the proof of possession, method and path.
            once: remembers proofs.

        Raises:
            DeclinedError: 401, the token lets nobody in; 403, its principal may do nothing here; 503, its issuer's keys
                cannot be had.
            KeeperError: nobody remembers proofs.
        """
        try:
            row, read = await self._read(token)
            await self._own(read, row, scheme, token, headers, once)
        except (TokenError, ProofError) as error:
            raise _unauthorized(f"token: {error}", dpop=isinstance(error, ProofError)) from None
        return self._granted(read)

    async def _read(self, token: str) -> tuple[Issuer, Token]:
        """What a token says. It is read once while its key stays the issuer's: signatures are what costs most.

        Raises:
            TokenError: it lets nobody in.
            DeclinedError: 503, nobody's keys are there to check it.
        """
        digest = hashlib.sha256(token.encode("latin-1", "replace")).digest()
        known = self._known.get(digest)
        if known is not None:
            row, key, read = known
            if await self._issuers[row.issuer][2].named(key.id) is key and self._clock() < read.expires:
                return row, read
            del self._known[digest]
        try:
            row, expected, keys = self._issuers[_issuer(token)]
        except KeyError:
            raise TokenError("of an issuer that policy does not name") from None
        found = await keys.key(token)
        if found is None:
            if not keys.usable:
                reason = f"token: the keys of {row.issuer} cannot be had"
                raise DeclinedError(503, "The gateway cannot check access tokens right now.", reason=reason)
            raise TokenError("signed with a key that its issuer does not list")
        read = read_token(token, found, expected, self._clock)
        if not read.principal:
            raise TokenError("the token has no subject")
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[digest] = (row, found, read)
        return row, read

    async def _own(
        self, read: Token, row: Issuer, scheme: str, token: str, headers: ClientHeaders, once: Once | None
    ) -> None:
        """Make sure that the token is sent by its owner, if it is bound to one (RFC 9449, section 7.1)."""
        if scheme != "dpop":
            if headers.dpop or read.bound is not None or row.dpop == "required":
                raise TokenError("the token comes as Bearer, but is, or must be, bound to its sender's key")
            return
        if read.bound is None:
            raise TokenError("the token comes as DPoP, but is bound to no key")
        urls = [address.rstrip("/") + headers.path for address in self._tokens.addresses]
        proof = read_proof(headers.dpop.decode("latin-1"), headers.method, urls, token, self._clock)
        if proof.thumbprint != read.bound:
            raise ProofError(f"the proof is signed with another key than the token of {read.principal} is bound to")
        if once is None:
            raise KeeperError("nobody remembers proofs here")
        if not await once.take_once(read.principal, proof.jti, 2 * SECONDS):
            raise ProofError(f"the proof was used before, for a token of {read.principal}")

    def _granted(self, read: Token) -> Caller:
        subject = read.on_behalf_of[-1] if read.on_behalf_of else ""
        grant = next((row for row in self._tokens.grants if _is_for(row, read.principal, subject)), None)
        if grant is None:
            raise _forbidden(f"token: no grant for {read.principal}" + (f" acting for {subject}" if subject else ""))
        scopes = None
        if self._tokens.scopes:
            scopes = [reach for name, reach in self._tokens.scopes.items() if name in read.scopes]
            if not scopes:
                raise _forbidden(f"token: {read.principal} has no scope that means anything here")
        return Caller(
            Principal(read.principal, debug=grant.debug),
            grant.limits or self._limits,
            on_behalf_of=read.on_behalf_of,
            extent=Extent(grant, scopes),
        )


def _is_for(grant: TokenGrant, principal: str, subject: str) -> bool:
    if not matches(grant.principal, principal):
        return False
    return matches(grant.on_behalf_of, subject) if subject else grant.on_behalf_of in ("", "*")


def _expected(row: Issuer, tokens: Tokens) -> Expected:
    return Expected(
        issuer=row.issuer,
        audience=row.audience or tokens.audience,
        algorithms=row.algorithms,
        typed=row.typed,
        trust_domain=row.trust_domain,
        subjects=row.subjects,
        most_seconds=row.max_seconds,
    )


def _issuer(token: str) -> str:
    """Who is said to have issued a token: chooses the keys by which that is then checked."""
    try:
        said = jwt.decode(token, options={"verify_signature": False}).get("iss")
    except UNSOUND:
        return ""
    return said if isinstance(said, str) else ""


def _unauthorized(reason: str, *, dpop: bool = False) -> DeclinedError:
    challenges = ('Bearer error="invalid_token"', challenge("invalid_dpop_proof" if dpop else "invalid_token"))
    return DeclinedError(401, WANTED, reason=reason[:400], challenges=challenges)


def _forbidden(reason: str) -> DeclinedError:
    return DeclinedError(
        403, "This is not allowed.", reason=reason[:400], challenges=('Bearer error="insufficient_scope"',)
    )

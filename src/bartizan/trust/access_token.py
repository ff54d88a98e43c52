"""What an access token says (RFC 9068): who sends it, for whom, for how long; signed by an issuer, meant for us."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import jwt
import msgspec

from bartizan.core.spiffe import Kind, spiffe_id
from bartizan.trust.jwks import UNSOUND, IssuerKey

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "ES384", "EdDSA")
"""Public-key signatures only: a shared secret would let every holder mint tokens."""
LONGEST: Final = 8_192
"""Characters of a token."""
LEEWAY: Final = 30.0
"""Seconds by which clocks may differ."""
LONGEST_CHAIN: Final = 8
LONGEST_NAME: Final = 512
_MOST_SCOPES: Final = 200
_KEYS: Final[Mapping[str, tuple[str, str]]] = {
    "RS256": ("RSA", ""),
    "PS256": ("RSA", ""),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "EdDSA": ("OKP", "Ed25519"),
}
"""Key type and curve of each algorithm: a key is of use with its own algorithm alone (RFC 8725, section 3.1)."""


class TokenError(Exception):
    """A token does not let its bearer in; the text says why, for the journal."""


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What a token must be."""

    issuer: str
    audience: str
    algorithms: tuple[str, ...] = ALGORITHMS
    typed: bool = False
    """Of type ``at+jwt`` alone (RFC 9068, section 4), so that an issuer's other tokens do not pass for one."""
    trust_domain: str = ""
    """Names become SPIFFE-style ids of this domain; empty: they stay as the issuer writes them."""
    subjects: Kind = "user"
    """What a subject is whose name is no id."""
    most_seconds: float = 0.0
    """From ``iat`` to ``exp``, which then must both be there; 0: any time."""


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token that is sound, but for possession of the key it may be bound to."""

    principal: str
    """Who sends it; empty where the token has neither subject nor actor."""
    on_behalf_of: tuple[str, ...] = ()
    """For whom they act, nearest first, the subject last."""
    client: str = ""
    """``client_id``, or ``azp``, or the subject."""
    scopes: frozenset[str] = frozenset()
    expires: float
    """Seconds since 1970."""
    bound: str | None = None
    """Thumbprint of the key that its sender must prove to have (RFC 9449); None: bound to nothing."""


def read_token(token: str, key: IssuerKey, expected: Expected, clock: Callable[[], float] = time.time) -> Token:
    """Check signature, issuer, audience and times, and read the claims.

    Args:
        token: in JWS compact form.
        key: of the issuer.
        expected: see there.
        clock: seconds since 1970.

    Raises:
        TokenError: the token lets nobody in.
    """
    if len(token) > LONGEST:
        raise TokenError("the token is too long")
    try:
        header = jwt.get_unverified_header(token)
        _fits(header, key, expected)
        claims = jwt.decode(
            token,
            key.key,
            algorithms=[header["alg"]],
            audience=expected.audience,
            issuer=expected.issuer,
            options={"require": ["exp", "aud", "iss"], "verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
        expires = _times(claims, expected, clock())
        principal, behalf = acting(claims, expected.trust_domain, expected.subjects)
        return Token(
            principal=principal,
            on_behalf_of=tuple(behalf),
            client=_client(claims),
            scopes=_scopes(claims),
            expires=expires,
            bound=_bound(claims),
        )
    except TokenError:
        raise
    except jwt.PyJWTError as error:
        raise TokenError(f"the token is not sound: {type(error).__name__}") from None
    except UNSOUND as error:
        said = str(error) if type(error) is ValueError else type(error).__name__
        raise TokenError(f"the token is not sound: {said[:200]}") from None


def acting(claims: Mapping[str, Any], domain: str, subjects: Kind = "user") -> tuple[str, list[str]]:
    """Who sent a token, and for whom they act, nearest first (``act``, RFC 8693, section 4.1).

    Args:
        claims: of the token, verified.
        domain: trust domain whose SPIFFE-style ids names become; empty: names stay as the issuer writes them.
        subjects: what a subject is whose name is no id.

    Returns:
        The principal, empty where the token names none, and the others.

    Raises:
        ValueError: the chain is too long, goes in a circle or is not sound, or a name cannot be one of the domain's.
    """
    chain: list[str] = []
    holder = claims.get("act")
    while holder is not None:
        if not isinstance(holder, dict) or not isinstance(holder.get("sub"), str) or len(chain) >= LONGEST_CHAIN:
            raise ValueError("the chain of actors is not sound")
        chain.append(_named(holder["sub"], domain, "agent"))
        holder = holder.get("act")
    subject = claims.get("sub")
    if isinstance(subject, str) and subject:
        chain.append(_named(subject, domain, "user" if chain else subjects))
    elif chain:
        raise ValueError("somebody acts for nobody")
    if len(set(chain)) < len(chain):
        raise ValueError("the chain of actors goes in a circle")
    return (chain[0], chain[1:]) if chain else ("", [])


def _fits(header: Mapping[str, Any], key: IssuerKey, expected: Expected) -> None:
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS or algorithm not in expected.algorithms:
        raise TokenError("the token is signed with an algorithm that is not taken")
    kind, curve = _KEYS[algorithm]
    if key.kind != kind or (curve and key.curve != curve):
        raise TokenError("the token's algorithm is not that of its key")
    if key.algorithm not in ("", algorithm):
        raise TokenError("the token's algorithm is not the one that its key is for")
    if kind == "RSA" and key.key.key_size < 2_048:
        raise TokenError("the issuer's key is too short")
    if "crit" in header or header.get("b64", True) is not True:
        raise TokenError("the token wants extensions that are not known here")
    written = str(header.get("typ", "")).lower().removeprefix("application/")
    if written == "dpop+jwt" or (expected.typed and written != "at+jwt"):
        raise TokenError("the token is of another type")


def _times(claims: Mapping[str, Any], expected: Expected, now: float) -> float:
    """When the token ends. Raises TokenError: it has ended, has not begun, or lives too long."""
    expires = _number(claims, "exp")
    if now >= expires + LEEWAY:
        raise TokenError("the token has expired")
    for name in ("nbf", "iat"):
        if name in claims and _number(claims, name) > now + LEEWAY:
            raise TokenError("the token is not valid yet")
    if expected.most_seconds and not 0 < expires - _number(claims, "iat") <= expected.most_seconds:
        raise TokenError(f"the token lives longer than {expected.most_seconds:g} seconds")
    return expires


def _number(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TokenError(f"the token has no sound {name}")
    return float(value)


def _client(claims: Mapping[str, Any]) -> str:
    client = claims.get("client_id", claims.get("azp", claims.get("sub")))
    return client if isinstance(client, str) else ""


def _scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    scope = claims.get("scope", claims.get("scp", ""))
    found = scope.split() if isinstance(scope, str) else [str(one) for one in scope]
    if len(found) > _MOST_SCOPES:
        raise TokenError(f"the token has more than {_MOST_SCOPES} scopes")
    return frozenset(found)


def _bound(claims: Mapping[str, Any]) -> str | None:
    """Thumbprint of the key that the token is bound to."""
    bound = claims.get("cnf")
    if bound is None:
        return None
    thumbprint = bound.get("jkt") if isinstance(bound, dict) else None
    if not isinstance(thumbprint, str):
        raise TokenError("the token is bound to something that is not checked here")
    return thumbprint


def _named(name: str, domain: str, kind: Literal["agent", "user", "tool", "server"]) -> str:
    named = spiffe_id(domain, kind, name) if domain else name
    if len(named) > LONGEST_NAME:
        raise ValueError(f"a name has more than {LONGEST_NAME} characters")
    return named

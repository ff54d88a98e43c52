"""Tokens that are of use to their owner alone: DPoP (RFC 9449), on the side that is asked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

import jwt
import msgspec

ALGORITHMS = ("ES256", "ES384", "EdDSA", "PS256", "RS256")
SECONDS = 60.0
"""How far a proof's time may be from ours."""
_LONGEST = 8_192
_MOST_REMEMBERED = 100_000
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "k", "oth"})
_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}
_PORTS = {"http": 80, "https": 443}


class Proof(msgspec.Struct, frozen=True):
    """A proof that is sound for its request."""

    thumbprint: str
    """Of the key that signed it (RFC 7638, SHA-256)."""
    jti: str
    """Hash of its id."""


class ProofError(Exception):
    """A proof is not sound; the text says why, for the journal."""


def read_proof(
    proof: str, method: str, urls: Iterable[str], token: str, clock: Callable[[], float] = time.time
) -> Proof:
    """The proof in a ``DPoP`` header, checked as RFC 9449, section 4.3, says; whether it is new is not.

    Args:
        proof: the header.
        method: of the request.
        urls: by which clients may call the endpoint.
        token: the access token beside it.
        clock: seconds since 1970.

    Raises:
        ProofError: it is no proof for this request and token.
    """
    if len(proof) > _LONGEST:
        raise ProofError("the proof is too long")
    try:
        header = jwt.get_unverified_header(proof)
        key = _public_key(header)
        claims = jwt.decode(
            proof,
            key,
            algorithms=[header["alg"]],
            options={"require": ["jti", "iat"], "verify_iat": False, "verify_aud": False, "verify_exp": True},
        )
        thumbprint = thumbprint_of(header["jwk"])
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError) as error:
        raise ProofError(f"the proof cannot be read: {type(error).__name__}") from None
    if claims.get("htm") != method:
        raise ProofError("the proof is for another method")
    said = claims.get("htu")
    if not isinstance(said, str) or _normal(said) not in {_normal(url) for url in urls}:
        raise ProofError("the proof is for another address")
    issued = claims["iat"]
    if isinstance(issued, bool) or not isinstance(issued, int | float) or not abs(clock() - issued) <= SECONDS:
        raise ProofError("the proof is not of now")
    if not hmac.compare_digest(str(claims.get("ath", "")).encode(), digest64(token.encode()).encode()):
        raise ProofError("the proof is for another token")
    jti = claims["jti"]
    if not isinstance(jti, str) or not jti:
        raise ProofError("the proof has no id")
    return Proof(thumbprint, digest64(f"{thumbprint} {jti}".encode()))


class Used:
    """Ids of proofs that were taken, so that none is taken twice. Not shared between processes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = _MOST_REMEMBERED) -> None:
        self._clock = clock
        self._most = most
        self._until: OrderedDict[str, float] = OrderedDict()

    def take(self, proof: Proof) -> bool:
        """True once for each proof; False too when so many came that they cannot be told apart."""
        now = self._clock()
        while self._until and next(iter(self._until.values())) < now:
            self._until.popitem(last=False)
        if proof.jti in self._until or len(self._until) >= self._most:
            return False
        self._until[proof.jti] = now + 2 * SECONDS
        return True


def thumbprint_of(jwk: dict[str, Any]) -> str:
    """RFC 7638, SHA-256, of a public key. Raises KeyError for a kind of key that is not taken."""
    members = {name: jwk[name] for name in _MEMBERS[jwk["kty"]]}
    return digest64(json.dumps(members, sort_keys=True, separators=(",", ":")).encode())


def digest64(content: bytes) -> str:
    """SHA-256 in base64url without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def challenge(error: str = "") -> str:
    """What ``WWW-Authenticate`` says of proofs."""
    said = f'error="{error}", ' if error else ""
    return f'DPoP {said}algs="{" ".join(ALGORITHMS)}"'


def _public_key(header: dict[str, Any]) -> Any:
    jwk = header["jwk"]
    if header.get("typ") != "dpop+jwt" or header["alg"] not in ALGORITHMS or "crit" in header:
        raise ValueError
    if not isinstance(jwk, dict) or _PRIVATE & jwk.keys() or jwk.get("kty") not in _MEMBERS:
        raise ValueError
    key = jwt.PyJWK.from_dict({name: jwk[name] for name in _MEMBERS[jwk["kty"]]}, algorithm=header["alg"]).key
    if getattr(key, "key_size", 4_096) > 4_096 or (jwk["kty"] == "RSA" and key.key_size < 2_048):
        raise ValueError
    return key


def _normal(url: str) -> str:
    """Scheme, host, port and path: query and fragment do not count (RFC 9449, section 4.3)."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme.lower(), 0)
    except ValueError:
        return url
    return f"{parts.scheme.lower()}://{(parts.hostname or '').lower()}:{port}{parts.path or '/'}"

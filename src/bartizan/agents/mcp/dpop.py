"""Tokens that are of use to their owner alone: DPoP (RFC 9449), on the side that is asked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
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


PROOF: ContextVar[Proof | None] = ContextVar("bartizan_dpop", default=None)
"""The proof of the request that is being served."""


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
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
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


class Senders:
    """ASGI middleware before the SDK's: a token under the scheme DPoP is handed on once its proof is sound.

    Args:
        app: what comes next; it knows ``Bearer`` alone.
        urls: by which clients may call.
        refused: told why, for the journal.
    """

    def __init__(self, app: Any, urls: Sequence[str], refused: Callable[[str], None]) -> None:
        self._app = app
        self._urls = urls
        self._refused = refused

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def challenging(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start" and message["status"] == 401:
                message = {**message, "headers": [*message["headers"], (b"www-authenticate", _challenge().encode())]}
            await send(message)

        given = _values(scope, b"authorization")
        scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        if scheme.lower() != "dpop":
            await self._app(scope, receive, challenging)
            return
        proofs = _values(scope, b"dpop")
        try:
            if len(proofs) != 1:
                raise ProofError("there is not exactly one proof")
            proof = read_proof(proofs[0], scope["method"], self._urls, token.strip())
        except ProofError as error:
            self._refused(f"DPoP: {error}")
            await _refuse(send)
            return
        others = [(name, value) for name, value in scope["headers"] if name.lower() != b"authorization"]
        bearer = (b"authorization", f"Bearer {token.strip()}".encode("latin-1", "replace"))
        held = PROOF.set(proof)
        try:
            await self._app({**scope, "headers": [*others, bearer]}, receive, challenging)
        finally:
            PROOF.reset(held)


def thumbprint_of(jwk: dict[str, Any]) -> str:
    """RFC 7638, SHA-256, of a public key. Raises KeyError for a kind of key that is not taken."""
    members = {name: jwk[name] for name in _MEMBERS[jwk["kty"]]}
    return digest64(json.dumps(members, sort_keys=True, separators=(",", ":")).encode())


def digest64(content: bytes) -> str:
    """SHA-256 in base64url without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


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


def _values(scope: dict[str, Any], name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def _challenge(error: str = "") -> str:
    said = f'error="{error}", ' if error else ""
    return f'DPoP {said}algs="{" ".join(ALGORITHMS)}"'


async def _refuse(send: Any) -> None:
    body = b'{"error":"invalid_dpop_proof"}'
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"www-authenticate", _challenge("invalid_dpop_proof").encode()),
    ]
    await send({"type": "http.response.start", "status": 401, "headers": headers})
    await send({"type": "http.response.body", "body": body})

"""An issuer of access tokens, and clients that prove that theirs are their own."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Generator
from typing import Any

import httpx2 as httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from jwt.algorithms import ECAlgorithm

from bartizan.policy.tokens import Issuer, TokenGrant, Tokens
from bartizan.trust.dpop import digest64, thumbprint_of

ISSUER, AUDIENCE = "https://issuer.example", "https://gateway.example"
KEY, NEXT_KEY, OWN, OTHER = (generate_private_key(SECP256R1()) for _ in range(4))
TRIAGE, ADA = "spiffe://example.org/agent/triage", "spiffe://example.org/user/ada"


def jwk(key: EllipticCurvePrivateKey, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return made | more


def key_set(**keys: EllipticCurvePrivateKey) -> str:
    return json.dumps({"keys": [jwk(key, kid=name, use="sig") for name, key in keys.items()]})


def token(key: Any = KEY, kid: str | None = "k1", algorithm: str = "ES256", headers: Any = None, **claims: Any) -> str:
    """Sound unless a claim says otherwise; None leaves one out."""
    now = int(time.time())
    whole = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 300, "scope": "chat"} | claims
    named = {"kid": kid} if kid is not None else {}
    sound = {name: value for name, value in whole.items() if value is not None}
    payload = json.dumps(sound).encode()  # as it is: the library would refuse to write some of what is tried here
    return jwt.PyJWS().encode(payload, key, algorithm=algorithm, headers={"typ": "JWT"} | named | (headers or {}))


def acting(**claims: Any) -> dict[str, Any]:
    return {"act": {"sub": "triage"}} | claims


def bound(key: EllipticCurvePrivateKey = OWN, **claims: Any) -> str:
    return token(cnf={"jkt": thumbprint_of(jwk(key))}, **claims)


def proof(
    access: str, url: str, key: EllipticCurvePrivateKey = OWN, method: str = "POST", header: Any = None, **claims: Any
) -> str:
    whole = {"jti": uuid.uuid4().hex, "iat": int(time.time()), "htm": method, "htu": url}
    whole |= {"ath": digest64(access.encode())} | claims
    named = {"typ": "dpop+jwt", "jwk": jwk(key)} | (header or {})
    return jwt.encode(whole, key, algorithm="ES256", headers=named)


class OwnToken(httpx.Auth):
    """What an SDK's HTTP client is given so that each request proves possession of the token's key."""

    def __init__(self, access: str, address: str, key: EllipticCurvePrivateKey = OWN) -> None:
        self._access, self._address, self._key = access, address, key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        url = self._address + request.url.path
        request.headers["Authorization"] = f"DPoP {self._access}"
        request.headers["DPoP"] = proof(self._access, url, self._key, request.method)
        yield request


def section(**more: Any) -> Tokens:
    """The section of policy, with one issuer that everybody of its domain may come from."""
    row = {"issuer": ISSUER, "jwks": "issuers/main.json", "trust_domain": "example.org"}
    row |= {name: more.pop(name) for name in list(more) if name in Issuer.__struct_fields__}
    return Tokens(
        **({"audience": AUDIENCE, "issuers": (Issuer(**row),), "grants": (TokenGrant(principal="*"),)} | more)
    )

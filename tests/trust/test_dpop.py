"""Proofs of possession (RFC 9449), claim by claim; over the wire, see ``agents/mcp/test_identity``."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from bartizan.trust.dpop import SECONDS, Proof, ProofError, Used, digest64, read_proof, thumbprint_of

NOW = 1_000_000.0
URL = "https://tools.example/mcp"
OWN = ec.generate_private_key(ec.SECP256R1())
JWK = ECAlgorithm.to_jwk(OWN.public_key(), as_dict=True)


def make(key: Any = OWN, algorithm: str = "ES256", header: dict[str, Any] | None = None, **claims: Any) -> str:
    whole = {"jti": "one", "iat": NOW, "htm": "POST", "htu": URL, "ath": digest64(b"token")} | claims
    whole = {name: value for name, value in whole.items() if value is not None}
    return jwt.encode(whole, key, algorithm=algorithm, headers={"typ": "dpop+jwt", "jwk": JWK} | (header or {}))


def read(proof: str, method: str = "POST", urls: tuple[str, ...] = (URL,), token: str = "token") -> Proof:
    return read_proof(proof, method, urls, token, lambda: NOW)


def test_a_proof_names_its_key_and_itself() -> None:
    proof = read(make())
    assert proof.thumbprint == thumbprint_of(JWK)
    assert proof.jti not in ("", "one")
    assert proof.jti != read(make(jti="two")).jti


def test_the_example_of_the_standard_has_its_thumbprint() -> None:
    n = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj"
        "hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQ"
        "vRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK"
        "nqDKgw"
    )
    jwk = {"kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"}
    assert thumbprint_of(jwk) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"  # RFC 7638, section 3.1


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_keys_of_other_kinds(algorithm: str) -> None:
    key = rsa.generate_private_key(65_537, 2_048)
    jwk = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
    assert read(make(key, algorithm, {"jwk": jwk})).thumbprint == thumbprint_of(jwk)
    edwards = ed25519.Ed25519PrivateKey.generate()
    jwk = json.loads(OKPAlgorithm.to_jwk(edwards.public_key()))
    assert read(make(edwards, "EdDSA", {"jwk": jwk})).thumbprint == thumbprint_of(jwk)


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("bits", [1_024, 4_224])
def test_a_key_that_is_too_short_or_too_long_to_be_checked(bits: int) -> None:
    key = rsa.generate_private_key(65_537, bits)
    with pytest.raises(ProofError, match="cannot be read"):
        read(make(key, "RS256", {"jwk": json.loads(RSAAlgorithm.to_jwk(key.public_key()))}))


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"crit": ["htm"]},
        {"jwk": {}},
        {"jwk": None},
        {"jwk": ECAlgorithm.to_jwk(OWN, as_dict=True)},
        {"jwk": "key"},
        {"jwk": {"kty": "oct", "k": "AAAA"}},
        {"jwk": {**JWK, "d": "AAAA"}},
        {"jwk": {**JWK, "x": "AAAA"}},
    ],
)
def test_headers_that_prove_nothing(header: dict[str, Any]) -> None:
    with pytest.raises(ProofError, match="cannot be read"):
        read(make(header=header))


def test_a_shared_secret_or_no_signature_is_no_proof() -> None:
    for algorithm, key in (("HS256", "x" * 32), ("none", None)):
        with pytest.raises(ProofError, match="cannot be read"):
            read(make(key, algorithm))


@pytest.mark.parametrize("text", ["", "a.b.c", "." * 5_000, "eyJhbGciOiJub25lIn0.e30.", "\u0000"])
def test_nonsense_is_no_proof(text: str) -> None:
    with pytest.raises(ProofError, match="cannot be read"):
        read(text)


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"htm": "GET"}, "method"),
        ({"htm": "post"}, "method"),
        ({"htu": "https://tools.example/other"}, "address"),
        ({"htu": "http://tools.example/mcp"}, "address"),
        ({"htu": "https://tools.example:8443/mcp"}, "address"),
        ({"htu": URL + "/"}, "address"),
        ({"htu": "https://["}, "address"),
        ({"htu": None}, "address"),
        ({"htu": 7}, "address"),
        ({"iat": NOW - SECONDS - 1}, "not of now"),
        ({"iat": NOW + SECONDS + 1}, "not of now"),
        ({"iat": True}, "not of now"),
        ({"iat": "now"}, "not of now"),
        ({"iat": float("nan")}, "not of now"),
        ({"iat": None}, "cannot be read"),
        ({"exp": 1}, "cannot be read"),
        ({"ath": digest64(b"another")}, "another token"),
        ({"ath": None}, "another token"),
        ({"jti": ""}, "no id"),
        ({"jti": 7}, "no"),
        ({"jti": None}, "cannot be read"),
    ],
)
def test_claims_of_another_request(claims: dict[str, Any], reason: str) -> None:
    with pytest.raises(ProofError, match=reason):
        read(make(**claims))


@pytest.mark.parametrize("url", ["HTTPS://Tools.Example/mcp", "https://tools.example:443/mcp?a=1#b"])
def test_addresses_that_are_the_same(url: str) -> None:
    assert read(make(htu=url)).thumbprint
    assert read(make(), urls=("https://elsewhere.example/", url)).thumbprint


def test_times_at_their_edges() -> None:
    assert read(make(iat=NOW - SECONDS)).thumbprint
    assert read(make(iat=NOW + SECONDS)).thumbprint


def test_somebody_elses_signature() -> None:
    with pytest.raises(ProofError, match="cannot be read"):
        read(make(ec.generate_private_key(ec.SECP256R1())))


def test_a_long_proof() -> None:
    with pytest.raises(ProofError, match="too long"):
        read("x" * 8_193)
    with pytest.raises(ProofError, match="cannot be read"):
        read("x" * 8_192)


def test_a_proof_is_taken_once_while_it_could_be_sent_again() -> None:
    now = [NOW]
    used = Used(lambda: now[0], most=2)
    one, two, three = (Proof("t", jti) for jti in ("one", "two", "three"))
    assert used.take(one)
    assert not used.take(one)
    now[0] += 2 * SECONDS
    assert not used.take(one), "a proof from the other edge of the clock is still sound now"
    assert used.take(two)
    assert not used.take(three), "no room: it cannot be told from one that was taken"
    now[0] += 1
    assert used.take(three)

"""Whom an access token lets in, claim by claim and at the edges; over the wire, see ``agents/mcp/test_identity``."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from bartizan.trust.access_token import LEEWAY, LONGEST, LONGEST_NAME, Expected, Token, TokenError, read_token
from bartizan.trust.jwks import IssuerKey

NOW = 1_000_000.0
P256, P384 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
EDWARDS = ed25519.Ed25519PrivateKey.generate()
RSA = rsa.generate_private_key(65_537, 2_048)
SHORT = rsa.generate_private_key(65_537, 1_024)
EXPECTED = Expected(issuer="https://issuer.example", audience="bartizan")
CLAIMS = {"iss": EXPECTED.issuer, "aud": EXPECTED.audience, "sub": "ada", "iat": NOW - 10, "exp": NOW + 60}


def key(private: Any, kind: str, curve: str = "", algorithm: str = "") -> IssuerKey:
    return IssuerKey(private.public_key(), None, kind, curve, algorithm)


OWN = key(P256, "EC", "P-256")


def read(
    signed_by: Any = P256,
    algorithm: str = "ES256",
    issuer: IssuerKey = OWN,
    expected: Expected = EXPECTED,
    header: dict[str, Any] | None = None,
    **claims: Any,
) -> Token:
    whole = {name: value for name, value in (CLAIMS | claims).items() if value is not None}
    signed = jwt.encode(whole, signed_by, algorithm=algorithm, headers={"typ": "at+jwt"} | (header or {}))
    return read_token(signed, issuer, expected, lambda: NOW)


@pytest.mark.parametrize(
    ("private", "algorithm", "issuer"),
    [
        (P256, "ES256", OWN),
        (P384, "ES384", key(P384, "EC", "P-384")),
        (EDWARDS, "EdDSA", key(EDWARDS, "OKP", "Ed25519")),
        (RSA, "RS256", key(RSA, "RSA")),
        (RSA, "PS256", key(RSA, "RSA", algorithm="PS256")),
    ],
)
def test_each_algorithm_with_its_own_key(private: Any, algorithm: str, issuer: IssuerKey) -> None:
    assert read(private, algorithm, issuer).principal == "ada"


@pytest.mark.parametrize(
    ("issuer", "reason"),
    [
        (key(P256, "RSA"), "not that of its key"),
        (key(P256, "EC", "P-384"), "not that of its key"),
        (key(P256, "OKP", "P-256"), "not that of its key"),
        (key(P256, "EC", "P-256", "ES384"), "not the one that its key is for"),
    ],
)
def test_a_key_is_of_use_with_its_own_algorithm_alone(issuer: IssuerKey, reason: str) -> None:
    with pytest.raises(TokenError, match=reason):
        read(issuer=issuer)


@pytest.mark.parametrize("algorithm", ["HS256", "none"])
def test_a_shared_secret_or_no_signature_lets_nobody_in(algorithm: str) -> None:
    secret = None if algorithm == "none" else "x" * 32
    with pytest.raises(TokenError, match="algorithm"):
        read(secret, algorithm)


def test_an_algorithm_that_is_not_asked_for() -> None:
    with pytest.raises(TokenError, match="algorithm"):
        read(expected=Expected(issuer=EXPECTED.issuer, audience="bartizan", algorithms=("ES384",)))


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_short_key_of_the_issuer() -> None:
    with pytest.raises(TokenError, match="too short"):
        read(SHORT, "RS256", key(SHORT, "RSA"))


@pytest.mark.parametrize("header", [{"crit": ["exp"]}, {"b64": False}])
def test_extensions_that_are_not_known(header: dict[str, Any]) -> None:
    with pytest.raises(TokenError):
        read(header=header)


@pytest.mark.parametrize(("typed", "written"), [(True, "JWT"), (True, ""), (False, "dpop+jwt")])
def test_a_token_of_another_type(typed: bool, written: str) -> None:
    expected = Expected(issuer=EXPECTED.issuer, audience="bartizan", typed=typed)
    with pytest.raises(TokenError, match="another type"):
        read(expected=expected, header={"typ": written})


def test_a_type_may_be_written_in_full() -> None:
    expected = Expected(issuer=EXPECTED.issuer, audience="bartizan", typed=True)
    assert read(expected=expected, header={"typ": "application/AT+JWT"}).principal == "ada"


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": NOW - LEEWAY}, "expired"),
        ({"exp": True}, "no sound exp"),
        ({"exp": "tomorrow"}, "no sound exp"),
        ({"exp": float("inf")}, "no sound exp"),
        ({"exp": None}, "not sound"),
        ({"iat": NOW + LEEWAY + 1}, "not valid yet"),
        ({"nbf": NOW + LEEWAY + 1}, "not valid yet"),
        ({"nbf": [NOW]}, "no sound nbf"),
        ({"aud": "another"}, "not sound"),
        ({"iss": "https://another.example"}, "not sound"),
        ({"sub": "", "act": {"sub": "bot"}}, "acts for nobody"),
        ({"sub": None, "act": {"sub": "bot"}}, "acts for nobody"),
        ({"act": {"sub": "ada"}}, "in a circle"),
        ({"act": {"sub": 7}}, "chain of actors"),
        ({"act": "bot"}, "chain of actors"),
        ({"sub": "a" * (LONGEST_NAME + 1)}, "more than"),
        ({"scope": " ".join(f"s{number}" for number in range(201))}, "scopes"),
        ({"cnf": {"x5t#S256": "abc"}}, "not checked here"),
        ({"cnf": "abc"}, "not checked here"),
    ],
)
def test_claims_that_let_nobody_in(claims: dict[str, Any], reason: str) -> None:
    with pytest.raises(TokenError, match=reason):
        read(**claims)


def test_times_at_their_edges() -> None:
    assert read(exp=NOW - LEEWAY + 1).expires == NOW - LEEWAY + 1
    assert read(iat=NOW + LEEWAY, nbf=NOW + LEEWAY).principal == "ada"


def test_a_token_may_not_live_longer_than_is_asked() -> None:
    expected = Expected(issuer=EXPECTED.issuer, audience="bartizan", most_seconds=60)
    assert read(expected=expected, iat=NOW - 30, exp=NOW + 30).principal == "ada"
    for iat, exp in ((NOW - 31, NOW + 30), (NOW, NOW), (NOW + 2, NOW + 1), (None, NOW + 30)):
        with pytest.raises(TokenError):
            read(expected=expected, iat=iat, exp=exp)


def test_what_a_sound_token_says() -> None:
    made = read(
        sub="ada",
        act={"sub": "bot", "act": {"sub": "planner"}},
        client_id="app",
        scope="read  write",
        cnf={"jkt": "abc"},
    )
    assert (made.principal, made.on_behalf_of) == ("bot", ("planner", "ada"))
    assert (made.client, made.scopes, made.bound) == ("app", {"read", "write"}, "abc")
    nobody = read(sub=None, azp="app", scp=["read"])
    assert (nobody.principal, nobody.client, nobody.scopes, nobody.bound) == ("", "app", {"read"}, None)
    assert len(read(sub="a" * LONGEST_NAME).principal) == LONGEST_NAME
    assert len(read(scope=" ".join(f"s{number}" for number in range(200))).scopes) == 200


def test_names_become_ids_of_the_domain() -> None:
    expected = Expected(issuer=EXPECTED.issuer, audience="bartizan", trust_domain="shop.example", subjects="agent")
    assert read(expected=expected).principal == "spiffe://shop.example/agent/ada"
    made = read(expected=expected, act={"sub": "bot"})
    assert (made.principal, made.on_behalf_of) == (
        "spiffe://shop.example/agent/bot",
        ("spiffe://shop.example/user/ada",),
    )


def test_a_chain_has_an_end() -> None:
    chain: dict[str, Any] = {"sub": "a0"}
    for number in range(1, 8):
        chain = {"sub": f"a{number}", "act": chain}
    assert len(read(act=chain).on_behalf_of) == 8
    with pytest.raises(TokenError, match="chain of actors"):
        read(act={"sub": "a8", "act": chain})


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c", "..", "é.é.é", "x" * (LONGEST + 1), "\x00" * 10])
def test_what_is_no_token(token: str) -> None:
    with pytest.raises(TokenError):
        read_token(token, OWN, EXPECTED)


def test_a_changed_claim() -> None:
    head, _, tail = jwt.encode(dict(CLAIMS), P256, algorithm="ES256").split(".")
    other = jwt.encode(CLAIMS | {"sub": "eve"}, P384, algorithm="ES384").split(".")[1]
    with pytest.raises(TokenError, match="not sound"):
        read_token(f"{head}.{other}.{tail}", OWN, EXPECTED, lambda: NOW)

"""Access tokens at the gateway: which let somebody in, whom, and how far."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as rsa_key
from token_issuer import (
    ADA,
    AUDIENCE,
    KEY,
    NEXT_KEY,
    OTHER,
    TRIAGE,
    acting,
    bound,
    key_set,
    proof,
    section,
    token,
)  # fmt: skip

from bartizan.core.errors import BartizanError, KeeperError, WireError
from bartizan.core.limits import Limits, RateLimit
from bartizan.detections.cases import BUILTIN
from bartizan.detections.mapping import FieldMapping
from bartizan.detections.running import Run
from bartizan.detections.sigma import load_collection
from bartizan.firewall.authentication import Caller, Keyring
from bartizan.firewall.bearers import Bearers
from bartizan.firewall.declined import DeclinedError
from bartizan.firewall.headers import ClientHeaders, read_headers
from bartizan.keeper.local import LocalKeeper
from bartizan.policy.document import PolicyDocument
from bartizan.policy.tokens import Reach, TokenGrant, Tokens
from bartizan.trust.jwks import KeySet

PATH = "/v1/chat/completions"
RSA = rsa_key(65537, 2048)


class Issuing:
    """Serves a key set that the test changes."""

    def __init__(self) -> None:
        self.text, self.asked, self.now = key_set(k1=KEY), 0, 1_000.0

    async def fetch(self) -> str:
        self.asked += 1
        return self.text

    def key_set(self) -> KeySet:
        return KeySet("the issuer", self.fetch, lambda: self.now)


def ring(tokens: Tokens | None = None, keys: KeySet | None = None, *, anonymous: bool = False) -> Keyring:
    tokens = tokens or section()
    bearers = Bearers(tokens, {tokens.issuers[0].issuer: keys or Issuing().key_set()}, Limits(rate=RateLimit(7)))
    return Keyring(PolicyDocument(version=1, tokens=tokens, anonymous=anonymous), bearers)


def caller(access: str, keyring: Keyring | None = None, once: LocalKeeper | None = None, **given: Any) -> Caller:
    scheme = b"DPoP " if "dpop" in given else b"Bearer "
    headers = ClientHeaders(authorization=scheme + access.encode(), method="POST", path=PATH)
    headers.dpop = given.get("dpop", "").encode()
    return asyncio.run((keyring or ring()).authenticate(headers, once))


def refusal(*arguments: Any, **given: Any) -> DeclinedError:
    with pytest.raises(DeclinedError) as error:
        caller(*arguments, **given)
    return error.value


def test_a_token_names_its_principal_and_for_whom_it_acts() -> None:
    alone = caller(token())
    assert (alone.principal.name, alone.on_behalf_of, alone.limits.rate) == (ADA, (), RateLimit(7))
    acts = caller(token(**acting()))
    assert (acts.principal.name, acts.on_behalf_of) == (TRIAGE, (ADA,))
    nested = caller(token(act={"sub": "b", "act": {"sub": "a"}}))
    assert nested.on_behalf_of == ("spiffe://example.org/agent/a", ADA)
    agent = caller(token(sub="nightly"), ring(section(subjects="agent")))
    assert agent.principal.name == "spiffe://example.org/agent/nightly"
    assert caller(token(sub=TRIAGE)).principal.name == TRIAGE


def part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def forged(header: dict[str, Any], secret: bytes = b"") -> str:
    """Without a signature, or signed with a shared secret."""
    said = f"{part(json.dumps(header).encode())}.{token().split('.')[1]}"
    return f"{said}.{part(hmac.digest(secret, said.encode(), 'sha256')) if secret else ''}"


PUBLIC = KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)  # the public key, taken for a shared secret


@pytest.mark.parametrize(
    "access",
    [
        forged({"alg": "none", "kid": "k1"}),
        forged({"alg": "None", "kid": "k1"}),
        forged({"alg": "", "kid": "k1"}),
        forged({"kid": "k1"}),
        forged({"alg": "HS256", "kid": "k1"}, PUBLIC),
        token(OTHER),
        token(OTHER, headers={"jwk": {"kty": "EC"}}),
        token(OTHER, headers={"jku": "http://127.0.0.1:1/keys"}),
        token(RSA, algorithm="RS256"),
        token(kid="k2"),
        token(kid="../../../dev/null"),
        token(kid="k1' OR '1'='1"),
        token(headers={"crit": ["x"]}),
        token(headers={"typ": "dpop+jwt"}),
        token(aud="https://other.example"),
        token(aud=[]),
        token(aud=None),
        token(aud=AUDIENCE + "/"),
        token(iss="https://other.example"),
        token(iss=[1]),
        token(iss=None),
        token(exp=int(time.time()) - 40),
        token(exp=int(time.time()) + 7_200),
        token(exp="soon"),
        token(exp=float("inf")),
        token(exp=None),
        token(iat=None),
        token(iat=True),
        token(iat=int(time.time()) + 600, exp=int(time.time()) + 900),
        token(nbf=int(time.time()) + 600),
        token(sub=None),
        token(sub=""),
        token(sub="x" * 600),
        token(sub="spiffe://evil.example/user/ada"),
        token(sub="spiffe://example.org/user/../agent/triage"),
        token(act={"sub": "ada", "act": {"sub": "ada"}}),
        token(sub=TRIAGE, act={"sub": "triage"}),
        token(act={"sub": "a", "act": "b"}),
        token(act=["a"]),
        token(sub=None, act={"sub": "a"}),
        token(scope=" ".join(map(str, range(300)))),
        token(cnf={"x5t#S256": "abc"}),
        token(cnf={"jkt": 1}),
        token() + "x",
        token()[:-4],
        "ey.ey.ey",
        "eyJhbGciOiJFUzI1NiJ9..",
        "ey" + "W" * 4_000 + ".W10.x",
        base64.urlsafe_b64encode(b'{"a":' + b"[" * 4_000).decode() + ".x.y",
        token(x="y" * 9_000),
    ],
)  # fmt: skip
def test_no_other_token_lets_anybody_in(access: str) -> None:
    error = refusal(access)
    assert error.status == 401
    assert error.message == "a valid API key or access token is required", "no word about why"
    assert error.reason.startswith("token: ")
    assert len(error.reason) <= 400
    assert any("DPoP" in one for one in error.challenges)


def chain(depth: int) -> Any:
    return {"sub": f"a{depth}", "act": chain(depth - 1)} if depth else None


def test_a_chain_is_bounded() -> None:
    assert len(caller(token(act=chain(8))).on_behalf_of) == 8
    assert "chain" in refusal(token(act=chain(9))).reason
    assert refusal(token(act=chain(400))).status == 401


def test_clocks_may_differ_by_half_a_minute() -> None:
    now = int(time.time())
    assert caller(token(exp=now - 20, iat=now - 320))
    assert caller(token(iat=now + 20, exp=now + 320))


def test_an_issuers_list_of_algorithms_and_types_holds() -> None:
    assert "algorithm" in refusal(token(), ring(section(algorithms=("EdDSA",)))).reason
    typed = ring(section(typed=True))
    assert "type" in refusal(token(), typed).reason
    assert caller(token(headers={"typ": "at+JWT"}), ring(section(typed=True)))


def test_a_key_is_good_for_its_own_algorithm_alone() -> None:
    issuing = Issuing()
    rsa = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(RSA.public_key())) | {"kid": "k1", "alg": "PS256"}
    issuing.text = json.dumps({"keys": [rsa]})
    assert caller(token(RSA, algorithm="PS256"), ring(keys=issuing.key_set()))
    assert "algorithm" in refusal(token(RSA, algorithm="RS256"), ring(keys=issuing.key_set())).reason


def test_keys_rotate_without_a_restart_and_an_unknown_one_costs_one_fetch() -> None:
    async def run() -> None:
        issuing = Issuing()
        keyring = ring(keys=issuing.key_set())

        async def ask(access: str) -> bool:
            headers = ClientHeaders(authorization=b"Bearer " + access.encode(), method="POST", path=PATH)
            try:
                await keyring.authenticate(headers)
            except DeclinedError:
                return False
            return True

        assert await ask(token())
        issuing.text = key_set(k2=NEXT_KEY)
        rotated = token(NEXT_KEY, "k2")
        assert not any([await ask(token(NEXT_KEY, f"x{number}")) for number in range(50)])
        assert issuing.asked == 1, "asked within the last ten seconds"
        issuing.now += 11
        assert all(await asyncio.gather(*(ask(rotated) for _ in range(20))))
        assert issuing.asked == 2, "all who wait share one fetch"
        assert not await ask(token()), "the old key is gone"

    asyncio.run(run())


def test_without_keys_nobody_is_believed_and_it_is_said_that_this_is_our_trouble() -> None:
    issuing = Issuing()
    issuing.text = "nonsense"
    assert refusal(token(), ring(keys=issuing.key_set())).status == 503


def test_a_bound_token_needs_the_proof_of_its_owner_for_this_very_request() -> None:
    access, url = bound(), AUDIENCE + PATH
    assert caller(access, once=LocalKeeper(), dpop=proof(access, url)).principal.name == ADA
    assert caller(access, once=LocalKeeper(), dpop=proof(access, url + "?a=b#c")), "the query does not count"
    now = int(time.time())
    for bad in (
        proof(access, url, OTHER),
        proof(token(), url),
        proof(access, url, ath="x"),
        proof(access, url, method="GET"),
        proof(access, AUDIENCE + "/v1/models"),
        proof(access, "https://gateway.example:444" + PATH),
        proof(access, "http://gateway.example" + PATH),
        proof(access, "https://gateway.example.evil.example" + PATH),
        proof(access, "https://evil@gateway.example:443@evil.example" + PATH),
        proof(access, url, iat=now - 90),
        proof(access, url, iat=now + 90),
        proof(access, url, iat=float("nan")),
        proof(access, url, jti=""),
        proof(access, url, header={"typ": "JWT"}),
        proof(access, url, header={"jwk": {"kty": "oct", "k": "c2VjcmV0"}}),
        proof(access, url)[:-3],
        "nonsense",
        "",
    ):
        assert refusal(access, once=LocalKeeper(), dpop=bad).status == 401
    assert "Bearer" in refusal(access).reason
    assert "no key" in refusal(token(), once=LocalKeeper(), dpop=proof(token(), url)).reason
    assert "Bearer" in refusal(token(), ring(section(dpop="required"))).reason
    with pytest.raises(KeeperError):
        caller(access, once=None, dpop=proof(access, url))


def test_a_proof_is_good_once_for_all_workers() -> None:
    access, once = bound(), LocalKeeper()
    shown = proof(access, AUDIENCE + PATH)
    assert caller(access, ring(), once, dpop=shown)
    assert refusal(access, ring(), once, dpop=shown).reason == f"token: the proof was used before, for a token of {ADA}"


def test_rules_read_the_reasons_for_proofs_that_tell_of_theft() -> None:
    """The rules that ship look for just the words with which the gateway refuses."""
    access, once = bound(), LocalKeeper()
    shown = proof(access, AUDIENCE + PATH)
    assert caller(access, once=once, dpop=shown)
    stolen = proof(access, AUDIENCE + PATH, NEXT_KEY)
    run, mapping, found = Run(load_collection([BUILTIN])), FieldMapping(), []
    for number, shown_again in enumerate((shown, stolen)):
        reason = refusal(access, once=once, dpop=shown_again).reason
        event = {"id": f"evt_{number}", "at": "2026-01-01T00:00:00Z", "kind": "request.refused", "status": 401}
        event["reason"] = reason
        found += run.engine.feed(event, mapping.ref(event, number), mapping.moment(event))
    found += run.engine.finish()
    assert [finding.rule.name for finding in found] == ["proof_replayed", "token_of_another_key"]


def test_two_proofs_are_one_too_many() -> None:
    with pytest.raises(WireError):
        read_headers([(b"dpop", b"a"), (b"dpop", b"a")])
    assert len(read_headers([(b"authorization", b"x" * 8_200)]).authorization) == 8_200
    with pytest.raises(WireError):
        read_headers([(b"authorization", b"x" * 9_000)])


def test_the_first_grant_that_fits_decides_and_whom_none_fits_may_do_nothing() -> None:
    slow = Limits(rate=RateLimit(1))
    tokens = section(
        grants=(
            TokenGrant(principal=TRIAGE, on_behalf_of="spiffe://example.org/user/*", limits=slow, models=("small*",)),
            TokenGrant(principal="spiffe://example.org/agent/*", on_behalf_of="", routes=("/v1/embeddings",)),
        )
    )
    first = caller(token(**acting()), ring(tokens))
    assert (first.limits, first.may_use("small-2"), first.may_use("large")) == (slow, True, False)
    second = caller(token(sub=TRIAGE), ring(tokens))
    assert (second.may_call("/v1/embeddings"), second.may_call(PATH)) == (True, False)
    for nobody in (token(), token(act={"sub": "other"}), token(sub="spiffe://example.org/agent/x", act={"sub": "y"})):
        error = refusal(nobody, ring(tokens))
        assert error.status == 403
        assert "no grant" in error.reason


def test_scopes_narrow_a_grant_and_never_widen_it() -> None:
    tokens = section(
        grants=(TokenGrant(principal="*", models=("small", "large")),),
        scopes={
            "chat": Reach(routes=(PATH,), models=("small",), tools=("read_*",)),
            "embed": Reach(routes=("/v1/embeddings",), models=("large", "secret")),
        },
    )
    both = caller(token(scope="chat embed unknown"), ring(tokens))
    assert both.may_use("small", PATH)
    assert both.may_use("large", "/v1/embeddings")
    assert not both.may_use("large", PATH), "one scope's model with another one's route"
    assert not both.may_use("secret", "/v1/embeddings"), "beyond the grant"
    assert both.may_run("read_mail", "small", PATH)
    assert not both.may_run("send_mail", "small", PATH)
    assert refusal(token(scope="unknown"), ring(tokens)).status == 403
    assert refusal(token(scope=None), ring(tokens)).status == 403


def test_beside_tokens_keys_and_anonymous_clients_stay_what_they_were() -> None:
    open_ring = ring(anonymous=True)
    assert caller("whatever", open_ring).principal.name == "anonymous"
    assert refusal(token(OTHER), open_ring).status == 401, "a false token does not fall back to being anonymous"
    with pytest.raises(BartizanError):
        asyncio.run(open_ring.authenticate(ClientHeaders(authorization=b"Bearer " + token().encode(), api_key=b"x")))


def test_a_token_that_was_read_before_ends_with_its_time_and_with_its_key() -> None:
    async def run() -> None:
        issuing, now = Issuing(), [time.time()]
        tokens = section()
        keys = issuing.key_set()
        bearers = Bearers(tokens, {tokens.issuers[0].issuer: keys}, Limits(), lambda: now[0])
        headers, access = ClientHeaders(method="POST", path=PATH), token()
        for _ in range(2):
            assert await bearers.caller("bearer", access, headers, None)
        issuing.text = key_set(k1=NEXT_KEY)
        await keys.load()
        with pytest.raises(DeclinedError):
            await bearers.caller("bearer", access, headers, None)
        again = token(NEXT_KEY)
        assert await bearers.caller("bearer", again, headers, None)
        now[0] += 331
        with pytest.raises(DeclinedError):
            await bearers.caller("bearer", again, headers, None)

    asyncio.run(run())

"""Who sends a token, for whom, and whether it is theirs: DPoP, chains of actors, ids of one trust domain."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from harness import Bench, bench
from jwt.algorithms import ECAlgorithm
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from test_http import ISSUER, RESOURCE, front, key_set, token

from bartizan.agents.mcp.tokens import Verifier
from bartizan.core.event import McpRefused, ToolDecided
from bartizan.keeper.local import LocalKeeper
from bartizan.trust.access_token import acting
from bartizan.trust.dpop import digest64, thumbprint_of
from bartizan.workspace.mcp import McpListen, McpOAuth

KEY, OWN, OTHER = (generate_private_key(SECP256R1()) for _ in range(3))


def jwk(key: EllipticCurvePrivateKey) -> dict[str, Any]:
    made: dict[str, Any] = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return made


def proof(access: str, key: EllipticCurvePrivateKey = OWN, header: dict[str, Any] | None = None, **claims: Any) -> str:
    whole = {"jti": f"j{time.perf_counter_ns()}", "iat": time.time(), "htm": "POST", "htu": RESOURCE}
    whole |= {"ath": digest64(access.encode())} | claims
    whole = {name: value for name, value in whole.items() if value is not None}
    return jwt.encode(whole, key, algorithm="ES256", headers={"typ": "dpop+jwt", "jwk": jwk(key)} | (header or {}))


def bound(key: EllipticCurvePrivateKey = OWN, **claims: Any) -> str:
    return token(KEY, cnf={"jkt": thumbprint_of(jwk(key))}, **claims)


class Sender:
    """Sends one MCP message with whatever headers."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def send(self, *headers: tuple[str, str]) -> tuple[int, list[str]]:
        body = {"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {}}
        base = [("accept", "application/json, text/event-stream"), ("mcp-protocol-version", "2025-11-25")]
        async with (
            aiohttp.ClientSession() as http,
            http.post(self.url, json=body, headers=[*base, *headers]) as answer,
        ):
            return answer.status, answer.headers.getall("www-authenticate", [])


@asynccontextmanager
async def served(
    folder: Path, dpop: Any = "accepted", domain: str = "", **more: Any
) -> AsyncIterator[tuple[Bench, Client]]:
    settings = McpOAuth(issuer=ISSUER, resource=RESOURCE, jwks="keys.json", dpop=dpop, trust_domain=domain)

    async def fetch() -> str:
        return key_set(KEY)

    verifier = Verifier(settings, fetch)
    async with bench(folder, "honest", **more) as made, front(made, McpListen(oauth=settings), verifier) as url:
        yield made, Sender(url)


def test_a_bound_token_needs_its_owners_proof(tmp_path: Path) -> None:
    async def run() -> None:
        async with served(tmp_path) as (made, client):
            access = bound()
            good = proof(access)

            async def status(*headers: tuple[str, str]) -> int:
                return (await client.send(*headers))[0]

            def dpop(access: str, *proofs: str) -> list[tuple[str, str]]:
                return [("authorization", f"DPoP {access}"), *(("dpop", one) for one in proofs)]

            assert await status(*dpop(access, good)) != 401
            assert await status(*dpop(access, good)) == 401, "a proof is good once"
            assert await status(("authorization", f"Bearer {access}")) == 401
            assert await status(("authorization", f"Bearer {access}"), ("dpop", proof(access))) == 401
            assert await status(*dpop(access)) == 401
            assert await status(*dpop(access, proof(access), proof(access))) == 401
            assert await status(*dpop(access, proof(access, OTHER))) == 401, "somebody else's key"
            assert await status(*dpop(token(KEY), proof(token(KEY)))) == 401, "the token is bound to no key"
            assert await status(*dpop(bound(OTHER), good)) == 401
            assert await status(("authorization", f"Bearer {token(KEY)}")) != 401
            assert await status(("authorization", f"Bearer {token(KEY, cnf={'x5t#S256': 'abc'})}")) == 401
            status_, challenges = await client.send(*dpop(access, "nonsense"))
            assert status_ == 401
            assert any("invalid_dpop_proof" in one and "ES256" in one for one in challenges)
            assert any("DPoP" in event.reason for event in made.journal.of(McpRefused))

    asyncio.run(run())


def test_where_proofs_are_required_a_bearer_token_is_not_enough(tmp_path: Path) -> None:
    async def run() -> None:
        async with served(tmp_path, dpop="required") as (_, client):
            status, challenges = await client.send(("authorization", f"Bearer {token(KEY)}"))
            assert status == 401
            assert any(one.startswith("DPoP algs=") for one in challenges)
            access = bound()
            status, _ = await client.send(("authorization", f"dpop {access}"), ("dpop", proof(access)))
            assert status != 401

    asyncio.run(run())


ACT = {"sub": "mailer", "act": {"sub": "planner"}}


@pytest.mark.parametrize(
    ("claims", "domain", "expected"),
    [
        ({"sub": "ada"}, "", ("ada", [])),
        ({"sub": "ada", "act": ACT}, "", ("mailer", ["planner", "ada"])),
        (
            {"sub": "ada", "act": ACT},
            "d.org",
            ("spiffe://d.org/agent/mailer", ["spiffe://d.org/agent/planner", "spiffe://d.org/user/ada"]),
        ),
        ({"client_id": "c"}, "", ("", [])),
    ],
)
def test_chains_of_actors(claims: dict[str, Any], domain: str, expected: tuple[str, list[str]]) -> None:
    assert acting(claims, domain) == expected


def test_chains_that_are_none() -> None:
    deep: dict[str, Any] = {"sub": "x"}
    for _ in range(9):
        deep = {"sub": "x", "act": deep}
    for wrong in ({"sub": "a", "act": "b"}, {"sub": "a", "act": {}}, {"sub": "a", "act": deep}, {"act": {"sub": "b"}}):
        with pytest.raises(ValueError):
            acting(wrong, "")
    with pytest.raises(ValueError):
        acting({"sub": "spiffe://other.org/user/ada"}, "d.org")


def test_the_chain_is_recorded_and_any_of_it_can_be_stopped(tmp_path: Path) -> None:
    async def run() -> None:
        keeper = LocalKeeper()
        async with served(tmp_path, domain="d.org", budgets=keeper) as (made, sender):
            headers = {"authorization": f"Bearer {token(KEY, act=ACT)}"}
            async with (
                httpx2.AsyncClient(headers=headers) as http,
                Client(streamable_http_client(sender.url, http_client=http)) as client,
            ):
                assert not (await client.call_tool("shout", {"text": "a"})).is_error
                (decided,) = made.journal.of(ToolDecided)
                assert decided.principal == "spiffe://d.org/agent/mailer"
                assert decided.on_behalf_of == ("spiffe://d.org/agent/planner", "spiffe://d.org/user/ada")
                for name in (decided.principal, *decided.on_behalf_of):
                    await keeper.quarantine(name)
                    assert (await client.call_tool("shout", {"text": name})).is_error
                    assert made.journal.of(ToolDecided)[-1].policy == "quarantine"
                    with pytest.raises(MCPError, match="withheld"):
                        await client.read_resource("note://one")
                    await keeper.release(name)
                assert not (await client.call_tool("shout", {"text": "b"})).is_error
            assert (await sender.send(("authorization", f"Bearer {token(KEY, sub='spiffe://e.org/x')}")))[0] == 401

    asyncio.run(run())

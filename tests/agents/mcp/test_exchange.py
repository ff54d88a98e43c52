"""Short-lived tokens by exchange, before a real authorization server on loopback and a proxy that wants them bound."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from harness import bench
from jwt import get_unverified_header
from mcp import Client
from test_http import ISSUER, RESOURCE, front, key_set, token

from bartizan.agents.mcp.exchange import Exchange, Exchanged, ExchangeError
from bartizan.agents.mcp.tokens import Verifier
from bartizan.app.mcp_links import UrlLink
from bartizan.app.mcp_setting import check_servers
from bartizan.core.errors import ConfigurationError
from bartizan.core.event import ToolDecided
from bartizan.core.secretref import SecretRef
from bartizan.policy.mcp import McpBounds
from bartizan.trust.dpop import thumbprint_of
from bartizan.workspace.mcp import Mcp, McpExchange, McpListen, McpOAuth, McpServer

KEY = generate_private_key(SECP256R1())
GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"


class Issuer:
    """An authorization server that exchanges, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.url = ""
        self.change: Callable[[dict[str, Any]], Any] = lambda answer: answer
        self.status = 200
        self.nonce = ""

    async def answer(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append({**form, "authorization": request.headers.get("authorization", "")})
        header = request.headers.get("dpop", "")
        if self.nonce and f'"{self.nonce}"' not in str(json.dumps(_claims(header))):
            return web.json_response({"error": "use_dpop_nonce"}, status=400, headers={"dpop-nonce": self.nonce})
        bound = {"cnf": {"jkt": thumbprint_of(get_unverified_header(header)["jwk"])}} if header else {}
        answer = {
            "access_token": token(KEY, sub="proxy", scope="mcp:use", **bound),
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
            "token_type": "DPoP" if header else "Bearer",
            "expires_in": 120,
            "scope": form.get("scope", ""),
        }
        return web.json_response(self.change(answer), status=self.status)


def _claims(proof: str) -> Any:
    return jwt.decode(proof, options={"verify_signature": False}) if proof else {}


@asynccontextmanager
async def issuing() -> AsyncIterator[Issuer]:
    issuer, app = Issuer(), web.Application()
    app.router.add_post("/token", issuer.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    issuer.url = f"http://127.0.0.1:{runner.addresses[0][1]}/token"
    try:
        yield issuer
    finally:
        await runner.cleanup()


def settings(issuer: Issuer, **more: Any) -> McpExchange:
    whole = {"endpoint": issuer.url, "subject": SecretRef(env="X"), "scopes": ("mcp:use",)} | more
    return McpExchange(**whole)


def exchange(
    issuer: Issuer, clock: Callable[[], float] = lambda: 0.0, subject: Callable[[], str] = lambda: "own", **more: Any
) -> Exchange:
    secret = more.pop("secret", "")
    return Exchange(settings(issuer, **more), RESOURCE, subject, lambda: secret, clock)


@pytest.mark.parametrize("dpop", [False, True])
def test_a_server_that_wants_tokens_gets_them(tmp_path: Path, dpop: bool) -> None:
    oauth = McpOAuth(
        issuer=ISSUER, resource=RESOURCE, jwks="k", scopes=("mcp:use",), dpop="required" if dpop else "accepted"
    )

    async def run() -> None:
        async def fetch() -> str:
            return key_set(KEY)

        (tmp_path / "behind").mkdir()
        (tmp_path / "before").mkdir()
        async with (
            issuing() as issuer,
            bench(tmp_path / "behind", "honest") as behind,
            front(behind, McpListen(oauth=oauth), Verifier(oauth, fetch)) as url,
        ):
            server = McpServer(name="r", url=url, exchange=settings(issuer, dpop=dpop))
            link = UrlLink(server, Exchanged(exchange(issuer, dpop=dpop)), McpBounds())
            async with bench(tmp_path / "before", links={"r": link}) as before, Client(before.proxy.server) as client:
                assert not (await client.call_tool("shout", {"text": "a"})).is_error
                assert not (await client.call_tool("shout", {"text": "b"})).is_error
            assert {event.principal for event in behind.journal.of(ToolDecided)} == {"proxy"}
            assert len(issuer.asked) == 1, "one token serves as long as it lasts"
            (asked,) = issuer.asked
            assert (asked["grant_type"], asked["subject_token"], asked["resource"]) == (GRANT, "own", RESOURCE)
            assert asked["scope"] == "mcp:use"

    asyncio.run(run())


def test_tokens_are_had_anew_before_they_end_and_with_the_credential_of_the_day() -> None:
    async def run() -> None:
        async with issuing() as issuer:
            now, own = [0.0], ["first"]
            made = exchange(issuer, lambda: now[0], lambda: own[0])
            await asyncio.gather(*(made.token() for _ in range(5)))
            now[0], own[0] = 89.0, "second"
            await made.token()
            assert [asked["subject_token"] for asked in issuer.asked] == ["first"]
            now[0] = 91.0
            token_ = await made.token()
            made.drop("another")
            assert await made.token() == token_
            made.drop(token_)
            await made.token()
            assert [asked["subject_token"] for asked in issuer.asked] == ["first", "second", "second"]

    asyncio.run(run())


def test_clients_and_nonces_as_the_authorization_server_wants_them() -> None:
    async def run() -> None:
        async with issuing() as issuer:
            await exchange(issuer, client="c1").token()
            await exchange(issuer, client="c 1", secret="s:%").token()
            assert issuer.asked[0]["client_id"] == "c1"
            assert "client_id" not in issuer.asked[1]
            assert base64.b64decode(issuer.asked[1]["authorization"].removeprefix("Basic ")) == b"c+1:s%3A%25"
            issuer.nonce = "n-1"
            await exchange(issuer, dpop=True).token()

    asyncio.run(run())


@pytest.mark.parametrize(
    "change",
    [
        lambda answer: {**answer, "access_token": ""}, lambda answer: {**answer, "access_token": "a b"},
        lambda answer: {**answer, "access_token": "a\r\nx: y"}, lambda answer: {**answer, "access_token": "x" * 9_000},
        lambda answer: {**answer, "token_type": "N_A"}, lambda answer: {**answer, "token_type": "DPoP"},
        lambda answer: {**answer, "scope": "mcp:use admin"}, lambda answer: {**answer, "expires_in": 0},
        lambda answer: {**answer, "expires_in": True}, lambda answer: [answer],
        lambda answer: {**answer, "more": "x" * 70_000},
    ],
)  # fmt: skip
def test_answers_that_are_no_token(change: Callable[[dict[str, Any]], Any]) -> None:
    async def run() -> None:
        async with issuing() as issuer:
            issuer.change = change
            with pytest.raises(ExchangeError):
                await exchange(issuer).token()

    asyncio.run(run())


def test_a_refusal_is_named_and_a_token_that_is_not_bound_is_refused() -> None:
    async def run() -> None:
        async with issuing() as issuer:
            issuer.status = 403
            with pytest.raises(ExchangeError, match="403"):
                await exchange(issuer).token()
            issuer.status, issuer.change = 200, lambda answer: {**answer, "token_type": "Bearer"}
            with pytest.raises(ExchangeError, match="bearer"):
                await exchange(issuer, dpop=True).token()
        with pytest.raises(ExchangeError, match="failed"):
            await exchange(issuer).token()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ({"url": "http://far.example/mcp"}, "in the clear"),
        ({"url": "https://far.example/mcp", "endpoint": "http://issuer.example/token"}, "in the clear"),
        ({"url": "https://far.example/mcp", "token": SecretRef(env="T")}, "both"),
        ({"command": ("x",)}, "is a command"),
    ],
)
def test_settings_that_contradict_themselves(server: dict[str, Any], said: str) -> None:
    endpoint = server.pop("endpoint", "https://issuer.example/token")
    made = McpExchange(endpoint=endpoint, subject=SecretRef(env="X"))
    with pytest.raises(ConfigurationError, match=said):
        check_servers(Mcp(servers=(McpServer(name="a", exchange=made, **server),)), "bartizan.yaml")

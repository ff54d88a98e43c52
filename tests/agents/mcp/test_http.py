"""Streamable HTTP on both sides: an unmodified client, an upstream of the SDK, tokens, origins, bodies."""

from __future__ import annotations

import asyncio
import json
import socket
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
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.mcpserver import Context, MCPServer

from bartizan.agents.mcp.http_front import bind, http_app, serve_http
from bartizan.agents.mcp.tokens import Verifier
from bartizan.app.mcp_links import UrlLink
from bartizan.core.errors import ConfigurationError
from bartizan.core.event import ToolDecided
from bartizan.policy.mcp import McpBounds
from bartizan.workspace.mcp import McpListen, McpOAuth, McpServer

ISSUER = "https://issuer.example"
RESOURCE = "https://proxy.example/mcp"
ERAS = ["legacy", "auto"]


@asynccontextmanager
async def listening(app_of: Any) -> AsyncIterator[str]:
    socket = bind("127.0.0.1", 0)
    port = socket.getsockname()[1]
    serving = asyncio.create_task(serve_http(app_of(port), socket))
    await asyncio.sleep(0.2)
    try:
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


@asynccontextmanager
async def front(made: Bench, listen: McpListen, verifier: Verifier | None = None) -> AsyncIterator[str]:
    async with listening(lambda port: http_app(made.proxy, listen, port, 100_000, verifier)) as url:
        yield url


@pytest.mark.parametrize("era", ERAS)
def test_a_client_over_http(tmp_path: Path, era: str) -> None:
    async def run() -> None:
        async with bench(tmp_path, "honest") as made, front(made, McpListen()) as url, Client(url, mode=era) as client:
            result = await client.call_tool("shout", {"text": "hello"})
            assert result.content[0].text == "HELLO"  # type: ignore[union-attr]
            (decided,) = made.journal.of(ToolDecided)
            assert bool(decided.session) == (era == "legacy"), "only the handshake era has session ids"

    asyncio.run(run())


def upstream() -> tuple[MCPServer, list[dict[str, str]]]:
    seen: list[dict[str, str]] = []
    server = MCPServer("remote")

    @server.tool()
    def double(number: int, ctx: Context[Any]) -> int:
        """Doubles a number."""
        request = ctx.request_context.request
        assert request is not None
        seen.append({key.lower(): value for key, value in request.headers.items()})
        return number * 2

    @server.tool()
    def long(length: int) -> str:
        """Returns a long text."""
        return "x" * length

    return server, seen


def remote(url: str, token: str = "") -> UrlLink:
    return UrlLink(McpServer(name="r", url=url, headers={"x-team": "a"}), token, McpBounds(message_bytes=500_000))


@pytest.mark.parametrize("era", ERAS)
def test_a_server_over_http_gets_the_proxys_credential_and_never_the_clients(tmp_path: Path, era: str) -> None:
    async def run() -> None:
        server, seen = upstream()
        async with (
            listening(lambda port: server.streamable_http_app()) as behind,
            bench(tmp_path, links={"r": remote(behind, "proxy-token")}) as made,
            front(made, McpListen()) as url,
            httpx2.AsyncClient(headers={"authorization": "Bearer client-token", "x-own": "1"}) as http,
            Client(streamable_http_client(url, http_client=http), mode=era) as client,
        ):
            result = await client.call_tool("double", {"number": 21})
            assert result.structured_content == {"result": 42}
            assert seen[0]["authorization"] == "Bearer proxy-token"
            assert seen[0]["x-team"] == "a"
            assert "client-token" not in json.dumps(seen)
            assert "x-own" not in seen[0]
            too_long = await client.call_tool("long", {"length": 2_000_000})
            assert too_long.is_error

    asyncio.run(run())


@pytest.fixture(scope="module")
def key() -> EllipticCurvePrivateKey:
    return generate_private_key(SECP256R1())


def key_set(key: EllipticCurvePrivateKey, kid: str = "k1") -> str:
    return json.dumps({"keys": [{**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}]})


def token(key: Any, algorithm: str = "ES256", **claims: Any) -> str:
    whole = {
        "iss": ISSUER,
        "aud": RESOURCE,
        "sub": "ada",
        "client_id": "c1",
        "scope": "mcp:use",
        "exp": time.time() + 60,
    }
    whole = {name: value for name, value in (whole | claims).items() if value is not None}
    return jwt.encode(whole, key, algorithm=algorithm, headers={"kid": "k1"})


def test_tokens_must_be_meant_for_this_proxy(tmp_path: Path, key: EllipticCurvePrivateKey) -> None:
    settings = McpOAuth(issuer=ISSUER, resource=RESOURCE, jwks="keys.json", scopes=("mcp:use",))
    stranger = generate_private_key(SECP256R1())

    async def run() -> None:
        async def fetch() -> str:
            return key_set(key)

        verifier = Verifier(settings, fetch)
        listen = McpListen(oauth=settings)
        async with bench(tmp_path, "honest") as made, front(made, listen, verifier) as url:

            async def status(bearer: str) -> tuple[int, str]:
                body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
                headers = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-11-25"}
                if bearer:
                    headers["authorization"] = f"Bearer {bearer}"
                async with aiohttp.ClientSession() as http, http.post(url, json=body, headers=headers) as answer:
                    return answer.status, answer.headers.get("www-authenticate", "")

            code, challenge = await status("")
            assert code == 401
            assert 'resource_metadata="https://proxy.example/.well-known/oauth-protected-resource/mcp"' in challenge
            for wrong in (
                token(key, aud="https://other.example/mcp"),
                token(key, aud=None),
                token(key, iss="https://evil.example"),
                token(key, exp=time.time() - 3_600),
                token(key, exp=None),
                token(stranger),
                token("secret-of-thirty-two-bytes-or-so", "HS256"),
                jwt.encode({"iss": ISSUER, "aud": RESOURCE, "exp": time.time() + 60}, None, algorithm="none"),
                "x" * 20_000,
            ):
                assert (await status(wrong))[0] == 401
            assert (await status(token(key, scope="other")))[0] == 403
            base = url.removesuffix("/mcp")
            async with (
                aiohttp.ClientSession() as http,
                http.get(f"{base}/.well-known/oauth-protected-resource/mcp") as answer,
            ):
                assert await answer.json() == {
                    "resource": RESOURCE,
                    "authorization_servers": [ISSUER],
                    "scopes_supported": ["mcp:use"],
                    "bearer_methods_supported": ["header"],
                }
            headers = {"authorization": f"Bearer {token(key)}"}
            async with (
                httpx2.AsyncClient(headers=headers) as http2,
                Client(streamable_http_client(url, http_client=http2)) as client,
            ):
                await client.call_tool("shout", {"text": "hello"})
            assert made.journal.of(ToolDecided)[0].principal == "ada"

    asyncio.run(run())


def test_a_new_key_of_the_issuer_is_taken_up(key: EllipticCurvePrivateKey) -> None:
    settings = McpOAuth(issuer=ISSUER, resource=RESOURCE, jwks="keys.json")
    sets, now = [key_set(generate_private_key(SECP256R1()), "old")], [0.0]

    async def fetch() -> str:
        return sets[0]

    verifier = Verifier(settings, fetch, lambda: now[0])
    asyncio.run(verifier.load())
    sets[0] = key_set(key)
    assert asyncio.run(verifier.verify_token(token(key))) is None, "not asked again within seconds"
    now[0] += 60
    assert asyncio.run(verifier.verify_token(token(key))) is not None


def test_keys_that_cannot_be_fetched_any_more_end_however_often_they_are_used(key: EllipticCurvePrivateKey) -> None:
    settings, now, asked = McpOAuth(issuer=ISSUER, resource=RESOURCE, jwks="keys.json"), [0.0], [0]

    async def fetch() -> str:
        asked[0] += 1
        if asked[0] > 1:
            raise ConfigurationError("the issuer is away")
        return key_set(key)

    verifier = Verifier(settings, fetch, lambda: now[0])

    async def believed() -> list[bool]:
        found = []
        while now[0] < 4_000:
            found.append(await verifier.verify_token(token(key)) is not None)
            now[0] += 50
        return found

    found = asyncio.run(believed())
    assert found[:61] == [True] * 61, "for fifty minutes"
    assert not any(found[61:])
    assert 30 < asked[0] < 90, "asked again and again, but not with each token"


def test_origins_hosts_and_bodies_are_checked(tmp_path: Path) -> None:
    async def run() -> None:
        async with bench(tmp_path, "honest") as made, front(made, McpListen()) as url:

            async def post(body: bytes, **headers: str) -> tuple[int, bytes]:
                base = {
                    "accept": "application/json, text/event-stream",
                    "content-type": "application/json",
                    "mcp-protocol-version": "2025-11-25",
                }
                async with aiohttp.ClientSession() as http, http.post(url, data=body, headers=base | headers) as answer:
                    return answer.status, await answer.read()

            ping = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
            assert (await post(ping, origin="https://evil.example"))[0] == 403
            assert (await post(ping, host="evil.example"))[0] == 421
            status, body = await post(b'{"jsonrpc":"2.0","id":5,"id":6,"method":"ping"}')
            assert status == 400
            assert json.loads(body)["error"]["code"] == -32600
            status, body = await post(b'{"x": NaN}')
            assert (status, json.loads(body)["error"]["code"]) == (400, -32700)
            status, body = await post(b'{"x": "' + b"y" * 200_000 + b'"}')
            assert status == 413
            assert json.loads(body)["id"] is None

    asyncio.run(run())


def test_the_network_is_not_served_without_tokens(tmp_path: Path) -> None:
    async def run() -> None:
        async with bench(tmp_path, "honest") as made:
            with pytest.raises(ConfigurationError, match="everybody"):
                http_app(made.proxy, McpListen(host="0.0.0.0"), 1, 1, None)

    asyncio.run(run())


def test_small_answers_do_not_wait_for_the_one_before_to_be_acknowledged() -> None:
    """Otherwise each event of a stream costs the client's delayed acknowledgement, 40 ms."""
    with bind("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

"""Serves clients over streamable HTTP: on loopback unless told otherwise, with origin, token and body checked."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from mcp.server.auth.provider import TokenVerifier
from mcp.server.auth.settings import AuthSettings
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types import INVALID_REQUEST

from bartizan.agents.mcp.framing import MAX_DEPTH, MAX_NODES, error_bytes, refusal
from bartizan.agents.mcp.proxy import Proxy
from bartizan.agents.mcp.senders import Senders
from bartizan.core.errors import ConfigurationError, WireError
from bartizan.core.strict_json import encode, parse
from bartizan.workspace.mcp import McpListen

Receive = Callable[[], Any]
Send = Callable[[dict[str, Any]], Any]
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class StrictBodies:
    """Reads each body once, strictly and within bounds, and hands on its re-encoding; answers the rest itself."""

    def __init__(self, app: Any, limit: int, refused: Callable[[str], None]) -> None:
        self._app = app
        self._limit = limit
        self._refused = refused

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self._limit:
                error = f"a message is longer than {self._limit} bytes"
                self._refused(error)
                await _answer(send, 413, error_bytes(None, INVALID_REQUEST, error))
                return
        try:
            whole = encode(parse(bytes(body), MAX_DEPTH, MAX_NODES))
        except WireError as error:
            self._refused(error.cause)
            await _answer(send, 400, refusal(bytes(body), error))
            return
        given = False

        async def again() -> dict[str, Any]:
            nonlocal given
            if given:
                following: dict[str, Any] = await receive()
                return following
            given = True
            return {"type": "http.request", "body": whole, "more_body": False}

        kept = [(key, value) for key, value in scope["headers"] if key.lower() != b"content-length"]
        headers = [*kept, (b"content-length", str(len(whole)).encode())]
        await self._app({**scope, "headers": headers}, again, send)


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def http_app(proxy: Proxy, listen: McpListen, port: int, limit: int, verifier: TokenVerifier | None) -> Any:
    """The ASGI application. The proxy must be running.

    Raises:
        ConfigurationError: it would serve the network without tokens.
    """
    if listen.host not in LOOPBACK and verifier is None:
        raise ConfigurationError(
            f"an MCP proxy on {listen.host} without tokens would serve everybody",
            "set mcp.listen.oauth, or use loopback",
        )
    hosts = [f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")]
    auth: AuthSettings | None = None
    if listen.oauth is not None:
        resource = listen.oauth.resource
        hosts.append(resource.partition("//")[2].partition("/")[0])
        auth = AuthSettings.model_validate(
            {
                "issuer_url": listen.oauth.issuer,
                "resource_server_url": resource,
                "required_scopes": list(listen.oauth.scopes),
                "validate_token_resource": True,
            }
        )
    app = proxy.server.streamable_http_app(
        streamable_http_path=listen.path,
        host=listen.host,
        max_request_body_size=limit,
        transport_security=TransportSecuritySettings(
            enable_dns_rebinding_protection=True,
            allowed_hosts=hosts,
            allowed_origins=[*(f"http://{host}" for host in hosts[:3]), *listen.origins],
        ),
        auth=auth,
        token_verifier=verifier,
    )

    def refused(reason: str) -> None:
        proxy.records.refused("", "", reason)

    bodies = StrictBodies(app, limit, refused)
    if listen.oauth is None:
        return bodies
    urls = [listen.oauth.resource, *(f"http://{host}{listen.path}" for host in hosts[:3])]
    return Senders(bodies, urls, refused)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises ConfigurationError when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio leaves it to sockets without protocol
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise ConfigurationError(f"cannot listen on {host}:{port}: {error.strerror}") from None
    return listening


async def serve_http(app: Any, listening: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=65_536,
    )
    await uvicorn.Server(config).serve(sockets=[listening])

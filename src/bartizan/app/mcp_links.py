"""How MCP servers are reached, each with its own credentials."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from mcp.client._transport import TransportStreams

from bartizan.agents.mcp.exchange import Exchange, Exchanged
from bartizan.agents.mcp.http_upstream import http_upstream
from bartizan.agents.mcp.stdio_upstream import environment, stdio_upstream
from bartizan.agents.mcp.upstream import Link
from bartizan.app.mcp_setting import Setting
from bartizan.core.secretref import SecretRef
from bartizan.policy.mcp import McpBounds
from bartizan.workspace.mcp import McpExchange, McpServer


def mcp_links(setting: Setting) -> dict[str, Link]:
    """How each server is reached, with its own credentials. Raises ConfigurationError."""
    return {
        server.name: _link(setting, server, (*setting.at, "servers", str(number)))
        for number, server in enumerate(setting.mcp.servers)
    }


class CommandLink:
    def __init__(self, server: McpServer, env: dict[str, str], folder: Path, bounds: McpBounds) -> None:
        self.source = " ".join(server.command)
        self._server = server
        self._env = env
        self._folder = folder
        self._bounds = bounds
        self._said = bytearray()

    def transport(self, refused: Callable[[str], None]) -> AbstractAsyncContextManager[TransportStreams]:
        """See ``Link``."""
        self._said.clear()
        return stdio_upstream(
            self._server.command, self._env, self._folder, self._bounds.message_bytes, refused, self._said
        )

    def last_words(self) -> str:
        """See ``Link``."""
        return self._said.decode("utf-8", "replace").strip()


class UrlLink:
    def __init__(self, server: McpServer, token: str | Exchanged, bounds: McpBounds) -> None:
        self.source = server.url
        self._server = server
        self._token = token
        self._bounds = bounds

    def transport(self, refused: Callable[[str], None]) -> AbstractAsyncContextManager[TransportStreams]:
        """See ``Link``."""
        return http_upstream(
            self._server.url,
            self._token,
            self._server.headers,
            self._bounds.message_bytes,
            self._bounds.call_seconds,
        )

    def last_words(self) -> str:
        """See ``Link``."""
        return ""


def _link(setting: Setting, server: McpServer, at: tuple[str, ...]) -> Link:
    workspace, bounds = setting.workspace, setting.policy.mcp.bounds
    if server.url:
        if server.exchange is not None:
            return UrlLink(server, _exchanged(setting, server.exchange, server.url, (*at, "exchange")), bounds)
        token = workspace.secret(server.token, setting.file, (*at, "token")) if server.token is not None else ""
        return UrlLink(server, token, bounds)
    secrets = {
        name: workspace.secret(reference, setting.file, (*at, "secrets", name))
        for name, reference in server.secrets.items()
    }
    env = environment({**server.env, **secrets}, server.inherit)
    return CommandLink(server, env, workspace.root / server.folder, bounds)


def _exchanged(setting: Setting, settings: McpExchange, url: str, at: tuple[str, ...]) -> Exchanged:
    def secret(reference: SecretRef, name: str) -> str:
        return setting.workspace.secret(reference, setting.file, (*at, name))

    def subject() -> str:
        return secret(settings.subject, "subject")

    def client_secret() -> str:
        return secret(settings.client_secret, "client_secret") if settings.client_secret is not None else ""

    subject(), client_secret()  # a mistake shows at the start
    return Exchanged(Exchange(settings, settings.resource or url, subject, client_secret))

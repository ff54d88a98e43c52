"""What an MCP proxy is built from, read and checked. Imports nothing of the MCP library, which is an extra."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from bartizan.agents.mcp.naming import sound_server_name
from bartizan.agents.mcp.pins import PINS
from bartizan.core.errors import ConfigurationError
from bartizan.core.spiffe import is_trust_domain
from bartizan.policy.document import PolicyDocument
from bartizan.policy.in_force import policy_in_force
from bartizan.workspace.document import load
from bartizan.workspace.mcp import Mcp, McpServer
from bartizan.workspace.workspace import DEPLOYMENT, Workspace


class Setting(msgspec.Struct, frozen=True):
    """What a proxy is built from."""

    workspace: Workspace
    mcp: Mcp
    policy: PolicyDocument
    pins: Path
    file: str
    """Where ``mcp`` is written, for errors."""
    at: tuple[str, ...]
    """Under which keys of it."""

    @property
    def prefixed(self) -> bool:
        """Whether tools are offered under their server's name."""
        return self.mcp.namespace == "always" or (self.mcp.namespace == "auto" and len(self.mcp.servers) > 1)


def mcp_setting(
    root: Path, config: Path | None = None, command: Sequence[str] = (), url: str = "", pins: Path | None = None
) -> Setting:
    """Read what is configured.

    Args:
        root: the workspace; with ``config``, ``command`` or ``url`` it need not hold a ``bartizan.yaml``.
        config: a file in the form of the ``mcp`` section, instead of it.
        command: one server's command line, instead of configured servers.
        url: one server's URL, likewise.
        pins: the pins file; None for the workspace's.

    Raises:
        DocumentError: a file is wrong.
        ConfigurationError: something is missing or contradictory.
    """
    workspace = Workspace(root)
    file, at = (str(config), ()) if config is not None else (DEPLOYMENT, ("mcp",))
    if config is not None:
        mcp = load(config, Mcp)
    elif (workspace.root / DEPLOYMENT).exists():
        mcp = workspace.deployment.mcp
    elif command or url:
        mcp = Mcp()
    else:
        raise ConfigurationError(f"there is no {DEPLOYMENT} in {root}", "name a server behind --, or use --config")
    if command or url:
        mcp = msgspec.structs.replace(mcp, servers=(McpServer(name="server", command=tuple(command), url=url),))
    if not mcp.servers:
        raise ConfigurationError(f"{file} names no MCP server", "add one below 'servers:'")
    check_servers(mcp, file)
    policy = policy_in_force(workspace, PolicyDocument(version=1))
    return Setting(workspace, mcp, policy, pins or workspace.root / PINS, file, at)


def check_servers(mcp: Mcp, file: str) -> None:
    """What the schema cannot say about servers. Raises ConfigurationError."""
    oauth = mcp.listen.oauth
    if oauth is not None and oauth.trust_domain and not is_trust_domain(oauth.trust_domain):
        raise ConfigurationError(f"{file}: {oauth.trust_domain!r} is no trust domain", "such as example.org")
    names: set[str] = set()
    for server in mcp.servers:
        if not sound_server_name(server.name):
            raise ConfigurationError(
                f"{file}: an MCP server cannot be called {server.name!r}", "letters, digits, - and single _, at most 32"
            )
        if server.name in names:
            raise ConfigurationError(f"{file}: two MCP servers are called {server.name}")
        names.add(server.name)
        if bool(server.command) == bool(server.url):
            raise ConfigurationError(f"{file}: server {server.name} needs a command or a url, not both")
        if server.url and not server.url.startswith(("http://", "https://")):
            raise ConfigurationError(f"{file}: the url of {server.name} does not begin with http:// or https://")
        if server.url and (server.env or server.secrets or server.inherit or server.folder):
            raise ConfigurationError(
                f"{file}: {server.name} has a url, so env, secrets, inherit and folder say nothing"
            )
        if server.command and (server.token or server.headers or server.exchange):
            raise ConfigurationError(f"{file}: {server.name} is a command, so token, exchange and headers say nothing")
        if server.token is not None and server.exchange is not None:
            raise ConfigurationError(f"{file}: {server.name} has both a token and an exchange")
        if (server.token or server.exchange) and _in_the_clear(server.url):
            raise ConfigurationError(f"{file}: the token of {server.name} would travel in the clear", "use https")
        if server.exchange is not None and _in_the_clear(server.exchange.endpoint):
            raise ConfigurationError(f"{file}: the credential of {server.name} would travel in the clear", "use https")


def _in_the_clear(url: str) -> bool:
    return not url.startswith("https://") and not (url.startswith("http://") and _is_loopback(url))


def _is_loopback(url: str) -> bool:
    host = url.partition("://")[2].partition("/")[0].rpartition("@")[2]
    return host.rsplit(":", 1)[0] in ("127.0.0.1", "localhost", "[::1]")

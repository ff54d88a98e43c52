"""MCP proxies: from a workspace, or from a command line, to servers behind one guarded front."""

from __future__ import annotations

import urllib.request
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
from mcp.client._transport import TransportStreams

from bartizan.agents import open_guard
from bartizan.agents.approvals import Approvers
from bartizan.agents.mcp.http_front import bind, http_app, serve_http
from bartizan.agents.mcp.http_upstream import http_upstream
from bartizan.agents.mcp.naming import sound_server_name
from bartizan.agents.mcp.open_gate import OpenGate
from bartizan.agents.mcp.pins import PINS, PinFile
from bartizan.agents.mcp.proxy import Proxy
from bartizan.agents.mcp.stdio_front import serve_stdio
from bartizan.agents.mcp.stdio_upstream import environment, stdio_upstream
from bartizan.agents.mcp.tokens import Verifier
from bartizan.agents.mcp.upstream import Link
from bartizan.app.approving import open_approvals
from bartizan.app.guards import default_guard, load_guard
from bartizan.app.places import committer_of, journal_of
from bartizan.core.approval import Approvals
from bartizan.core.errors import ConfigurationError
from bartizan.core.interfaces import Reader, Recorder
from bartizan.core.tool import ToolGuard
from bartizan.core.verdict import Mode
from bartizan.keeper.local import LocalKeeper
from bartizan.policy.document import PolicyDocument
from bartizan.policy.mcp import McpBounds
from bartizan.store.database import open_database
from bartizan.telemetry.journal import Journal
from bartizan.workspace.document import load
from bartizan.workspace.mcp import Mcp, McpOAuth, McpServer
from bartizan.workspace.workspace import DEPLOYMENT, POLICY, Workspace

_MOST_KEYS = 1_000_000
"""Bytes of a key set."""


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
    _check(mcp, file)
    policy = PolicyDocument(version=1)
    if (workspace.root / POLICY).exists():
        policy = workspace.load(POLICY, PolicyDocument)
    return Setting(workspace, mcp, policy, pins or workspace.root / PINS, file, at)


def mcp_links(setting: Setting) -> dict[str, Link]:
    """How each server is reached, with its own credentials. Raises ConfigurationError."""
    return {
        server.name: _link(setting, server, (*setting.at, "servers", str(number)))
        for number, server in enumerate(setting.mcp.servers)
    }


def mcp_reader(setting: Setting) -> Reader:
    """Inspection and policy. Raises DocumentError, ConfigurationError or ArtefactError."""
    has_policy = (setting.workspace.root / POLICY).exists()
    return load_guard(setting.workspace.root) if has_policy else default_guard()


def tool_guard(setting: Setting) -> ToolGuard:
    """Who decides tool calls."""
    pack = setting.policy.mcp.guard
    return OpenGate() if pack == "none" else open_guard(pack)


@asynccontextmanager
async def mcp_proxy(setting: Setting, guard: ToolGuard) -> AsyncIterator[Proxy]:
    """A proxy that is not running yet, with a journal of its own.

    Raises:
        ConfigurationError, DocumentError, ArtefactError, JournalError: it cannot be built.
    """
    workspace = setting.workspace
    journal_settings = workspace.deployment.journal if (workspace.root / DEPLOYMENT).exists() else None
    links, reader = mcp_links(setting), mcp_reader(setting)
    journal = Journal(journal_of(workspace), "mcp", journal_settings)
    async with AsyncExitStack() as open_until:
        open_until.callback(journal.close)
        approvals = await _approvals(setting, journal, open_until)
        yield Proxy(
            links,
            guard,
            reader,
            setting.policy.mcp,
            PinFile(setting.pins),
            journal,
            committer_of(workspace).commit,
            LocalKeeper(),
            approvals,
            prefixed=setting.prefixed,
            task=setting.mcp.task,
            monitor=setting.policy.mode is Mode.MONITOR,
            version=version("bartizan"),
        )


async def serve_mcp(setting: Setting, guard: ToolGuard, told: Callable[[Proxy, str], None], port: int | None) -> None:
    """Serve one client on standard input and output, or clients over HTTP.

    Args:
        setting: from :func:`mcp_setting`.
        guard: decides tool calls.
        told: called once the servers are connected, with the URL clients use; empty for standard input and output.
        port: None for standard input and output; 0 for any.
    """
    limit = setting.policy.mcp.bounds.message_bytes
    async with mcp_proxy(setting, guard) as proxy:
        if port is None:
            await serve_stdio(proxy, limit, lambda: told(proxy, ""))
            return
        listen = setting.mcp.listen
        verifier = Verifier(listen.oauth, _fetcher(setting, listen.oauth)) if listen.oauth is not None else None
        listening = bind(listen.host, port)
        bound = listening.getsockname()[1]
        app = http_app(proxy, listen, bound, limit, verifier)
        async with proxy.running():
            host = f"[{listen.host}]" if ":" in listen.host else listen.host
            told(proxy, f"http://{host}:{bound}{listen.path}")
            await serve_http(app, listening)


async def _approvals(setting: Setting, recorder: Recorder, open_until: AsyncExitStack) -> Approvals | None:
    """Where a person is asked; None where the workspace has no listener for approvers."""
    workspace, policy = setting.workspace, setting.policy
    if not (workspace.root / DEPLOYMENT).exists() or workspace.deployment.approvals is None:
        return None
    Approvers.of(policy)
    database = open_database(workspace.deployment.store, workspace.root)
    open_until.callback(database.close)
    approvals = open_approvals(workspace, database, lambda: policy, recorder)
    open_until.push_async_callback(approvals.close)
    return approvals


class _Command:
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


class _Url:
    def __init__(self, server: McpServer, token: str, bounds: McpBounds) -> None:
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
        token = workspace.secret(server.token, setting.file, (*at, "token")) if server.token is not None else ""
        return _Url(server, token, bounds)
    secrets = {
        name: workspace.secret(reference, setting.file, (*at, "secrets", name))
        for name, reference in server.secrets.items()
    }
    env = environment({**server.env, **secrets}, server.inherit)
    return _Command(server, env, workspace.root / server.folder, bounds)


def _check(mcp: Mcp, file: str) -> None:
    if not mcp.servers:
        raise ConfigurationError(f"{file} names no MCP server", "add one below 'servers:'")
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
        if server.command and (server.token or server.headers):
            raise ConfigurationError(f"{file}: {server.name} is a command, so token and headers say nothing")
        if server.token is not None and server.url.startswith("http://") and not _is_loopback(server.url):
            raise ConfigurationError(f"{file}: the token of {server.name} would travel in the clear", "use https")


def _is_loopback(url: str) -> bool:
    host = url.partition("://")[2].partition("/")[0].rpartition("@")[2]
    return host.rsplit(":", 1)[0] in ("127.0.0.1", "localhost", "[::1]")


def _fetcher(setting: Setting, oauth: McpOAuth) -> Callable[[], str]:
    def fetch() -> str:
        if not oauth.jwks.startswith("https://"):
            path = setting.workspace.path(oauth.jwks)
            try:
                return path.read_text("utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigurationError(f"the key set {oauth.jwks} cannot be read: {error}") from None
        try:
            with urllib.request.urlopen(oauth.jwks, timeout=10) as answer:  # noqa: S310 - https, and configured
                found: Any = answer.read(_MOST_KEYS)
        except OSError as error:
            raise ConfigurationError(f"the key set {oauth.jwks} cannot be had: {error}") from None
        return str(found, "utf-8")

    return fetch

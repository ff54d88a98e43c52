"""From the scope file to a target that can be spoken to."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Callable
from pathlib import Path

from bartizan.core.problem import quote
from bartizan.core.tool_link import ToolLinks, ToolServer
from bartizan.redteam.errors import TargetError
from bartizan.redteam.interface import Target
from bartizan.redteam.knowledge import Knowledge
from bartizan.redteam.mail.server import MailServer, Where
from bartizan.redteam.mail.session import Account
from bartizan.redteam.scope import Limits
from bartizan.redteam.scope_servers import MailboxSpec, ToolServerSpec
from bartizan.redteam.scope_target import Kind, TargetSpec
from bartizan.redteam.secret import resolve
from bartizan.redteam.targets.channel import Channel
from bartizan.redteam.targets.dialects import Anthropic, OpenAi
from bartizan.redteam.targets.function import FunctionTarget
from bartizan.redteam.targets.http import HttpTarget
from bartizan.redteam.targets.mailed import MailedTarget
from bartizan.redteam.targets.model import ModelTarget
from bartizan.redteam.targets.pacing import Pacer
from bartizan.redteam.targets.page_server import PageServer
from bartizan.redteam.targets.paged import PagedTarget
from bartizan.redteam.targets.tools.agent import AgentTarget
from bartizan.redteam.targets.tools.asked import AskedTarget


def make_target(
    spec: TargetSpec,
    limits: Limits,
    folder: Path,
    sent: Callable[[], None] = lambda: None,
    known: Knowledge | None = None,
    links: ToolLinks | None = None,
) -> Target:
    """The target that ``spec`` describes; pages and a mailbox are served beside it where it asks for that.

    Args:
        spec: of the scope file.
        limits: how hard it may be pressed.
        folder: of the scope file, for the files it names.
        sent: called for each request as it leaves.
        known: what an obedient agent keeps.
        links: opens connections to MCP servers, for ``mcp`` and ``agent``.

    Raises:
        ConfigurationError: a key or another text is not where the scope file says.
        TargetError: a callable cannot be imported, a certificate cannot be used, or there is nothing to speak to MCP
            servers with.
    """
    if spec.kind in {Kind.MCP, Kind.AGENT}:
        target = _with_tools(spec, limits, folder, sent, known, links)
    else:
        target = _plain(spec, limits, folder, sent)
    if spec.pages:
        server = PageServer(spec.page_server.host, spec.page_server.port, spec.page_server.url)
        target = PagedTarget(target, server, frozenset(spec.pages))
    if spec.mail:
        target = MailedTarget(target, _mail_server(spec.mailbox, folder), frozenset(spec.mail), spec.mailbox.part)
    return target


def make_model(spec: TargetSpec, limits: Limits, folder: Path, sent: Callable[[], None]) -> ModelTarget:
    """The same for ``openai`` and ``anthropic``; the model of an ``agent`` speaks chat completions."""
    headers = {name: resolve(value, folder) for name, value in spec.headers.items()}
    dialect = Anthropic() if spec.kind is Kind.ANTHROPIC else OpenAi()
    key = resolve(spec.key, folder) if spec.key is not None else ""
    system = resolve(spec.system, folder) if spec.system is not None else ""
    return ModelTarget(spec, dialect, _channel(limits, sent), dialect.headers(key) | headers, system)


def _with_tools(
    spec: TargetSpec,
    limits: Limits,
    folder: Path,
    sent: Callable[[], None],
    known: Knowledge | None,
    links: ToolLinks | None,
) -> Target:
    if links is None or known is None:
        raise TargetError("MCP servers cannot be spoken to here", "pip install 'bartizan[mcp]'")
    servers = tuple(_server(one, folder) for one in spec.servers)
    pacer = Pacer(limits.requests_per_second, sent=sent)
    if spec.kind is Kind.MCP:
        return AskedTarget(spec, servers[0], links, pacer, limits.timeout)
    model = make_model(spec, limits, folder, sent) if spec.model else None
    return AgentTarget(spec, servers, links, known, model, pacer, limits.timeout)


def _mail_server(spec: MailboxSpec, folder: Path) -> MailServer:
    tls: ssl.SSLContext | None = None
    if spec.certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            tls.load_cert_chain(folder / spec.certificate, folder / spec.certificate_key)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise TargetError(f"{quote(spec.certificate)} with {quote(spec.certificate_key)}: {error}") from None
    where = Where(host=spec.host, imap_port=spec.imap or None, pop3_port=spec.pop3 or None)
    return MailServer(where, Account(user=spec.user, password=resolve(spec.password, folder)), tls)


def _server(spec: ToolServerSpec, folder: Path) -> ToolServer:
    own = (sys.executable, "-P", "-m", "bartizan.redteam.hostile.pipe")
    return ToolServer(
        name=spec.name,
        command=own if spec.hostile else spec.command,
        environment={name: resolve(value, folder) for name, value in spec.environment.items()},
        folder=folder,
        url=spec.url,
        headers={name: resolve(value, folder) for name, value in spec.headers.items()},
    )


def _plain(spec: TargetSpec, limits: Limits, folder: Path, sent: Callable[[], None]) -> Target:
    if spec.kind is Kind.PYTHON:
        return FunctionTarget(spec, Pacer(limits.requests_per_second, sent=sent), limits.timeout, folder)
    if spec.kind is Kind.HTTP:
        headers = {name: resolve(value, folder) for name, value in spec.headers.items()}
        values = {name: resolve(value, folder) for name, value in spec.values.items()}
        return HttpTarget(spec, _channel(limits, sent), headers, values)
    return make_model(spec, limits, folder, sent)


def _channel(limits: Limits, sent: Callable[[], None]) -> Channel:
    pacer = Pacer(limits.requests_per_second, sent=sent)
    return Channel(pacer, timeout=limits.timeout, retries=limits.retries, in_flight=limits.in_flight)

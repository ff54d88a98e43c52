"""MCP proxies: from a workspace, or from a command line, to servers behind one guarded front."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version

from bartizan.agents import open_guard
from bartizan.agents.approvals.approvers import Approvers
from bartizan.agents.mcp.http_front import bind, http_app, serve_http
from bartizan.agents.mcp.open_gate import OpenGate
from bartizan.agents.mcp.pins import PinFile
from bartizan.agents.mcp.proxy import Proxy
from bartizan.agents.mcp.stdio_front import serve_stdio
from bartizan.agents.mcp.tokens import Verifier
from bartizan.agents.overriding import profiler
from bartizan.app.approving import open_approvals
from bartizan.app.guards import default_guard, load_guard
from bartizan.app.key_sets import key_set
from bartizan.app.mcp_links import mcp_links
from bartizan.app.mcp_setting import Setting
from bartizan.app.places import committer_of, journal_of
from bartizan.app.tool_budgets import Budgets
from bartizan.core.approval import Approvals
from bartizan.core.interfaces import Reader, Recorder
from bartizan.core.tool import ToolGuard
from bartizan.core.verdict import Mode
from bartizan.keeper.local import LocalKeeper
from bartizan.store.database import open_database
from bartizan.telemetry.journal import Journal
from bartizan.workspace.workspace import DEPLOYMENT, POLICY


def mcp_reader(setting: Setting) -> Reader:
    """Inspection and policy. Raises DocumentError, ConfigurationError or ArtefactError."""
    has_policy = (setting.workspace.root / POLICY).exists()
    return load_guard(setting.workspace.root) if has_policy else default_guard()


def tool_guard(setting: Setting) -> ToolGuard:
    """Who decides tool calls."""
    pack = setting.policy.mcp.guard
    return (
        OpenGate()
        if pack == "none"
        else open_guard(pack, setting.policy.tool_profiles, own=setting.policy.tools.policies, partial=True)
    )


@asynccontextmanager
async def mcp_proxy(setting: Setting, guard: ToolGuard) -> AsyncIterator[Proxy]:
    """A proxy that is not running yet, with a journal of its own.

    Raises:
        ConfigurationError, DocumentError, ArtefactError, JournalError, StoreError: it cannot be built.
    """
    workspace = setting.workspace
    journal_settings = workspace.deployment.journal if (workspace.root / DEPLOYMENT).exists() else None
    links, reader = mcp_links(setting), mcp_reader(setting)
    journal = Journal(journal_of(workspace), "mcp", journal_settings)
    async with AsyncExitStack() as open_until:
        open_until.callback(journal.close)
        budgets = Budgets(workspace)
        open_until.push_async_callback(budgets.close)
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
            budgets,
            setting.policy.tool_limits,
            profiler(setting.policy.tool_profiles),
            approvals,
            prefixed=setting.prefixed,
            task=setting.mcp.task,
            monitor=setting.policy.mode is Mode.MONITOR,
            version=version("bartizan"),
        )


async def serve_mcp(setting: Setting, guard: ToolGuard, told: Callable[[Proxy, str], None], port: int | None) -> None:
    """Serve one client on standard input and output, or clients over HTTP.

    Args:
        setting: from :func:`bartizan.app.mcp_setting.mcp_setting`.
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
        verifier = None
        if listen.oauth is not None:
            verifier = Verifier(listen.oauth, key_set(setting.workspace, listen.oauth.jwks))
            await verifier.load()
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

"""The proxy as a process: one listener on loopback for clients of the Hub and of OCI registries."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from aiohttp import web

from bartizan.core.errors import ConfigurationError
from bartizan.supplychain.budget import Limits
from bartizan.supplychain.proxy.hosts import Hosts
from bartizan.supplychain.proxy.hub import HubProxy
from bartizan.supplychain.proxy.interface import ProxyLimits
from bartizan.supplychain.proxy.judging import Judge
from bartizan.supplychain.proxy.oci import OciProxy
from bartizan.supplychain.proxy.oci_tokens import Tokens
from bartizan.supplychain.proxy.service import ProxyService
from bartizan.supplychain.proxy.store import QuarantineStore
from bartizan.supplychain.proxy.upstream import Upstream
from bartizan.telemetry.journal import Journal
from bartizan.workspace.workspace import Workspace

_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class ProxySettings(msgspec.Struct, frozen=True, kw_only=True):
    """Of one proxy."""

    hub: Hosts | None = None
    hub_token: str = ""
    oci: Hosts | None = None
    oci_user: str = ""
    """Name and password, joined by ``:``."""
    host: str = "127.0.0.1"
    port: int = 8420
    store: Path | None = None
    """Folder; without one, in the state of the workspace."""
    limits: ProxyLimits = ProxyLimits()
    scan: Limits = Limits()
    jobs: int = 2


class RegistryProxy:
    """Everything that one proxy holds.

    Args:
        workspace: whose policy decides and whose journal records.
        settings: where it listens and what is behind it.

    Raises:
        ConfigurationError: the workspace, the store or the address is not what it should be.
        JournalError: the journal cannot be used.
    """

    def __init__(self, workspace: Workspace, settings: ProxySettings) -> None:
        if settings.host not in _LOOPBACK:
            raise ConfigurationError(
                f"{settings.host} is not on loopback", "the proxy knows no users: it serves this machine"
            )
        self._settings = settings
        self._journal = Journal(workspace.state / "journal", "registry", workspace.deployment.journal)
        limits = settings.limits
        judge = Judge(workspace, self._journal, settings.scan, settings.jobs)
        store = QuarantineStore(settings.store or workspace.state / "registry", limits.disk_bytes, limits.file_bytes)
        self.service = ProxyService(store, judge, limits)
        self._upstreams: list[Upstream] = []
        self._hub: HubProxy | None = None
        if settings.hub is not None:
            token = f"Bearer {settings.hub_token}" if settings.hub_token else ""
            self._upstreams.append(Upstream(settings.hub, limits, token))
            self._hub = HubProxy(self.service, self._upstreams[-1])
        self._oci: OciProxy | None = None
        if settings.oci is not None:
            self._upstreams.append(Upstream(settings.oci, limits))
            self._oci = OciProxy(self.service, self._upstreams[-1], Tokens(self._upstreams[-1], settings.oci_user))
        self._runner: web.AppRunner | None = None

    async def start(self) -> int:
        """Listen; returns the port. Raises ConfigurationError where the address cannot be had."""
        application = web.Application(client_max_size=1 << 20, handler_args={"max_line_size": 16_384})
        application.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=2.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._settings.host, self._settings.port)
        try:
            await site.start()
        except OSError as error:
            raise ConfigurationError(
                f"cannot listen on {self._settings.host}:{self._settings.port}: {error.strerror}"
            ) from None
        return int(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Stop listening, give up what is under way, free the store and the journal."""
        if self._runner is not None:
            await self._runner.cleanup()
        for upstream in self._upstreams:
            await upstream.close()
        await self.service.close()
        self._journal.close()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if (request.url.host or "") not in _LOOPBACK:  # a page in a browser that resolves its name to this machine
            return web.json_response({"error": "this proxy answers to the name of this machine alone"}, status=421)
        if self._oci is not None and (request.path == "/v2" or request.path.startswith("/v2/")):
            return await self._oci.answer(request)
        if self._hub is not None:
            return await self._hub.answer(request)
        return web.json_response({"error": "no registry of this kind is behind this proxy"}, status=404)


def run_proxy(workspace: Workspace, settings: ProxySettings, announce: Callable[[int], None]) -> None:
    """Serve until SIGINT or SIGTERM. Raises ConfigurationError or JournalError."""
    asyncio.run(_run(RegistryProxy(workspace, settings), announce))


async def _run(proxy: RegistryProxy, announce: Callable[[int], None]) -> None:
    stop = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    try:
        announce(await proxy.start())
        await stop.wait()
    finally:
        with contextlib.suppress(asyncio.CancelledError):
            await proxy.close()

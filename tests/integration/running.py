"""A whole gateway in this process: real uvicorn on loopback, real journal, real keeper state, real upstream client."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from anthropic import AsyncAnthropic
from fake_upstream import FakeUpstream
from guards import guard_of
from openai import AsyncOpenAI

from bartizan.agents.approvals.approvers import Approvers
from bartizan.agents.approvals.book import ApprovalBook
from bartizan.agents.approvals.held import HeldAnswerBook
from bartizan.agents.approvals.shared import SharedApprovals
from bartizan.app.tool_guards import tool_controls
from bartizan.core.event import Event, RequestAccepted, RequestCompleted, RequestRefused
from bartizan.core.limits import Limits
from bartizan.firewall.authentication import Keyring, TokenCallers
from bartizan.firewall.dialects.registry import build_dialects
from bartizan.firewall.failover import Failover
from bartizan.firewall.gateway import Gateway
from bartizan.firewall.http_protocol import server_settings
from bartizan.firewall.http_upstream import HttpUpstream
from bartizan.firewall.in_force import InForce
from bartizan.firewall.metrics import PrometheusMeters
from bartizan.firewall.model_routes import ModelRoutes
from bartizan.firewall.oip.front import build_front
from bartizan.firewall.services import Services
from bartizan.firewall.worker import QuietServer
from bartizan.inspection.signatures import SignatureDetector, load_packs
from bartizan.keeper.local import LocalKeeper
from bartizan.policy.document import PolicyDocument, VirtualKey
from bartizan.store.database import open_database
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.metrics import Registry
from bartizan.telemetry.reader import read_journal
from bartizan.trust.commitment import Committer
from bartizan.trust.keyring import KeyRing
from bartizan.trust.virtual_keys import create_key, key_digest
from bartizan.workspace import deployment
from bartizan.workspace.deployment import Timeouts

_SIGNATURES = SignatureDetector(load_packs(contents={}), ())
DEBUG_KEY, PLAIN_KEY, NARROW_KEY = create_key(), create_key(), create_key()
KEYS = (
    VirtualKey("debugger", key_digest(DEBUG_KEY), debug=True, limits=Limits(cooldown=None)),
    VirtualKey("app", key_digest(PLAIN_KEY), limits=Limits(cooldown=None)),
    VirtualKey("narrow", key_digest(NARROW_KEY), models=("small",)),
)
TIMEOUTS = Timeouts(connect=1.0, first_byte=0.6, between_bytes=0.6, total=8.0)


@dataclass
class Running:
    """A gateway that serves."""

    url: str
    port: int
    gateway: Gateway
    server: QuietServer
    folder: Path
    registry: Registry
    book: ApprovalBook
    keeper: LocalKeeper

    def events(self) -> list[Event]:
        """What the journal holds now."""
        return list(read_journal(self.folder / "journal"))

    def last(self, kind: type[Event]) -> Event:
        """The newest event of a kind."""
        return [event for event in self.events() if isinstance(event, kind)][-1]

    def counts(self) -> tuple[int, int, int]:
        """Accepted, completed and refused requests in the journal."""
        events = self.events()
        return (
            sum(isinstance(event, RequestAccepted) for event in events),
            sum(isinstance(event, RequestCompleted) for event in events),
            sum(isinstance(event, RequestRefused) for event in events),
        )

    def openai(self, key: str = DEBUG_KEY) -> AsyncOpenAI:
        """A real client."""
        return AsyncOpenAI(base_url=f"{self.url}/v1", api_key=key, max_retries=0, timeout=15)

    def anthropic(self, key: str = DEBUG_KEY) -> AsyncAnthropic:
        """A real client."""
        return AsyncAnthropic(base_url=self.url, api_key=key, max_retries=0, timeout=15)


def rows(*upstreams: FakeUpstream, retries: int = 1) -> tuple[deployment.Upstream, ...]:
    """Each upstream as an OpenAI server and, under the same address, as an Anthropic server."""
    found: list[deployment.Upstream] = []
    for number, upstream in enumerate(upstreams):
        common = {"models": {"small": "small-2", "*": "*"}, "timeouts": TIMEOUTS, "retries": retries}
        found.append(
            deployment.Upstream(name=f"o{number}", url=f"{upstream.url}/v1", protocol="openai", **common)  # type: ignore[arg-type]
        )
        found.append(
            deployment.Upstream(name=f"a{number}", url=upstream.url, protocol="anthropic", **common)  # type: ignore[arg-type]
        )
    return tuple(found)


@asynccontextmanager
async def running(
    folder: Path,
    *upstreams: FakeUpstream,
    policy: PolicyDocument | None = None,
    settings: tuple[deployment.Upstream, ...] | None = None,
    journal: deployment.Journal | None = None,
    files: Mapping[str, bytes] = {},
    bearers: TokenCallers | None = None,
) -> AsyncIterator[Running]:
    """A gateway before ``upstreams``."""
    document = policy or PolicyDocument(version=1, keys=KEYS)
    settings = settings or rows(*upstreams)
    registry = Registry()
    recorder = Journal(folder / "journal", "test", journal or deployment.Journal(durability="write"))
    database = open_database("sqlite:///state.db", folder)
    book, approvers, keeper = ApprovalBook(database, recorder), Approvers.of(document), LocalKeeper()
    approvals = SharedApprovals(book, lambda: (document.approvals, approvers), recorder)
    services = Services(
        ModelRoutes(settings),
        Failover({row.name: HttpUpstream(row, "sk-upstream") for row in settings}),
        keeper,
        recorder,
        PrometheusMeters(registry),
        budgets=keeper,
        watch=keeper,
        approvals=approvals,
        held=HeldAnswerBook(database),
        once=keeper,
    )
    in_force = InForce(
        document,
        guard_of(document),
        Keyring(document, bearers),
        build_dialects(document.origins),
        Committer(KeyRing(folder / "keys")).commit,
        tools=tool_controls(document, _SIGNATURES),
        inference=build_front(document.models, files) if document.models else None,
    )
    gateway = Gateway(services, in_force)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as the supervisor's listeners have it
    server = QuietServer(uvicorn.Config(gateway, **server_settings(), timeout_graceful_shutdown=3))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await server.serving.wait()
    port = listener.getsockname()[1]
    try:
        yield Running(f"http://127.0.0.1:{port}", port, gateway, server, folder, registry, book, keeper)
    finally:
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await serving
        await gateway.close()
        await approvals.close()
        database.close()
        recorder.close()

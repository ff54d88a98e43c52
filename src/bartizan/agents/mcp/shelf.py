"""What is on offer now: listings of all servers, judged under the pins, with every change recorded."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

import msgspec
from mcp import MCPError

from bartizan.agents.mcp.assessment import Assessment, Entry, Listing, assess, to_scan
from bartizan.agents.mcp.definition import Definition, digest_of, tool_of
from bartizan.agents.mcp.pins import Pin, PinFile, ServerPins
from bartizan.agents.mcp.records import Records
from bartizan.agents.mcp.scan import Finding, scan
from bartizan.agents.mcp.upstream import Upstream
from bartizan.core.clock import utc_now
from bartizan.core.errors import ConfigurationError, JournalError, UpstreamError
from bartizan.core.interfaces import Reader
from bartizan.core.tool import ToolDefinition
from bartizan.policy.mcp import McpPolicy

_MOST_SCANS = 4_096
_SETTLE_SECONDS = 0.05
"""Several notices of a change within this are one."""


class Shelf:
    """Keeps the assessment up to date.

    Args:
        upstreams: by name, in order of configuration.
        pins: approved definitions.
        policy: of MCP.
        reader: inspection.
        records: of changes.
        prefixed: whether names get their server's prefix.
        monitor: policy only observes.
        told: called after a change of what is offered.
    """

    def __init__(
        self,
        upstreams: Mapping[str, Upstream],
        pins: PinFile,
        policy: McpPolicy,
        reader: Reader,
        records: Records,
        *,
        prefixed: bool,
        monitor: bool,
        told: Callable[[], Awaitable[None]],
    ) -> None:
        self._upstreams = upstreams
        self._pins = pins
        self._policy = policy
        self._reader = reader
        self._records = records
        self._prefixed = prefixed
        self._monitor = monitor
        self._told = told
        self._listings: dict[str, Listing] = {}
        self._listed: dict[str, float] = {}
        self._stale: set[str] = set(upstreams)
        self._scans: dict[str, tuple[Finding, ...]] = {}
        self._states: dict[tuple[str, str], tuple[str, str]] = {}
        self._judging = asyncio.Lock()
        self._asking = {name: asyncio.Lock() for name in upstreams}
        self._wake = asyncio.Event()
        self._seen_pins: object = None
        self._pin_problem = ""
        self.now = Assessment()
        self.tools: tuple[ToolDefinition, ...] = ()
        """What is offered, as the tool guard reads it."""
        self._offered: dict[str, Entry] = {}

    def find(self, name: str) -> Entry | None:
        """The tool that clients may call by this name."""
        return self._offered.get(name)

    def why_not(self, name: str) -> str:
        """The state of a tool that is not offered; empty for one that nobody knows."""
        return next((entry.state for entry in self.now.entries if entry.exposed == name), "")

    def offered(self) -> Iterable[Entry]:
        """In the order of configuration and listing."""
        return self._offered.values()

    def pinned_servers(self) -> frozenset[str]:
        """Servers of which something is approved."""
        return frozenset(self._pins.current.servers)

    def changed(self, server: str) -> None:
        """A server says that what it offers changed; it will be asked."""
        self._stale.add(server)
        self._wake.set()

    async def follow(self) -> None:
        """Ask again whenever a server says so; runs until cancelled."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(_SETTLE_SECONDS)
            self._wake.clear()
            with contextlib.suppress(JournalError):  # the next call tries again, and says so
                await self.refresh(stale_only=True)

    async def refresh(self, *, stale_only: bool = False, server: str | None = None) -> None:
        """Ask servers what they offer, and judge everything anew.

        One that did not answer is asked again when it says that it is there, or after ``relist_seconds``: it must not
        hold up everybody's listing.

        Args:
            stale_only: only those whose listing may be old.
            server: only this one, for a call waits for no other server than its own; empty for none, which still takes
                up changed pins.
        """
        names = [
            name
            for name in self._upstreams
            if (server is None or name == server)
            and (name in self._stale or self._old(name) or (not stale_only and name in self._listings))
        ]
        if names:
            await asyncio.gather(*(self._list(name) for name in names))
        if names or self._pins.current is not self._seen_pins or self._pins.problem != self._pin_problem:
            async with self._judging:
                await self._judge()

    def _old(self, name: str) -> bool:
        return time.monotonic() - self._listed.get(name, 0.0) > self._policy.bounds.relist_seconds

    async def _list(self, name: str) -> None:
        begun = time.monotonic()
        async with self._asking[name]:
            if name not in self._stale and self._listed.get(name, 0.0) > begun:
                return  # somebody else has just asked
            self._stale.discard(name)
            try:
                listing: Listing | None = await self._upstreams[name].listing()
            except (UpstreamError, MCPError) as error:
                # What cannot be asked is not offered: its definitions may be others when it comes back.
                listing = None
                if name in self._listings or name not in self._listed:
                    self._records.refused(name, "tools/list", str(error))
            self._listed[name] = time.monotonic()
            if listing is None:
                self._listings.pop(name, None)
            else:
                self._listings[name] = listing

    async def _judge(self) -> None:
        listings = [self._listings[name] for name in self._upstreams if name in self._listings]
        await self._scan_new(listings)
        if self._policy.pins == "first_use":
            for listing in listings:
                self._trust_new(listing)
        self._seen_pins = pins = self._pins.current
        if self._pins.problem != self._pin_problem:
            self._pin_problem = self._pins.problem
            if self._pin_problem:
                self._records.refused("", "", f"the pins in force stay: {self._pin_problem}")
        before = list(self._offered)
        before_digests = [entry.digest for entry in self._offered.values()]
        self.now = assess(listings, pins, self._policy, self._scanned, prefixed=self._prefixed, monitor=self._monitor)
        self._offered = self.now.offered()
        self.tools = tuple(tool_of(entry.definition, entry.exposed, entry.server) for entry in self._offered.values())
        self._record()
        if before != list(self._offered) or before_digests != [e.digest for e in self._offered.values()]:
            await self._told()

    async def _scan_new(self, listings: Sequence[Listing]) -> None:
        """Inspection takes milliseconds for each definition, so it runs beside the event loop, once for each digest."""
        fresh: dict[str, Definition] = {}
        for value in to_scan(listings, self._policy):
            digest = digest_of(value)
            if digest not in self._scans:
                fresh[digest] = value
        if len(self._scans) + len(fresh) > _MOST_SCANS:
            self._scans.clear()
        for digest, value in fresh.items():
            self._scans[digest] = await asyncio.to_thread(scan, value, self._reader)

    def _scanned(self, value: Definition) -> tuple[Finding, ...]:
        digest = digest_of(value)
        found = self._scans.get(digest)
        if found is None:
            found = self._scans[digest] = scan(value, self._reader)
        return found

    def _trust_new(self, listing: Listing) -> None:
        """``pins: first_use``: what was never seen and shows nothing suspicious is pinned as it is."""
        held = self._pins.current.servers.get(listing.server)
        draft = assess([listing], self._pins.current, self._policy, self._scanned, prefixed=self._prefixed)
        fresh = {
            entry.name: Pin(digest=entry.digest, definition=entry.definition, at=utc_now(), by="first use")
            for entry in draft.entries
            if entry.state == "new" and not entry.findings
        }
        if held is None and not draft.servers[0].findings:
            held = ServerPins(identity=listing.identity, version=listing.version)
        if held is None or not fresh:
            return
        first = held

        def trusted(now: ServerPins | None) -> ServerPins:
            """What another process has pinned in the meantime is no longer new, and stays as it is."""
            known = now or first
            return msgspec.structs.replace(known, tools=dict(sorted({**fresh, **known.tools}.items())))

        try:
            self._pins.update(listing.server, trusted)
        except ConfigurationError as error:  # what cannot be pinned stays new
            self._records.refused(listing.server, "", f"nothing new is trusted: {error.cause}")

    def _record(self) -> None:
        seen: dict[tuple[str, str], tuple[str, str]] = {}
        for entry in self.now.entries:
            key, state = (entry.server, entry.name), (entry.state, entry.digest)
            seen[key] = state
            if self._states.get(key) != state:
                self._records.definition(entry)
        for (server, name), (before, digest) in self._states.items():
            if (server, name) not in seen and before != "removed" and name:
                self._records.changed(server, "tool", name, "removed", digest)
                seen[server, name] = ("removed", digest)
        for held in self.now.servers:
            key = (held.server, "")
            state = ("changed" if held.changed else "suspicious" if held.findings else "offered", held.version)
            seen[key] = state
            if self._states.get(key) != state:
                reasons = (*(f"{part} changed" for part in held.changed), *map(str, held.findings))
                self._records.changed(held.server, "server", held.identity.name, state[0], reasons=reasons)
        self._states = seen

"""A look at servers without serving anybody: for listing, comparing and pinning."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import msgspec
from mcp import MCPError

from bartizan.agents.mcp.assessment import Assessment, Entry, Listing, assess
from bartizan.agents.mcp.pins import Identity, Pin, Pins, ServerPins
from bartizan.agents.mcp.scan import scan
from bartizan.agents.mcp.upstream import Link, Upstream
from bartizan.core.clock import utc_now
from bartizan.core.errors import ConfigurationError, UpstreamError
from bartizan.core.interfaces import Reader
from bartizan.policy.mcp import McpPolicy


class Survey(msgspec.Struct, frozen=True):
    """What was found."""

    assessment: Assessment
    away: dict[str, str]
    """Servers that could not be asked, and why."""


async def survey(links: Mapping[str, Link], pins: Pins, policy: McpPolicy, reader: Reader, *, prefixed: bool) -> Survey:
    """Start every server, list what it offers, judge it, end it."""
    upstreams = [Upstream(name, link, policy.bounds, _nothing, _nothing) for name, link in links.items()]
    listings: list[Listing] = []
    away: dict[str, str] = {}
    for upstream in upstreams:
        upstream.start()
    try:
        await asyncio.gather(*(upstream.settled() for upstream in upstreams))
        for upstream in upstreams:
            try:
                listings.append(await upstream.listing())
            except (UpstreamError, MCPError) as error:
                away[upstream.name] = str(error)
    finally:
        await asyncio.gather(*(upstream.close() for upstream in upstreams))
    judged = await asyncio.to_thread(
        assess, listings, pins, policy, lambda value: scan(value, reader), prefixed=prefixed
    )
    return Survey(judged, away)


def chosen(entries: Sequence[Entry], names: Sequence[str]) -> list[Entry]:
    """The tools that ``names`` mean, each ``TOOL`` or ``SERVER/TOOL``; no names mean all. Raises ConfigurationError."""
    if not names:
        return list(entries)
    found: list[Entry] = []
    for name in names:
        server, _, tool = name.rpartition("/")
        meant = [e for e in entries if e.name == tool and server in ("", e.server)]
        if not meant:
            raise ConfigurationError(f"no server lists a tool {name}", "see 'bartizan mcp list'")
        if len({entry.server for entry in meant}) > 1:
            raise ConfigurationError(f"several servers list a tool {name}", "write SERVER/TOOL")
        found += meant
    return found


def pins_after(
    assessment: Assessment, pins: Pins, entries: Sequence[Entry], by: str, *, accept: bool
) -> dict[str, ServerPins]:
    """What to write so that ``entries`` are approved as they are now, and their servers as who they are now.

    Raises:
        ConfigurationError: one of them has findings and ``accept`` is not set, or cannot be pinned at all.
    """
    fresh: dict[str, ServerPins] = {}
    for entry in entries:
        if entry.state in ("malformed", "colliding") or not entry.definition:
            raise ConfigurationError(f"{entry.server}/{entry.name} cannot be pinned: {'; '.join(entry.reasons)}")
        if entry.findings and not accept:
            raise ConfigurationError(
                f"{entry.server}/{entry.name} is suspicious: {entry.findings[0]}",
                "read its definition; --accept pins it all the same",
            )
    for server in assessment.servers:
        mine = [entry for entry in entries if entry.server == server.server]
        if not mine:
            continue
        if server.findings and not accept:
            raise ConfigurationError(
                f"the instructions of {server.server} are suspicious: {server.findings[0]}",
                "read them; --accept pins them all the same",
            )
        held = pins.servers.get(server.server, ServerPins(identity=Identity(source="")))
        tools = dict(held.tools)
        for entry in mine:
            accepted = tuple(sorted({finding.rule for finding in entry.findings}))
            tools[entry.name] = Pin(
                digest=entry.digest, definition=entry.definition, at=utc_now(), by=by, accepted=accepted
            )
        fresh[server.server] = ServerPins(
            identity=server.identity,
            version=server.version,
            accepted=tuple(sorted({finding.rule for finding in server.findings})),
            tools=dict(sorted(tools.items())),
        )
    return fresh


def _nothing(*_: object) -> None:
    """A survey tells nobody."""

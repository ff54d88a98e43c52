"""A worker's keeper: the one behind the Unix socket."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from bartizan.core.errors import KeeperError
from bartizan.core.limits import Limits, RateLimit
from bartizan.core.query_watch import Watched, WatchRules
from bartizan.core.tool_budget import ToolLimits, ToolUse
from bartizan.keeper import messages as m
from bartizan.keeper.cooldown import Refused
from bartizan.keeper.interface import EVERYONE, Grant, Snapshot
from bartizan.keeper.lease import LeaseTable
from bartizan.keeper.link import Link, Service

TIMEOUT_SECONDS: Final = 0.25
OBSERVE_SECONDS: Final = 3.0
"""For the judgement of queries, also of the first ones, for which the keeper loads what judges."""
_TICK_SECONDS: Final = 0.02
_ALLOWED: Final = Grant(allowed=True)
_KEEPER: Final = Service("the keeper", m.Reply, m.PROTOCOL)


class SocketKeeper:
    """Implements :class:`bartizan.keeper.interface.Keeper`; belongs to the event loop of its first call.

    Requests without rate or budget, and those that a lease covers, are decided here, as long as the keeper was heard
    within the last quarter of a second; everything else is one round trip. Without a keeper every call raises
    KeeperError within about TIMEOUT_SECONDS, while the connection is being tried again in the background.

    Args:
        path: of the keeper's socket.
        timeout: seconds.
    """

    def __init__(self, path: Path, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self._path = path
        self._timeout = timeout
        self._link: Link[m.Answer] | None = None
        self._closed = False
        self._leases = LeaseTable()
        self._asking: set[str] = set()
        self._refused: dict[str, tuple[str, float]] = {}
        self._ticking: asyncio.TimerHandle | None = None

    def _open(self) -> Link[m.Answer]:
        if self._closed:
            raise KeeperError("the keeper's client is closed")
        if self._link is None:
            self._loop = asyncio.get_running_loop()
            self._link = Link(self._path, _KEEPER, self._pushed, self._leases.clear, self._timeout)
            self._tick()
        return self._link

    async def admit(self, principal: str, limits: Limits, tokens: int = 0, cost: float = 0.0) -> Grant:
        """See the interface."""
        link = self._link or self._open()
        now = self._loop.time()
        if now - link.heard > m.STALE_SECONDS:
            await self._ping(link)
            now = self._loop.time()
        refused = self._refusal(principal, now) if self._refused else None
        if refused is not None:
            return refused
        rate = limits.rate
        if limits.budget is None:
            if rate is None or self._leases.take(principal, rate, now):
                return _ALLOWED
            denied = self._leases.denied(principal, rate, now)
            if denied is not None:
                return denied
        return await self._ask(link, principal, limits, tokens, cost)

    async def _ask(self, link: Link[m.Answer], principal: str, limits: Limits, tokens: int, cost: float) -> Grant:
        rate = limits.rate if limits.budget is None else None
        # One slice at a time: a burst of requests must not pile up slices that nobody uses.
        lease = rate is not None and principal not in self._asking
        if lease:
            self._asking.add(principal)
        identifier = link.new_id()
        try:
            reply = await link.call(m.Admit(identifier, principal, limits, tokens, cost, lease), identifier)
        finally:
            if lease:
                self._asking.discard(principal)
        assert isinstance(reply, m.Decided)
        if rate is not None:
            self._learn(principal, rate, reply)
        return reply.grant

    def _learn(self, principal: str, rate: RateLimit, reply: m.Decided) -> None:
        now = self._loop.time()
        if reply.leased:
            self._leases.put(principal, rate, reply.leased, now)
        elif reply.grant.reason == "rate":
            self._leases.deny(principal, rate, reply.grant.retry_after, now)

    def _refusal(self, principal: str, now: float) -> Grant | None:
        found = self._refused.get(EVERYONE) or self._refused.get(principal)
        if found is None or found[1] <= now:
            return None
        reason, until = found
        return Grant(allowed=False, reason=reason, retry_after=0.0 if reason == "quarantine" else until - now)

    async def _ping(self, link: Link[m.Answer]) -> None:
        identifier = link.new_id()
        await link.call(m.Ping(identifier), identifier)

    async def settle(self, principal: str, limits: Limits, tokens: int, cost: float, window: int = 0) -> None:
        """See the interface. Returns when sent."""
        if limits.budget is not None:
            await self._open().tell(m.Settle(principal, limits, tokens, cost, window))

    async def record_block(self, principal: str, limits: Limits) -> None:
        """See the interface. Returns when sent."""
        if limits.cooldown is not None:
            await self._open().tell(m.RecordBlock(principal, limits))

    async def admit_call(self, use: ToolUse, limits: ToolLimits) -> Grant:
        """See the interface. One round trip, since no worker may lease a piece of a budget or see a loop alone."""
        link = self._open()
        identifier = link.new_id()
        reply = await link.call(m.AdmitCall(identifier, use, limits), identifier)
        assert isinstance(reply, m.Decided)
        return reply.grant

    async def settle_call(self, use: ToolUse, limits: ToolLimits, ran: bool, window: int = 0) -> None:
        """See the interface. Returns when sent."""
        if not ran:
            await self._open().tell(m.SettleCall(use, limits, ran, window))

    async def take_once(self, owner: str, name: str, seconds: float) -> bool:
        """See :class:`bartizan.core.once.Once`. One round trip."""
        link = self._open()
        identifier = link.new_id()
        reply = await link.call(m.TakeOnce(identifier, owner, name, seconds), identifier)
        assert isinstance(reply, m.Taken)
        return reply.first

    async def observe(self, principal: str, stream: str, rules: WatchRules, queries: bytes) -> Watched:
        """See :class:`bartizan.core.query_watch.QueryWatch`. One round trip; the first one may take a second."""
        link = self._open()
        identifier = link.new_id()
        question = m.Observe(identifier, principal, stream, rules, queries)
        try:
            async with asyncio.timeout(OBSERVE_SECONDS):
                reply = await link.call(question, identifier, patient=True)
        except TimeoutError:
            raise KeeperError("the keeper did not judge queries in time") from None
        assert isinstance(reply, m.WatchedIs)
        return reply.watched

    async def tell_classes(self, principal: str, stream: str, rules: WatchRules, first: int, classes: bytes) -> None:
        """See :class:`bartizan.core.query_watch.QueryWatch`. Returns when sent."""
        await self._open().tell(m.TellClasses(principal, stream, rules, first, classes))

    async def quarantine(self, principal: str) -> None:
        """See the interface."""
        link = self._open()
        identifier = link.new_id()
        await link.call(m.SetQuarantine(identifier, principal, on=True), identifier)

    async def release(self, principal: str) -> None:
        """See the interface."""
        link = self._open()
        identifier = link.new_id()
        await link.call(m.SetQuarantine(identifier, principal, on=False), identifier)

    async def publish(self, snapshot: Snapshot) -> None:
        """See the interface."""
        link = self._open()
        identifier = link.new_id()
        await link.call(m.Publish(identifier, snapshot), identifier)

    async def current_snapshot(self) -> Snapshot | None:
        """See the interface."""
        link = self._open()
        identifier = link.new_id()
        reply = await link.call(m.GetSnapshot(identifier), identifier)
        assert isinstance(reply, m.SnapshotIs)
        return reply.snapshot

    async def wait_snapshot(self, after_version: int) -> Snapshot:
        """See the interface."""
        while True:
            link = self._open()
            identifier = link.new_id()
            try:
                reply = await link.call(m.GetSnapshot(identifier, max(0, after_version)), identifier, patient=True)
            except KeeperError:
                await asyncio.sleep(0.05)
                continue
            assert isinstance(reply, m.SnapshotIs)
            assert reply.snapshot is not None
            return reply.snapshot

    async def close(self) -> None:
        """See the interface."""
        self._closed = True
        if self._ticking is not None:
            self._ticking.cancel()
        if self._link is not None:
            await self._link.close()

    def _pushed(self, message: m.Welcome | m.Told) -> None:
        if isinstance(message, m.Welcome):
            self._refused.clear()
            for refused in message.refused:
                self._remember(refused)
        else:
            self._remember(message.refused)

    def _remember(self, refused: Refused) -> None:
        if not refused.reason:
            self._refused.pop(refused.principal, None)
            return
        until = self._loop.time() + refused.seconds if refused.reason == "cooldown" else float("inf")
        known = self._refused.get(refused.principal)
        if known is None or known[0] != "quarantine":
            self._refused[refused.principal] = (refused.reason, until)

    def _tick(self) -> None:
        link, now = self._link, self._loop.time()
        if link is None or self._closed:
            return
        link.expire(now)
        for unused in self._leases.sweep(now):
            link.tell_now(m.GiveBack(unused.principal, unused.rate, unused.units))
        for name in [name for name, (_, until) in self._refused.items() if until <= now]:
            del self._refused[name]
        self._ticking = self._loop.call_later(_TICK_SECONDS, self._tick)

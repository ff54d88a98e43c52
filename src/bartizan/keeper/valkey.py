"""The keeper's remote form, for gateways on several machines: state in a Valkey (or Redis) server."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from bartizan.core.errors import ConfigurationError, KeeperError
from bartizan.core.limits import Limits, RateLimit
from bartizan.core.query_watch import Watched, WatchRules
from bartizan.core.tool_budget import ToolLimits, ToolUse
from bartizan.keeper import valkey_scripts as scripts
from bartizan.keeper import valkey_tools as tools
from bartizan.keeper.budget import nano
from bartizan.keeper.gcra import Gcra
from bartizan.keeper.interface import EVERYONE, Grant, Snapshot, session_target
from bartizan.keeper.lease import LeaseTable
from bartizan.keeper.rates import LEASE_SECONDS
from bartizan.keeper.tool_book import session_owner
from bartizan.keeper.valkey_watch import SCRIPTS, ValkeyWatch

if TYPE_CHECKING:
    from valkey.asyncio import Valkey

TIMEOUT_SECONDS: Final = 0.25
_POLL_SECONDS: Final = 0.2
_MAX_AMOUNT: Final = 2**53
_ALLOWED: Final = Grant(allowed=True)

T = TypeVar("T")


class ValkeyKeeper:
    """Implements :class:`bartizan.keeper.interface.Keeper`; belongs to one event loop.

    A worker may act for LEASE_SECONDS on what the server last said: on a slice of a rate, or on a mere yes for a
    principal who has neither rate nor budget. A cool-down or quarantine is thus in force everywhere after that time.
    Durability of budgets is the server's: with ``appendfsync everysec`` a crash loses at most about a second.

    Args:
        url: ``valkey://HOST:PORT/DB``, or ``valkeys://`` with TLS. A password comes from ``password``.
        prefix: of all keys, so that deployments can share a server.

    Raises:
        ConfigurationError: the client library is not installed, or the URL is malformed or holds a password.
    """

    def __init__(
        self, url: str, *, password: str | None = None, prefix: str = "bartizan", timeout: float = TIMEOUT_SECONDS
    ) -> None:
        try:
            from valkey.asyncio import BlockingConnectionPool, Valkey
        except ImportError:
            raise ConfigurationError("Valkey needs its client", "pip install 'bartizan[valkey]'") from None
        if "@" in url:
            raise ConfigurationError("the keeper's URL holds credentials", "keep the password in a variable or file")
        self._timeout = timeout
        self._prefix = prefix
        try:
            pool = BlockingConnectionPool.from_url(
                url, password=password, timeout=timeout, max_connections=64,
                socket_timeout=timeout, socket_connect_timeout=timeout,
            )  # fmt: skip
        except ValueError as error:
            raise ConfigurationError(f"the keeper's URL is malformed: {error}") from None
        self._client: Valkey = Valkey(connection_pool=pool)
        self._scripts = {
            text: self._client.register_script(text)
            for text in (
                scripts.ADMIT,
                scripts.SETTLE,
                scripts.GIVE_BACK,
                scripts.RECORD_BLOCK,
                scripts.PUBLISH,
                tools.ADMIT_CALL,
                tools.TAKE_BACK,
                *SCRIPTS,
            )
        }
        self._watch = ValkeyWatch(self._run)
        self._leases = LeaseTable()
        self._clear_until: dict[str, float] = {}
        self._swept = 0.0

    def _key(self, principal: str, what: str) -> str:
        # The braces make a cluster keep one principal's keys on one node.
        return f"{self._prefix}:{{{principal}}}:{what}"

    async def _bounded(self, work: Awaitable[T]) -> T:
        from valkey.exceptions import ValkeyError

        try:
            async with asyncio.timeout(self._timeout):
                return await work
        except (ValkeyError, OSError) as error:  # TimeoutError is an OSError
            raise KeeperError(f"the Valkey keeper is out of reach: {type(error).__name__}", "is it running?") from error

    async def _run(self, script: str, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        return await self._bounded(self._scripts[script](keys=list(keys), args=list(arguments)))

    async def admit(self, principal: str, limits: Limits, tokens: int = 0, cost: float = 0.0) -> Grant:
        """See the interface."""
        charge = nano(cost)
        if not 0 <= tokens <= _MAX_AMOUNT or charge < 0:
            raise KeeperError("a reservation out of range")
        now = asyncio.get_running_loop().time()
        rate = limits.rate
        if limits.budget is None:
            if now < self._clear_until.get(principal, 0.0) and rate is None:
                return _ALLOWED
            if rate is not None:
                if self._leases.take(principal, rate, now):
                    return _ALLOWED
                denied = self._leases.denied(principal, rate, now)
                if denied is not None:
                    return denied
        reason, wait, leased, window = await self._run(
            scripts.ADMIT, self._admit_keys(principal), _admit_arguments(limits, tokens, charge)
        )
        grant = Grant(not reason, reason.decode(), max(0.0, float(wait)), int(window))
        self._learn(principal, limits, grant, int(leased))
        await self._sweep(now)
        return grant

    def _admit_keys(self, principal: str) -> list[str]:
        names = ("rate", "cooldown", "quarantine")
        keys = [self._key(principal, name) for name in names]
        return [*keys, self._key(EVERYONE, "quarantine"), self._key(principal, "budget")]

    def _learn(self, principal: str, limits: Limits, grant: Grant, leased: int) -> None:
        now = asyncio.get_running_loop().time()
        if limits.budget is not None:
            return
        if limits.rate is None and grant.allowed:
            self._clear_until[principal] = now + LEASE_SECONDS
        elif limits.rate is not None and leased:
            self._leases.put(principal, limits.rate, leased, now)
        elif limits.rate is not None and grant.reason == "rate":
            self._leases.deny(principal, limits.rate, grant.retry_after, now)

    async def _sweep(self, now: float) -> None:
        if now - self._swept < LEASE_SECONDS:
            return
        self._swept = now
        self._clear_until = {name: until for name, until in self._clear_until.items() if until > now}
        for unused in self._leases.sweep(now):
            interval = _interval(unused.rate)
            # Losing a give-back only means that the bucket fills later.
            with suppress(KeeperError):
                await self._run(scripts.GIVE_BACK, [self._key(unused.principal, "rate")], [interval, unused.units])

    async def settle(self, principal: str, limits: Limits, tokens: int, cost: float, window: int = 0) -> None:
        """See the interface."""
        charge = nano(cost)
        if abs(tokens) > _MAX_AMOUNT:
            raise KeeperError("an amount out of range")
        if limits.budget is not None and (tokens or charge):
            arguments: list[str | int] = [limits.budget.window, tokens, charge, window]
            await self._run(scripts.SETTLE, [self._key(principal, "budget")], arguments)

    async def record_block(self, principal: str, limits: Limits) -> None:
        """See the interface."""
        cooldown = limits.cooldown
        if cooldown is None:
            return
        span, pause = max(1, int(cooldown.seconds * 1e6)), int(cooldown.pause * 1000)
        keys = [self._key(principal, "blocks"), self._key(principal, "cooldown")]
        await self._run(scripts.RECORD_BLOCK, keys, [min(max(1, cooldown.blocks), 10_000), span, pause])

    async def admit_call(self, use: ToolUse, limits: ToolLimits) -> Grant:
        """See the interface."""
        stopped = [EVERYONE, use.principal, session_target(use.session) if use.session else EVERYONE]
        keys = [self._key(name, "quarantine") for name in stopped]
        keys += [self._key(use.principal, "cooldown"), self._key(session_owner(use), "ring"), *self._sums(use)]
        reason, wait, window = await self._run(tools.ADMIT_CALL, keys, tools.admit_arguments(use, limits))
        return Grant(not reason, reason.decode(), max(0.0, float(wait)), int(window))

    async def settle_call(self, use: ToolUse, limits: ToolLimits, ran: bool, window: int = 0) -> None:
        """See the interface."""
        if not ran:
            await self._run(tools.TAKE_BACK, self._sums(use), tools.take_back_arguments(use, limits, window))

    def _sums(self, use: ToolUse) -> list[str]:
        session = session_owner(use)
        return [self._key(session, "tools"), self._key(session, "recipients"), self._key(use.principal, "tools")]

    async def take_once(self, owner: str, name: str, seconds: float) -> bool:
        """See :class:`bartizan.core.once.Once`; how many names of one owner are remembered is not bounded here."""
        key, milliseconds = f"{self._prefix}:once:{name}", max(1, int(seconds * 1000))
        taken = self._client.set(key, "1", nx=True, px=milliseconds)
        return bool(await self._bounded(cast(Awaitable[Any], taken)))

    async def observe(self, principal: str, stream: str, rules: WatchRules, queries: bytes) -> Watched:
        """See the interface. One round trip while a principal keeps to one worker, two where it changes."""
        return await self._watch.observe(self._key(principal, "watch"), stream, rules, queries)

    async def tell_classes(self, principal: str, stream: str, rules: WatchRules, first: int, classes: bytes) -> None:
        """See the interface."""
        await self._watch.tell_classes(self._key(principal, "watch"), stream, rules, first, classes)

    async def quarantine(self, principal: str) -> None:
        """See the interface."""
        await self._bounded(cast(Awaitable[Any], self._client.set(self._key(principal, "quarantine"), "1")))

    async def release(self, principal: str) -> None:
        """See the interface."""
        keys = [self._key(principal, name) for name in ("quarantine", "cooldown", "blocks", "watch")]
        await self._bounded(cast(Awaitable[Any], self._client.delete(*keys)))

    async def publish(self, snapshot: Snapshot) -> None:
        """See the interface."""
        arguments = [snapshot.version, snapshot.digest, snapshot.payload]
        if await self._run(scripts.PUBLISH, [f"{self._prefix}:snapshot"], arguments) < 0:
            raise KeeperError(f"snapshot {snapshot.version} is not newer than the one in force")

    async def current_snapshot(self) -> Snapshot | None:
        """See the interface."""
        fields = cast(
            Awaitable[list[bytes | None]],
            self._client.hmget(f"{self._prefix}:snapshot", ["version", "digest", "payload"]),
        )
        version, digest, payload = await self._bounded(fields)
        if version is None or digest is None or payload is None:
            return None
        return Snapshot(int(version), digest.decode(), payload)

    async def wait_snapshot(self, after_version: int) -> Snapshot:
        """See the interface. Asks five times a second."""
        while True:
            try:
                version = await self._bounded(
                    cast(Awaitable[bytes | None], self._client.hget(f"{self._prefix}:snapshot", "version"))
                )
                if version is not None and int(version) > after_version:
                    current = await self.current_snapshot()
                    if current is not None:
                        return current
            except KeeperError:
                pass
            await asyncio.sleep(_POLL_SECONDS)

    async def close(self) -> None:
        """See the interface."""
        await self._client.aclose()


def _interval(rate: RateLimit) -> str:
    return repr(rate.seconds * 1e6 / max(1, rate.requests))


def _admit_arguments(limits: Limits, tokens: int, charge: int) -> list[str | int]:
    rate, budget = limits.rate, limits.budget
    arguments: list[str | int] = ["", "", "", ""]
    if rate is not None:
        gcra = Gcra(rate)
        share = max(gcra.burst // 10, math.floor(rate.requests * LEASE_SECONDS / rate.seconds))
        arguments = [gcra.requests, _interval(rate), gcra.burst, 1 if budget is not None else max(1, share)]
    if budget is None:
        return [*arguments, "", 0, 0, 0, 0, 0]
    return [*arguments, budget.window, budget.requests, budget.tokens, nano(budget.cost), tokens, charge]

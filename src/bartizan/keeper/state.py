"""The keeper's whole state, without any input or output: rates, budgets, refusals, the snapshot in force."""

from __future__ import annotations

from collections.abc import Iterable, Sized
from typing import Final

import msgspec

from bartizan.core.errors import KeeperError
from bartizan.core.limits import Limits, RateLimit
from bartizan.core.query_watch import Watched, WatchRules
from bartizan.core.tool_budget import ToolLimits, ToolUse
from bartizan.keeper.budget import BudgetBook, Spend, nano
from bartizan.keeper.clock import Clock, SystemClock
from bartizan.keeper.cooldown import RefusalBook, Refused
from bartizan.keeper.interface import Grant, Snapshot, session_target
from bartizan.keeper.loops import LoopBook
from bartizan.keeper.once_book import OnceBook
from bartizan.keeper.rates import RateBook
from bartizan.keeper.tool_book import ToolBook, ToolSum, session_owner, used
from bartizan.keeper.watch_book import WatchBook
from bartizan.keeper.window import window_at

MOST_PRINCIPALS: Final = 100_000
"""Budget rows held in memory; further ones are read from the store when they are needed."""


class Decision(msgspec.Struct, frozen=True):
    """A grant and, for the worker that asked, requests it may admit by itself."""

    grant: Grant
    leased: int = 0


class KeeperState:
    """Everything that gateway workers share. Single-threaded.

    Args:
        clock: for tests.
        spends: sums of running windows, from the store.
        quarantined: principals in quarantine, from the store.
        tools: sums of tool calls, from the store.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        spends: Iterable[Spend] = (),
        quarantined: Iterable[str] = (),
        tools: Iterable[ToolSum] = (),
    ) -> None:
        self._clock: Clock = clock or SystemClock()
        self._rates = RateBook()
        self.refusals = RefusalBook(quarantined)
        self.budgets = BudgetBook()
        self.budgets.load(spends)
        self.tools = ToolBook()
        self.tools.load(tools)
        self._loops = LoopBook()
        self._once = OnceBook()
        self.watch = WatchBook()
        self.snapshot: Snapshot | None = None

    def needs_load(self, principal: str, limits: Limits) -> bool:
        """True if the principal's sums must be loaded from the store before ``admit`` or ``settle``."""
        return limits.budget is not None and not self.budgets.knows(principal, limits.budget.window)

    def admit(self, principal: str, limits: Limits, tokens: int = 0, cost: float = 0.0, sharers: int = 0) -> Decision:
        """Decide about one request; all limits are checked before any is charged.

        Args:
            sharers: number of workers that may hold leases; 0 for no lease.

        Raises:
            KeeperError: negative or impossible amounts.
            ConfigurationError: the rate limit makes no sense.
        """
        if tokens < 0 or cost < 0:
            raise KeeperError("a reservation cannot be negative")
        now = self._clock.monotonic_ns()
        refused = self.refusals.find(principal, now)
        if refused is not None:
            return Decision(Grant(allowed=False, reason=refused.reason, retry_after=refused.seconds))
        budget, unix, charge = limits.budget, self._clock.unix(), nano(cost)
        if budget is not None:
            reason = self.budgets.exceeded(principal, budget, tokens, charge, unix)
            if reason:
                wait = window_at(budget.window, unix).end - unix
                return Decision(Grant(allowed=False, reason=reason, retry_after=wait))
        leased = 0
        if limits.rate is not None:
            taken = self._rates.take(principal, limits.rate, now, sharers if budget is None else 0)
            if not taken.count:
                return Decision(Grant(allowed=False, reason="rate", retry_after=taken.wait))
            leased = taken.count - 1
        window = self.budgets.add(principal, budget.window, unix, 1, tokens, charge) if budget is not None else 0
        return Decision(Grant(allowed=True, window=window), leased)

    def settle(self, principal: str, limits: Limits, tokens: int, cost: float, window: int = 0) -> None:
        """Correct a reservation; see :class:`bartizan.keeper.interface.Keeper`. Raises KeeperError."""
        charge = nano(cost)
        if limits.budget is None:
            return
        unix = self._clock.unix()
        if window and window != self.budgets.row(principal, limits.budget.window, unix).start:
            tokens, charge = max(0, tokens), max(0, charge)
        if tokens or charge:
            self.budgets.add(principal, limits.budget.window, unix, 0, tokens, charge)

    def admit_call(self, use: ToolUse, limits: ToolLimits) -> Grant:
        """Decide about one tool call; see :class:`bartizan.core.tool_budget.ToolQuota`. Raises KeeperError."""
        amounts = used(use)
        now, unix = self._clock.monotonic_ns(), self._clock.unix()
        refused = self.refusals.find(use.principal, now)
        if refused is None and use.session:
            refused = self.refusals.find(session_target(use.session), now)
        if refused is not None:
            return Grant(allowed=False, reason=refused.reason, retry_after=refused.seconds)
        reason = self._loops.note(session_owner(use), use.digest, limits.loops) if use.session else ""
        reason = reason or self.tools.exceeded(use, amounts, limits, unix)
        if reason:
            waits = reason.startswith("principal.")
            wait = window_at(limits.principal.window, unix).end - unix if waits else 0.0
            return Grant(allowed=False, reason=reason, retry_after=wait)
        return Grant(allowed=True, window=self.tools.add(use, amounts, limits, unix))

    def settle_call(self, use: ToolUse, limits: ToolLimits, ran: bool, window: int = 0) -> None:
        """Give a reservation back unless the call ran. Raises KeeperError."""
        if not ran:
            self.tools.take_back(use, used(use), limits, window, self._clock.unix())

    def take_once(self, owner: str, name: str, seconds: float) -> bool:
        """See :class:`bartizan.core.once.Once`."""
        return self._once.take(owner, name, self._clock.monotonic_ns(), seconds)

    def observe(self, principal: str, stream: str, rules: WatchRules, queries: bytes) -> Watched:
        """Take note of queries; see :class:`bartizan.core.query_watch.QueryWatch`. Raises KeeperError."""
        return self.watch.observe(principal, stream, rules, queries, self._clock.unix())

    def give_back(self, principal: str, rate: RateLimit, count: int) -> None:
        """Return leased requests that were not used."""
        self._rates.give_back(principal, rate, count)

    def record_block(self, principal: str, limits: Limits) -> Refused | None:
        """Count a block; the refusal that workers must be told of, if it starts one."""
        if limits.cooldown is None:
            return None
        return self.refusals.record_block(principal, limits.cooldown, self._clock.monotonic_ns())

    def running_refusals(self) -> list[Refused]:
        """Everybody who is refused now."""
        return self.refusals.running(self._clock.monotonic_ns())

    def publish(self, snapshot: Snapshot) -> bool:
        """Put a snapshot in force; False if it was already. Raises KeeperError if its version is not higher."""
        current = self.snapshot
        if current is not None and snapshot.version <= current.version:
            if (snapshot.version, snapshot.digest) == (current.version, current.digest):
                return False
            raise KeeperError(f"snapshot {snapshot.version} is not newer than {current.version}, which is in force")
        self.snapshot = snapshot
        return True

    def sweep(self) -> None:
        """Forget what no longer matters; call about once a second."""
        now = self._clock.monotonic_ns()
        self._rates.sweep(now)
        self.refusals.sweep(now)
        self.budgets.sweep(self._clock.unix(), MOST_PRINCIPALS)
        self.tools.sweep(self._clock.unix(), MOST_PRINCIPALS)
        self.watch.sweep(self._clock.unix())
        self._once.sweep(now)

    def size(self) -> int:
        """Number of entries held."""
        books: tuple[Sized, ...] = (self._rates, self.refusals, self.budgets, self.tools, self.watch, self._once)
        return sum(len(book) for book in books)

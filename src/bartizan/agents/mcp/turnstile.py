"""Who may come in, and how often: rates of clients, budgets and loops of tool calls, quarantine and cool-down."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import mcp_types as types
from mcp import MCPError

from bartizan.agents.budgeting import WATCHED, Reservation, reserved
from bartizan.agents.mcp.assessment import Entry
from bartizan.agents.mcp.caller import Caller
from bartizan.agents.mcp.definition import tool_of
from bartizan.agents.mcp.records import Records
from bartizan.agents.overriding import Profiler
from bartizan.agents.profile import ToolProfile
from bartizan.core.errors import KeeperError
from bartizan.core.limits import Limits
from bartizan.core.quota import Quota
from bartizan.core.tool import ToolCall
from bartizan.core.tool_budget import ToolLimits, ToolQuota, ToolUse


class Turnstile:
    """Asked before every request of a client.

    Args:
        quota: rates of this proxy's clients.
        rates: on all requests of one client.
        budgets: gives whoever counts tool calls now.
        limits: on tool calls.
        profiles: what tools do, and with it which arguments are amounts and recipients.
        records: to the journal.
    """

    def __init__(
        self,
        quota: Quota,
        rates: Limits,
        budgets: Callable[[], ToolQuota],
        limits: ToolLimits,
        profiles: Profiler,
        records: Records,
    ) -> None:
        self._quota = quota
        self._rates = rates
        self._budgets = budgets
        self._limits = limits
        self._profiles = profiles
        self._records = records

    async def enter(self, caller: Caller, method: str, name: str = "") -> None:
        """Count a request against its client's rate. Raises MCPError when there are too many, or that is unknown."""
        try:
            granted = await self._quota.admit(caller.principal, self._rates)
        except KeeperError as error:
            raise self._refuse(
                caller, method, name, types.INTERNAL_ERROR, f"limits cannot be checked: {error}"
            ) from None
        if not granted.allowed:
            after = max(1, round(granted.retry_after))
            reason = f"too many requests; try again in {after} seconds"
            raise self._refuse(caller, method, name, types.INVALID_REQUEST, reason)

    async def watch(self, caller: Caller, method: str, name: str = "") -> None:
        """:meth:`enter` for a request that is no call, which a quarantine stops too. Raises MCPError."""
        await self.enter(caller, method, name)
        uses = [ToolUse(principal=caller.principal, session=caller.session, digest="")]
        uses += [ToolUse(principal=behind, digest="") for behind in caller.on_behalf_of]
        try:
            granted = [await self._budgets().admit_call(use, WATCHED) for use in uses]
            reason = next((one.reason for one in granted if one.reason), "")
        except KeeperError as error:
            reason = error.cause
        if reason:
            self._records.refused("", method, reason, principal=caller.principal, name=name)
            raise MCPError(types.INVALID_REQUEST, "withheld by policy")

    @asynccontextmanager
    async def reserved(self, caller: Caller, entry: Entry, call: ToolCall) -> AsyncIterator[Reservation]:
        """Reserve what a call would use while it is decided; what of it does not run is given back at the end."""

        def profile() -> ToolProfile:
            return self._profiles(tool_of(entry.definition, entry.exposed, entry.server))

        async with reserved(
            self._budgets(), caller.principal, caller.session, profile, call, self._limits, caller.on_behalf_of
        ) as held:
            yield held

    async def record_block(self, caller: Caller) -> None:
        """Count a declined call towards its principal's cool-down."""
        await self._quota.record_block(caller.principal, self._rates)

    def _refuse(self, caller: Caller, method: str, name: str, code: int, reason: str) -> MCPError:
        self._records.refused("", method, reason, principal=caller.principal, name=name)
        return MCPError(code, reason)

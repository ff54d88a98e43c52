"""The book of approvals for asynchronous callers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from bartizan.agents.approvals.approvers import Approvers
from bartizan.agents.approvals.book import ApprovalBook
from bartizan.core.approval import Approval, ApprovalState
from bartizan.core.interfaces import Recorder
from bartizan.core.tool import ToolCall, ToolDecision
from bartizan.policy.approvals import ApprovalRules

T = TypeVar("T")
InForce = Callable[[], tuple[ApprovalRules, Approvers]]
"""What policy says now."""


class SharedApprovals:
    """Implements :class:`bartizan.core.approval.Approvals` over the store; belongs to one event loop.

    A call that is cancelled may still have had its effect: an approval redeemed by nobody is spent, not open.

    Args:
        book: in the store that all workers share.
        in_force: rules and approvers of the policy in force.
        recorder: the journal that the book writes to.
    """

    def __init__(self, book: ApprovalBook, in_force: InForce, recorder: Recorder) -> None:
        self._book = book
        self._in_force = in_force
        self._recorder = recorder
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="approvals")

    async def request(
        self, decision: ToolDecision, call: ToolCall, session: str, principal: str, on_behalf_of: Sequence[str] = ()
    ) -> str:
        """See the Protocol."""
        rules, approvers = self._in_force()
        work = partial(self._book.request, rules, approvers, decision, call, session, principal, on_behalf_of)
        return await self._recorded(work)

    async def redeem(self, approval: str, digest: str, session: str, principal: str) -> bool:
        """See the Protocol."""
        return await self._recorded(partial(self._book.redeem, approval, digest, session, principal))

    async def state(self, approval: str, session: str, principal: str) -> ApprovalState:
        """See the Protocol."""
        return await self._run(partial(self._book.state, approval, session, principal))

    async def pending(self) -> tuple[Approval, ...]:
        """See the Protocol."""
        return await self._run(partial(self._book.list, ApprovalState.PENDING))

    async def close(self) -> None:
        """Let go of the threads, not of the store."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _recorded(self, work: Callable[[], T]) -> T:
        done = await self._run(work)
        await self._recorder.commit()
        return done

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

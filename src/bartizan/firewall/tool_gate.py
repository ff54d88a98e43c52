"""Tool calls that a model asks for, decided before the client sees them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from enum import Enum
from functools import cached_property

import msgspec

from bartizan.core.approval import ApprovalError, ApprovalState, AskedCall, HeldAnswer
from bartizan.core.errors import BartizanError, JournalError, KeeperError
from bartizan.core.passage import Text
from bartizan.core.session import Authority
from bartizan.core.tool import Conversation, ToolCall, ToolDecision
from bartizan.core.tool_budget import LoopLimit, ToolLimits, ToolUse
from bartizan.core.transcript import Transcript, told
from bartizan.core.verdict import Action
from bartizan.firewall.authentication import Caller
from bartizan.firewall.dialects.transcripts import transcript_of
from bartizan.firewall.exchange import Request
from bartizan.firewall.large import LARGE
from bartizan.firewall.outcome import Outcome
from bartizan.firewall.recording import Record
from bartizan.firewall.services import Services
from bartizan.firewall.streaming import Released
from bartizan.firewall.tool_controls import ToolControls

RULE = "tools"
"""Rules of the tool guard are named after it: ``tools.forbid_leak``."""
APPROVAL = "approval"
"""Policy of a decision that a person made."""
TOO_MANY = "too_many_wait"
"""Policy of the refusal of an answer beside which too many wait for a person."""
OUT_OF_SCOPE = "out_of_scope"
"""Policy of the refusal of a call that the caller's token does not reach."""
_WATCHED = ToolLimits(loops=LoopLimit(repeats=0, rounds=0))
"""Counts nothing, but whoever is stopped is refused."""
UNMEASURABLE = "unmeasurable"
"""Policy of a decision on a call whose arguments cannot be counted."""


class Fate(Enum):
    """What becomes of an answer with calls."""

    ADMITTED = "admitted"
    WAITS = "waits"
    """For a person."""
    REFUSED = "refused"


class ToolGate:
    """Decides the calls of one answer, which stand or fall together.

    What the session has read stands in the request's own history; nothing is kept from request to request.

    Args:
        controls: in force.
        services: budgets, approvals, threads.
        request: as the upstream got it.
        binding: of the request, as :func:`bartizan.firewall.release.binding_of` made it.
        record: journals each decision.
        outcome: of the answer; the strictest decision counts there.
        caller: for whom the answer is.
    """

    def __init__(
        self,
        controls: ToolControls,
        services: Services,
        request: Request,
        binding: str,
        record: Record,
        outcome: Outcome,
        caller: Caller,
    ) -> None:
        self._caller = caller
        self._controls = controls
        self._services = services
        self._request = request
        self._binding = binding
        self._record = record
        self._outcome = outcome
        self._asked: list[AskedCall] = []
        self._passed: list[ToolCall] = []

    @property
    def can_ask(self) -> bool:
        """Whether an answer may come to wait."""
        return self._services.held is not None and bool(self._transcript.tools)

    async def admit(self, calls: Sequence[ToolCall]) -> Fate:
        """Decide ``calls``, which may not be the last of the answer.

        Raises:
            JournalError: the decisions cannot be recorded.
            KeeperError: nobody counts the calls.
        """
        fate, reserved = Fate.REFUSED, [await self._reserve(call) for call in calls]
        try:
            decisions = await self._decisions(calls)
            fates = [
                await self._take(call, _over(decision, held.refused) if held.refused else decision, held)
                for call, decision, held in zip(calls, decisions, reserved, strict=True)
            ]
            fate = max(fates, key=list(Fate).index)
        finally:
            for held in reserved:
                await self._settle(held, ran=fate is Fate.ADMITTED)
        await self._record.recorder.commit()
        return Fate.WAITS if fate is Fate.ADMITTED and self._asked else fate

    async def release(self, answer: HeldAnswer) -> Fate:
        """Let an answer that waited go on, once: every call that was asked for must be approved, and all must fit into
        what is left of the budgets. Raises as `admit` does, and StoreError."""
        approvals = self._services.approvals
        if approvals is None:
            return Fate.REFUSED
        session, principal = self._record.session, self._record.principal
        states = {await approvals.state(one.approval, session, principal) for one in answer.asked}
        if states <= {ApprovalState.APPROVED, ApprovalState.PENDING} and ApprovalState.PENDING in states:
            return Fate.WAITS
        calls = [*(one.call for one in answer.asked), *answer.passed]
        fate, reserved = Fate.REFUSED, [await self._reserve(call) for call in calls]
        try:
            if states == {ApprovalState.APPROVED} and not any(held.refused for held in reserved):
                fate = Fate.ADMITTED
                for one in answer.asked:
                    if not await approvals.redeem(one.approval, one.digest, session, principal):
                        fate = Fate.REFUSED
            for one in answer.asked:
                passes = fate is Fate.ADMITTED
                action = Action.ALLOW if passes else Action.BLOCK
                said = "A person approved this call." if passes else "It was not approved, or not in time."
                decision = ToolDecision(
                    call=one.call.id, tool=one.call.tool, action=action, observed=action, policy=APPROVAL, reason=said,
                    digest=one.digest,
                )  # fmt: skip
                self._record.tool_decided(one.call, decision, action, one.approval)
                self._count(action, action, APPROVAL)
        finally:
            for held in reserved:
                await self._settle(held, ran=fate is Fate.ADMITTED)
        await self._record.recorder.commit()
        return fate

    async def keep(self, body: bytes, *, stream: bool) -> str:
        """Keep the answer for the retry that comes with the token; empty when too many wait and this one is refused.

        Raises:
            StoreError: it cannot be kept.
        """
        assert self._services.held is not None
        answer = HeldAnswer(body, stream, tuple(self._asked), tuple(self._passed))
        seconds = self._controls.expires_seconds
        try:
            return await self._services.held.keep(answer, self._binding, self._record.principal, seconds)
        except ApprovalError:
            self._count(Action.BLOCK, Action.BLOCK, TOO_MANY)
            return ""

    @cached_property
    def _transcript(self) -> Transcript:
        return transcript_of(self._request)

    @cached_property
    def _conversation(self) -> Conversation:
        authority = Authority(self._caller.principal.name, self._caller.on_behalf_of)
        return told(self._controls.guard, self._transcript, authority)

    async def _decisions(self, calls: Sequence[ToolCall]) -> list[ToolDecision]:
        size = sum(len(part.passage.text) for part in self._request.parts if isinstance(part, Text))
        if size < LARGE:
            return self._decide(calls)
        return await self._services.large.run(self._record.principal, self._decide, calls)

    def _decide(self, calls: Sequence[ToolCall]) -> list[ToolDecision]:
        return [self._conversation.decide(call) for call in calls]

    async def _take(self, call: ToolCall, decision: ToolDecision, held: _Reserved) -> Fate:
        approval, action = "", decision.action
        if action.rank > Action.FLAG.rank and self._controls.monitor and not held.refused:
            action = Action.FLAG
        elif action is Action.ASK:
            decision, approval = await self._ask(call, decision)
            action = decision.action
        self._record.tool_decided(call, decision, action, approval)
        self._count(action, max(decision.action, decision.observed, key=_rank), decision.policy)
        if action is Action.ASK:
            self._asked.append(AskedCall(approval, call, decision.digest))
            return Fate.WAITS
        if action.rank > Action.FLAG.rank:
            return Fate.REFUSED
        self._passed.append(call)
        return Fate.ADMITTED

    async def _ask(self, call: ToolCall, decision: ToolDecision) -> tuple[ToolDecision, str]:
        """Ask a person; blocked where nobody can be asked. With the id of the request."""
        approvals = self._services.approvals
        if approvals is None or self._services.held is None:
            return _blocked(decision, "there is no approver"), ""
        session, principal = self._record.session, self._record.principal
        try:
            return decision, await approvals.request(decision, call, session, principal, self._record.on_behalf_of)
        except JournalError:
            raise
        except BartizanError as error:
            return _blocked(decision, f"nobody can be asked: {error.cause}"), ""

    def _count(self, action: Action, observed: Action, policy: str) -> None:
        self._outcome.take(
            Released(
                action=action,
                observed=observed,
                rule=f"{RULE}.{policy or 'default'}",
                blocked=action is Action.BLOCK,
            )
        )

    async def _reserve(self, call: ToolCall) -> _Reserved:
        if not self._caller.may_run(call.tool, self._record.model, self._record.route):
            return _Reserved(refused=OUT_OF_SCOPE)
        budgets = self._services.budgets
        if budgets is None:
            return _Reserved()
        for behind in self._caller.on_behalf_of:
            stopped = await budgets.admit_call(ToolUse(principal=behind, digest=""), _WATCHED)
            if not stopped.allowed:
                return _Reserved(refused=stopped.reason)
        try:
            use = self._controls.meter.use_of(
                self._record.principal, self._record.session, call, self._transcript.tools
            )
        except ValueError:
            return _Reserved(refused=UNMEASURABLE)
        grant = await budgets.admit_call(use, self._controls.limits)
        return _Reserved(use, grant.window) if grant.allowed else _Reserved(refused=grant.reason)

    async def _settle(self, held: _Reserved, *, ran: bool) -> None:
        if held.use is None or self._services.budgets is None:
            return
        with contextlib.suppress(KeeperError):  # it stays counted, which errs on the safe side
            await self._services.budgets.settle_call(held.use, self._controls.limits, ran, held.window)


class _Reserved(msgspec.Struct, frozen=True):
    """What a call has reserved of the budgets."""

    use: ToolUse | None = None
    window: int = 0
    refused: str = ""
    """Why nothing was, as :class:`bartizan.core.tool_budget.ToolQuota` names it."""


def _over(decision: ToolDecision, reason: str) -> ToolDecision:
    return msgspec.structs.replace(
        decision,
        action=Action.BLOCK,
        observed=Action.BLOCK,
        policy=reason,
        reason=(
            "The caller's token does not reach this tool."
            if reason == OUT_OF_SCOPE
            else "The limits on tool calls do not let it pass."
        ),
    )


def _blocked(decision: ToolDecision, more: str) -> ToolDecision:
    return msgspec.structs.replace(decision, action=Action.BLOCK, reason=f"{decision.reason.rstrip('.')}; {more}.")


def _rank(action: Action) -> int:
    return action.rank

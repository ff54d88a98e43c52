"""Tool calls that a model asks for, decided before the client sees them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from bartizan.core.passage import Text
from bartizan.core.tool import Conversation, ToolCall, ToolDecision, ToolGuard
from bartizan.core.transcript import told
from bartizan.core.verdict import Action
from bartizan.firewall.dialects.transcripts import transcript_of
from bartizan.firewall.exchange import Request
from bartizan.firewall.large import LARGE, LargeTexts
from bartizan.firewall.outcome import Outcome
from bartizan.firewall.recording import Record
from bartizan.firewall.streaming import Released

RULE = "tools"
"""Rules of the tool guard are named after it: ``tools.forbid_leak``."""


class ToolGate:
    """Decides the calls of one answer.

    Nothing is kept from request to request: what the session has read stands in the request's own history.

    Args:
        guard: decides.
        request: as the upstream got it.
        record: journals each decision.
        outcome: of the answer; the strictest decision counts there.
        large: where long histories are read.
        monitor: policy only observes.
    """

    def __init__(
        self, guard: ToolGuard, request: Request, record: Record, outcome: Outcome, large: LargeTexts, *, monitor: bool
    ) -> None:
        self._guard = guard
        self._request = request
        self._record = record
        self._outcome = outcome
        self._large = large
        self._monitor = monitor

    async def admit(self, calls: Sequence[ToolCall]) -> bool:
        """Whether all of ``calls`` may go on to the client. Raises JournalError when that cannot be recorded."""
        size = sum(len(part.passage.text) for part in self._request.parts if isinstance(part, Text))
        if size < LARGE:
            decisions = self._decide(calls)
        else:
            decisions = await self._large.run(self._record.principal, self._decide, calls)
        for call, decision in zip(calls, decisions, strict=True):
            self._take(call, decision)
        await self._record.recorder.commit()
        return not self._outcome.blocked

    def _decide(self, calls: Sequence[ToolCall]) -> list[ToolDecision]:
        return [self._conversation.decide(call) for call in calls]

    @cached_property
    def _conversation(self) -> Conversation:
        return told(self._guard, transcript_of(self._request))

    def _take(self, call: ToolCall, decision: ToolDecision) -> None:
        action = decision.action
        if self._monitor and action.rank > Action.FLAG.rank:
            action = Action.FLAG
        self._record.tool_decided(call, decision, action)
        self._outcome.take(
            Released(
                action=action,
                observed=max(decision.action, decision.observed, key=lambda one: one.rank),
                rule=f"{RULE}.{decision.policy or 'default'}",
                blocked=action.rank > Action.FLAG.rank,
            )
        )

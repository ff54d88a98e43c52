"""Calls that policy wants a person to approve: asked about once, and let through once."""

from __future__ import annotations

from msgspec.structs import replace

from bartizan.core.approval import Approvals
from bartizan.core.errors import BartizanError
from bartizan.core.tool import ToolCall, ToolDecision
from bartizan.core.verdict import Action

_MOST_ASKED = 10_000


class Asking:
    """Turns ``ask`` into what follows from it.

    Args:
        approvals: where a person is asked; None: nobody can be, so what needs asking is declined.
    """

    def __init__(self, approvals: Approvals | None) -> None:
        self._approvals = approvals
        self._asked: dict[tuple[str, str, str], str] = {}
        """Approvals asked for, by principal, session and digest: most clients cannot name them when they come back."""

    async def settled(
        self,
        decision: ToolDecision,
        call: ToolCall,
        session: str,
        principal: str,
        named: str = "",
        on_behalf_of: tuple[str, ...] = (),
    ) -> tuple[ToolDecision, str]:
        """The decision, unless a person has approved this very call; and the approval's id.

        Args:
            decision: of the guard; any but ``ask`` stays as it is.
            call: with its arguments.
            session: in which an approval holds.
            principal: who calls.
            named: the approval that the client names; may be empty.
            on_behalf_of: for whom the principal acts, nearest first.
        """
        if decision.action is not Action.ASK:
            return decision, ""
        if self._approvals is None:
            return changed(decision, Action.BLOCK, _and(decision, "there is no approver")), ""
        who = (principal, session, decision.digest)
        try:
            for approval in filter(None, (named, self._asked.get(who))):
                if await self._approvals.redeem(approval, decision.digest, session, principal):
                    self._asked.pop(who, None)
                    return changed(decision, Action.ALLOW, _and(decision, "a person approved this call")), approval
            asked = await self._approvals.request(decision, call, session, principal, on_behalf_of)
        except BartizanError as error:
            return changed(decision, Action.BLOCK, _and(decision, f"nobody can be asked: {error.cause}")), ""
        self._asked[who] = asked
        if len(self._asked) > _MOST_ASKED:
            self._asked.pop(next(iter(self._asked)))
        return decision, asked


def changed(decision: ToolDecision, action: Action, reason: str, policy: str = "") -> ToolDecision:
    """``decision`` with another outcome and why."""
    return replace(decision, action=action, reason=reason, policy=policy or decision.policy)


def _and(decision: ToolDecision, more: str) -> str:
    return f"{decision.reason.rstrip('.')}; {more}."

"""The book of approvals in the store. Every change is one transaction, so that of two who try at once one wins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bartizan.agents.approvals.approvers import Approvers, independent
from bartizan.agents.approvals.tables import (
    APPROVALS,
    OPEN,
    approval_of,
    binding,
    first,
    micros,
    row_of,
    written,
)
from bartizan.core.approval import Approval, ApprovalError, ApprovalState
from bartizan.core.clock import utc_now
from bartizan.core.event import ApprovalDecided, ApprovalRedeemed, ApprovalRefused, ApprovalRequested
from bartizan.core.ids import new_id
from bartizan.core.interfaces import Recorder
from bartizan.core.tool import ToolCall, ToolDecision, call_digest
from bartizan.core.verdict import Action
from bartizan.policy.approvals import ApprovalRules, Approver
from bartizan.store.database import Database

SKEW: Final = timedelta(seconds=60)
"""How far the clocks of two machines may differ. A request from further in the future counts as expired: its clock, or
ours, was turned, and with a turned clock nobody knows what has expired."""
KEEP: Final = timedelta(days=30)
"""How long a request that is over stays, without its arguments."""
MOST_NAMES: Final = 16
MOST_SHOWN: Final = 1_000
_LOCK: Final = 0x61707072  # any constant; PostgreSQL's advisory locks are numbers
_WORDS: Final = {
    ApprovalState.PENDING: "pending",
    ApprovalState.DENIED: "denied",
    ApprovalState.EXPIRED: "expired",
    ApprovalState.REDEEMED: "replayed",
    ApprovalState.APPROVED: "expired",
}


class DecisionError(ApprovalError):
    """A request cannot be decided like this.

    Args:
        status: the HTTP status that tells so.
    """

    def __init__(self, cause: str, hint: str = "", *, status: int) -> None:
        super().__init__(cause, hint)
        self.status = status


class ApprovalBook:
    """Requests and decisions. Its methods block; thread-safe, and so are several processes over one store.

    Each change is journaled inside its transaction: what the journal cannot take does not happen.

    Args:
        database: open.
        recorder: the journal.
        clock: for tests.

    Raises:
        StoreError: the store does not answer.
        ConfigurationError: its tables are of a newer version.
    """

    def __init__(self, database: Database, recorder: Recorder, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._recorder = recorder
        self._clock = clock
        database.migrate("approvals", [first])

    def request(
        self,
        rules: ApprovalRules,
        approvers: Approvers,
        decision: ToolDecision,
        call: ToolCall,
        session: str,
        principal: str,
        on_behalf_of: Sequence[str] = (),
    ) -> str:
        """See :class:`bartizan.core.approval.Approvals`; ``rules`` and ``approvers`` are those in force."""
        asked = self._approval(rules, decision, call, session, principal, tuple(on_behalf_of))
        if not approvers.anybody((principal, *on_behalf_of)):
            raise ApprovalError("nobody may approve this call", "policy.yaml names who may, under approvers")
        try:
            row = row_of(asked)
        except ValueError:
            raise ApprovalError("the call cannot be shown to a person") from None
        if len(row["content"]) > rules.max_characters:
            raise ApprovalError("the call is too long for a person to read", "see approvals.max_characters")
        now = micros(asked.created)
        with self._database.write() as connection:
            if self._database.dialect == "postgresql":  # SQLite's writers wait for each other anyway
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            known = self._known(connection, row["binding"], asked.on_behalf_of, now)
            if known:
                return known
            self._hold_back(connection, rules, row["principal"], now)
            self._expire(connection, now, APPROVALS.c.binding == row["binding"])
            connection.execute(sa.insert(APPROVALS).values(row))
            self._recorder.append(
                ApprovalRequested(
                    id=new_id("evt"),
                    at=asked.created,
                    approval=asked.id,
                    digest=asked.digest,
                    tool=asked.tool,
                    principal=principal,
                    session=session,
                    on_behalf_of=asked.on_behalf_of,
                    policy=asked.policy,
                    reason=asked.reason,
                    expires=asked.expires,
                )
            )
        return asked.id

    def _approval(
        self,
        rules: ApprovalRules,
        decision: ToolDecision,
        call: ToolCall,
        session: str,
        principal: str,
        on_behalf_of: tuple[str, ...],
    ) -> Approval:
        try:
            digest = call_digest(call)
        except ValueError:
            raise ApprovalError("the call cannot be shown to a person") from None
        if decision.action is not Action.ASK or decision.tool != call.tool or decision.digest != digest:
            raise ApprovalError("the decision is not about this call")
        if len(on_behalf_of) > MOST_NAMES:
            raise ApprovalError("the chain of delegation is too long")
        now = self._clock()
        return Approval(
            id=new_id("apr"),
            digest=digest,
            tool=call.tool,
            arguments=call.arguments,
            facts=decision.facts,
            session=session,
            principal=principal,
            on_behalf_of=on_behalf_of,
            policy=decision.policy,
            reason=decision.reason[:1_000],
            created=now,
            expires=now + timedelta(seconds=max(1.0, rules.expires_seconds)),
        )

    def _known(self, connection: Connection, bound: str, on_behalf_of: tuple[str, ...], now: int) -> str:
        """The id of an open request for the same call; raises if it was denied and is not over yet."""
        query = sa.select(APPROVALS).where(
            APPROVALS.c.binding == bound, APPROVALS.c.expires > now, APPROVALS.c.created <= now + _micros(SKEW)
        )
        known = [approval_of(row) for row in connection.execute(query)]
        if any(one.state is ApprovalState.DENIED for one in known):
            raise ApprovalError("this call was denied")
        for one in known:
            if one.state in OPEN:
                if one.on_behalf_of != on_behalf_of:
                    raise ApprovalError("this call waits already, on behalf of somebody else")
                return one.id
        return ""

    def _hold_back(self, connection: Connection, rules: ApprovalRules, principal: str, now: int) -> None:
        mine = APPROVALS.c.principal == principal
        waiting = sa.select(sa.func.count()).where(
            mine, APPROVALS.c.state == ApprovalState.PENDING.value, APPROVALS.c.expires > now
        )
        lately = sa.select(sa.func.count()).where(mine, APPROVALS.c.created > now - _micros(timedelta(hours=1)))
        if (connection.scalar(waiting) or 0) >= rules.max_pending:
            raise ApprovalError("too many calls of this principal wait for a person", "see approvals.max_pending")
        if (connection.scalar(lately) or 0) >= rules.max_per_hour:
            raise ApprovalError("a person was asked too often about this principal", "see approvals.max_per_hour")

    def redeem(self, approval: str, digest: str, session: str, principal: str) -> bool:
        """See :class:`bartizan.core.approval.Approvals`."""
        moment = self._clock()
        now = micros(moment)
        with self._database.write() as connection:
            done = connection.execute(
                sa.update(APPROVALS)
                .where(
                    APPROVALS.c.id == approval,
                    APPROVALS.c.binding == binding(digest, session, principal),
                    APPROVALS.c.state == ApprovalState.APPROVED.value,
                    APPROVALS.c.expires > now,
                    APPROVALS.c.created <= now + _micros(SKEW),
                )
                .values(state=ApprovalState.REDEEMED.value, content="")
            )
            if done.rowcount == 1:
                self._recorder.append(
                    ApprovalRedeemed(
                        id=new_id("evt"), at=moment, approval=approval, digest=digest, principal=principal,
                        session=session,
                    )
                )  # fmt: skip
                return True
            reason = self._why_not(connection, approval, digest, session, principal, now)
        self._recorder.append(
            ApprovalRefused(
                id=new_id("evt"), at=moment, approval=approval[:64], digest=digest[:64], principal=principal,
                session=session, reason=reason,
            )
        )  # fmt: skip
        return False

    def _why_not(
        self, connection: Connection, approval: str, digest: str, session: str, principal: str, now: int
    ) -> str:
        row = connection.execute(sa.select(APPROVALS).where(APPROVALS.c.id == approval)).one_or_none()
        if row is None:
            return "unknown"
        found = approval_of(row)
        if found.digest != digest:
            return "other_call"
        if (found.session, found.principal) != (session, principal):
            return "other_session"
        return "expired" if row.expires <= now else _WORDS[found.state]

    def decide(self, approval: str, approver: Approver, *, approve: bool, digest: str, note: str = "") -> Approval:
        """Approve or deny a pending request, once.

        Args:
            approval: id of the request.
            approver: who says so.
            approve: or deny.
            digest: of the call that the approver saw.
            note: kept with the decision, at most 1,000 characters.

        Raises:
            DecisionError: there is no such request (404); it is the approver's own (403); it is decided, expired, or
                about another call (409).
            StoreError: the store does not answer.
            JournalError: the decision could not be recorded, so it does not count.
        """
        moment, note = self._clock(), note[:1_000]
        try:
            with self._database.write() as connection:
                self._decide(connection, approval, approver, approve, digest, note, moment)
        except DecisionError as error:
            if error.status == 403:
                self._recorder.append(
                    ApprovalRefused(
                        id=new_id("evt"),
                        at=moment,
                        approval=approval[:64],
                        approver=approver.name,
                        digest=digest[:64],
                        reason="own_request",
                    )
                )
            raise
        return self.find(approval)

    def _decide(
        self,
        connection: Connection,
        approval: str,
        approver: Approver,
        approve: bool,
        digest: str,
        note: str,
        moment: datetime,
    ) -> None:
        now = micros(moment)
        found = self._find(connection, approval)
        if not independent(approver, (found.principal, *found.on_behalf_of)):
            raise DecisionError("nobody decides about their own request", status=403)
        if found.digest != digest:
            raise DecisionError("the request is about another call than the one you saw", status=409)
        state = ApprovalState.APPROVED if approve else ApprovalState.DENIED
        values: dict[str, object] = {
            "state": state.value, "decided": now, "decided_by": written(approver.name), "note": written(note),
        }  # fmt: skip
        done = connection.execute(
            sa.update(APPROVALS)
            .where(
                APPROVALS.c.id == approval,
                APPROVALS.c.state == ApprovalState.PENDING.value,
                APPROVALS.c.expires > now,
                APPROVALS.c.created <= now + _micros(SKEW),
            )
            .values(values if approve else {**values, "content": ""})
        )
        if done.rowcount != 1:
            word = found.state if found.state is not ApprovalState.PENDING else ApprovalState.EXPIRED
            raise DecisionError(f"the request is {word}", status=409)
        self._recorder.append(
            ApprovalDecided(
                id=new_id("evt"), at=moment, approval=approval, digest=digest, state=state, approver=approver.name,
                note=note,
            )
        )  # fmt: skip

    def find(self, approval: str) -> Approval:
        """One request. Raises DecisionError (404)."""
        with self._database.read() as connection:
            return self._find(connection, approval)

    def _find(self, connection: Connection, approval: str) -> Approval:
        row = connection.execute(sa.select(APPROVALS).where(APPROVALS.c.id == approval)).one_or_none()
        if row is None:
            raise DecisionError("there is no such request", status=404)
        return approval_of(row)

    def state(self, approval: str, session: str, principal: str) -> ApprovalState:
        """See :class:`bartizan.core.approval.Approvals`."""
        try:
            found = self.find(approval)
        except DecisionError:
            return ApprovalState.EXPIRED
        if (found.session, found.principal) != (session, principal):
            return ApprovalState.EXPIRED
        over = found.state in OPEN and found.expires <= self._clock()
        return ApprovalState.EXPIRED if over else found.state

    def list(self, state: ApprovalState | None = None) -> tuple[Approval, ...]:
        """At most 1,000 requests, oldest first; expired ones do not count as pending or approved."""
        query = sa.select(APPROVALS).order_by(APPROVALS.c.created, APPROVALS.c.id).limit(MOST_SHOWN)
        if state is not None:
            query = query.where(APPROVALS.c.state == state.value)
        if state in OPEN:
            query = query.where(APPROVALS.c.expires > micros(self._clock()))
        with self._database.read() as connection:
            return tuple(approval_of(row) for row in connection.execute(query))

    def sweep(self) -> int:
        """Mark what has expired, so that no clock that is turned back revives it, and delete what is past keeping.

        Call it every few seconds. Returns the number of requests that expired.
        """
        now = micros(self._clock())
        with self._database.write() as connection:
            expired = self._expire(connection, now)
            connection.execute(
                sa.delete(APPROVALS).where(
                    APPROVALS.c.state.not_in([state.value for state in OPEN]), APPROVALS.c.expires < now - _micros(KEEP)
                )
            )
        return expired

    def _expire(self, connection: Connection, now: int, which: sa.ColumnElement[bool] | None = None) -> int:
        over = sa.or_(APPROVALS.c.expires <= now, APPROVALS.c.created > now + _micros(SKEW))
        rows = connection.execute(
            sa.update(APPROVALS)
            .where(APPROVALS.c.state.in_([state.value for state in OPEN]), over, sa.true() if which is None else which)
            .values(state=ApprovalState.EXPIRED.value, content="")
            .returning(APPROVALS)
        ).all()
        for row in rows:
            self._recorder.append(
                ApprovalDecided(
                    id=new_id("evt"), at=self._clock(), approval=row.id, digest=approval_of(row).digest,
                    state=ApprovalState.EXPIRED,
                )
            )  # fmt: skip
        return len(rows)


def _micros(span: timedelta) -> int:
    return span // timedelta(microseconds=1)

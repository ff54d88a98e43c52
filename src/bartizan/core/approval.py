"""Approvals of tool calls by a person: one exact call, for a time, used once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from bartizan.core.errors import BartizanError
from bartizan.core.tool import ToolCall, ToolDecision


class ApprovalError(BartizanError):
    """Nobody can be asked about this call: no approver, already denied, or too large to show. It stays blocked."""


class ApprovalState(StrEnum):
    """What became of a request."""

    PENDING = "pending"
    """Nobody has decided."""
    APPROVED = "approved"
    """May run once, until it expires."""
    DENIED = "denied"
    """Must not run."""
    REDEEMED = "redeemed"
    """Has run, or was about to."""
    EXPIRED = "expired"
    """Its time was over before it was redeemed."""


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A request that a person decides, with everything they need to see."""

    id: str
    digest: str
    """:func:`bartizan.core.tool.call_digest` of the exact call."""
    tool: str
    arguments: dict[str, Any] = {}
    """All arguments, as the tool would get them; erased once the request is over."""
    facts: dict[str, Any] = {}
    """What the policy decided from, such as where each value came from; erased with the arguments."""
    session: str
    """Empty where the protocol carries none."""
    principal: str
    """On whose credential the session runs."""
    on_behalf_of: tuple[str, ...] = ()
    """For whom the principal acts, nearest first. Nobody in the chain may decide, nor may the principal."""
    policy: str = ""
    """Id of the policy that asked."""
    reason: str
    """Why it asked, one sentence."""
    created: datetime
    expires: datetime
    state: ApprovalState = ApprovalState.PENDING
    decided_by: str = ""
    """Name of the approver."""
    decided: datetime | None = None
    note: str = ""
    """What the approver had to say."""


class AskedCall(msgspec.Struct, frozen=True):
    """A call that waits, and under which request."""

    approval: str
    call: ToolCall
    digest: str


class HeldAnswer(msgspec.Struct, frozen=True):
    """A model's answer that waits because of the calls in it."""

    body: bytes
    """As the client would have got it."""
    stream: bool
    """``body`` is an event stream, else JSON."""
    asked: tuple[AskedCall, ...]
    passed: tuple[ToolCall, ...] = ()
    """Its other calls, which need nobody's approval."""


class HeldAnswers(Protocol):
    """Where answers wait; shared by all workers. Raises StoreError when the store does not answer."""

    async def keep(self, answer: HeldAnswer, binding: str, principal: str, seconds: float) -> str:
        """Keep ``answer`` for ``principal``, when it repeats the request with this ``binding`` within ``seconds``.

        An answer to the same request that waits already gives way.

        Returns:
            A token for the client: without it nobody can read what is kept, not even from the store.

        Raises:
            ApprovalError: too many answers of this principal wait.
        """
        ...

    async def find(self, token: str, binding: str) -> HeldAnswer | None:
        """The answer; None for an unknown or expired token, or one of another request."""
        ...

    async def forget(self, token: str) -> None:
        """Erase it."""
        ...


class Approvals(Protocol):
    """Where tool calls wait for a person; shared by all workers. Raises StoreError when the store does not answer.

    A caller turns every BartizanError into a block.
    """

    async def request(
        self, decision: ToolDecision, call: ToolCall, session: str, principal: str, on_behalf_of: Sequence[str] = ()
    ) -> str:
        """Ask for ``call``; the id under which it may be redeemed once it is approved.

        The same call of the same session asked again while its request is open gives the same id.

        Raises:
            ApprovalError: there is no approver, the call was denied, too many wait, it is too large to be shown, or
                ``decision`` is not about ``call``.
        """
        ...

    async def redeem(self, approval: str, digest: str, session: str, principal: str) -> bool:
        """True for exactly one caller, and only if ``approval`` was approved for this very call and has not expired.

        Whoever gets True may run the call with this digest once, in this session.
        """
        ...

    async def state(self, approval: str, session: str, principal: str) -> ApprovalState:
        """What became of a request, for the session that made it; EXPIRED for one that is not its own."""
        ...

    async def pending(self) -> tuple[Approval, ...]:
        """Requests that nobody has decided, oldest first."""
        ...

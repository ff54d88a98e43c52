"""A book of approvals with a clock that can be turned, and what goes into it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bartizan.agents.approvals.approvers import Approvers
from bartizan.agents.approvals.book import ApprovalBook
from bartizan.core.event import Event
from bartizan.core.tool import ToolCall, ToolDecision, call_digest
from bartizan.core.verdict import Action
from bartizan.policy.approvals import ApprovalRules, Approver
from bartizan.store.database import open_database
from bartizan.trust.virtual_keys import create_key, key_digest

CAROL_KEY, ALICE_KEY = create_key(), create_key()
CAROL = Approver("carol", key_digest(CAROL_KEY))
ALICE = Approver("Alice", key_digest(ALICE_KEY), principals=("alice-laptop",))
BOTH = Approvers((CAROL, ALICE))
RULES = ApprovalRules()
STORE = "sqlite:///state.db"


class Noted:
    """A recorder that remembers; thread-safe like the journal."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.full = False
        self._lock = threading.Lock()

    def append(self, event: Event) -> None:
        from bartizan.core.errors import JournalError

        with self._lock:
            if self.full:
                raise JournalError("full")
            self.events.append(event)

    async def commit(self) -> None: ...

    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.events]

    def reasons(self) -> list[str]:
        return [event.reason for event in self.events if type(event).__name__ == "ApprovalRefused"]


class Turned:
    """A wall clock."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 27, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def call(to: str = "bob", amount: float = 10, tool: str = "pay", **more: Any) -> ToolCall:
    return ToolCall(id="call_1", tool=tool, arguments={"to": to, "amount": amount, **more})


def asking(asked: ToolCall, **more: Any) -> ToolDecision:
    digest = more.pop("digest") if "digest" in more else call_digest(asked)
    return ToolDecision(
        call=asked.id, tool=asked.tool, action=more.pop("action", Action.ASK), policy="ask_spend",
        reason="The recipient came from an e-mail.", digest=digest, **more,
    )  # fmt: skip


class World:
    """One store, its book, its journal, its clock."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clock = Turned()
        self.noted = Noted()
        self.book = self.another()

    def another(self) -> ApprovalBook:
        """The same store, opened once more, as another worker does."""
        return ApprovalBook(open_database(STORE, self.root), self.noted, self.clock)

    def ask(self, asked: ToolCall | None = None, session: str = "s1", principal: str = "agent", **more: Any) -> str:
        asked = asked or call()
        return self.book.request(
            more.pop("rules", RULES), more.pop("approvers", BOTH), asking(asked), asked, session, principal,
            more.pop("on_behalf_of", ()),
        )  # fmt: skip

    def approve(self, approval: str, asked: ToolCall | None = None, approver: Approver = CAROL) -> None:
        self.book.decide(approval, approver, approve=True, digest=call_digest(asked or call()))

    def redeem(
        self, approval: str, asked: ToolCall | None = None, session: str = "s1", principal: str = "agent"
    ) -> bool:
        return self.book.redeem(approval, call_digest(asked or call()), session, principal)

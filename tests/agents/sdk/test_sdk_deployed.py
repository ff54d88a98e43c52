"""An agent in Python under a deployment's keeper: the kill switch, budgets and the journal reach it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bartizan import open_protection
from bartizan.agents.sdk import ToolRefusedError, guarded_session, guarded_tool
from bartizan.app.quarantining import set_quarantine
from bartizan.core.event import ToolDecided
from bartizan.keeper.ledger import Ledger
from bartizan.keeper.server import KeeperServer
from bartizan.store.database import open_database
from bartizan.telemetry.reader import read_journal
from bartizan.workspace.scaffold import write_workspace
from bartizan.workspace.workspace import Workspace


@guarded_tool
async def read_inbox() -> str:
    """Reads the mails in the inbox."""
    return "nothing new"


@asynccontextmanager
async def keeper_of(workspace: Workspace) -> AsyncIterator[None]:
    ledger = Ledger(open_database(workspace.deployment.store, workspace.root))
    server = KeeperServer(workspace.root / ".bartizan" / "keeper.sock", ledger)
    await server.start()
    try:
        yield
    finally:
        await server.stop()
        ledger.close()


async def refused() -> str:
    with pytest.raises(ToolRefusedError) as caught:
        await read_inbox()
    assert caught.value.decision is not None
    return caught.value.decision.policy


def test_the_keeper_counts_and_stops(tmp_path: Path) -> None:
    root = tmp_path / "ws"
    write_workspace(root)
    text = (root / "policy.yaml").read_text()
    limited = text.replace("session: {calls: 0,", "session: {calls: 4,")
    assert limited != text
    (root / "policy.yaml").write_text(limited)
    workspace = Workspace(root)

    async def run() -> None:
        with open_protection(root) as protection:
            async with keeper_of(workspace):
                with guarded_session(protection, "mailer", on_behalf_of=("ada",)) as session:
                    assert await read_inbox() == "nothing new"
                    for who in ({"session": session.id}, {"principal": "mailer"}, {"principal": "ada"}):
                        await asyncio.to_thread(set_quarantine, workspace, on=True, **who)
                        assert await refused() == "quarantine"
                        await asyncio.to_thread(set_quarantine, workspace, on=False, **who)
                    for _ in range(3):
                        await read_inbox()
                    assert await refused() == "session.calls"
            with guarded_session(protection, "mailer"):
                assert await refused() == "unreachable", "without its keeper nothing runs"

    asyncio.run(run())
    events = [event for event in read_journal(root / ".bartizan" / "journal") if isinstance(event, ToolDecided)]
    assert len(events) == 9
    assert events[0].on_behalf_of == ("ada",)

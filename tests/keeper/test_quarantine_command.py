"""The kill switch from another process, over a real keeper's socket."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from bartizan.app.places import journal_of, keeper_of
from bartizan.app.quarantining import set_quarantine
from bartizan.core.errors import KeeperError
from bartizan.core.event import QuarantineChanged
from bartizan.core.limits import Limits
from bartizan.core.tool_budget import ToolLimits, ToolUse
from bartizan.keeper.ledger import Ledger
from bartizan.keeper.server import KeeperServer
from bartizan.store.database import open_database
from bartizan.telemetry.reader import read_journal
from bartizan.workspace.workspace import Workspace


def use(session: str, principal: str = "app") -> ToolUse:
    return ToolUse(principal=principal, session=session, digest="d")


def test_it_is_in_force_on_every_worker_within_a_second(tmp_path: Path) -> None:
    (tmp_path / "bartizan.yaml").write_text("version: 1\n")
    workspace = Workspace(tmp_path)
    _ = workspace.state

    async def main() -> list[float]:
        ledger = Ledger(open_database(workspace.deployment.store, tmp_path))
        server = KeeperServer(tmp_path / ".bartizan" / "keeper.sock", ledger)
        await server.start()
        workers = [keeper_of(workspace) for _ in range(4)]
        took: list[float] = []
        for worker in workers:
            assert (await worker.admit_call(use("s1"), ToolLimits())).allowed
            assert (await worker.admit("app", Limits())).allowed
        for on in (True, False):
            began = time.monotonic()
            await asyncio.to_thread(set_quarantine, workspace, session="s1", on=on)
            for worker in workers:
                assert (await worker.admit_call(use("s1"), ToolLimits())).allowed is not on
                took.append(time.monotonic() - began)
                assert (await worker.admit_call(use("s2"), ToolLimits())).allowed
        for on in (True, False):
            await asyncio.to_thread(set_quarantine, workspace, principal="app", on=on)
            await asyncio.sleep(0.05)
            for worker in workers:
                assert (await worker.admit_call(use("s2"), ToolLimits())).allowed is not on
                assert (await worker.admit("app", Limits())).allowed is not on
        for worker in workers:
            await worker.close()
        await server.stop()
        ledger.close()
        return took

    took = asyncio.run(main())
    assert max(took) < 5  # the promise is a second; a loaded machine starts threads late
    told = [event for event in read_journal(journal_of(workspace)) if isinstance(event, QuarantineChanged)]
    assert [(event.session, event.principal, event.on) for event in told] == [
        ("s1", "", True), ("s1", "", False), ("", "app", True), ("", "app", False),
    ]  # fmt: skip
    assert all(event.by for event in told)


def test_without_a_keeper_it_is_an_error_and_no_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bartizan.yaml").write_text("version: 1\n")
    workspace = Workspace(tmp_path)
    _ = workspace.state
    monkeypatch.setattr("bartizan.app.quarantining.PATIENCE", 0.1)
    with pytest.raises(KeeperError):
        set_quarantine(workspace, session="s1", on=True)
    assert not journal_of(workspace).exists()

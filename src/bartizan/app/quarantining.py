"""Stops a session or a principal, and lets it go on."""

from __future__ import annotations

import asyncio
import getpass
import os
from typing import Final

from bartizan.app.places import journal_of, keeper_of
from bartizan.core.clock import utc_now
from bartizan.core.errors import KeeperError
from bartizan.core.event import QuarantineChanged
from bartizan.core.ids import new_id
from bartizan.keeper.interface import Keeper, session_target
from bartizan.telemetry.journal import Journal
from bartizan.workspace.workspace import Workspace

PATIENCE: Final = 5.0
"""Seconds within which the keeper must take the change."""


def set_quarantine(workspace: Workspace, *, session: str = "", principal: str = "", on: bool) -> None:
    """Tell the keeper, and record it. When this returns, the keeper has it and has told every worker.

    Args:
        workspace: names the keeper.
        session: id of a session, whoever its principal is; or
        principal: a principal, or ``*`` for everybody.
        on: stop, or let go on.

    Raises:
        KeeperError: the keeper did not take it.
        JournalError: it is in force, but could not be recorded.
    """
    keeper = keeper_of(workspace)
    asyncio.run(_tell(keeper, session_target(session) if session else principal, on))
    journal = Journal(journal_of(workspace), f"quarantine{os.getpid()}", workspace.deployment.journal)
    try:
        journal.append(
            QuarantineChanged(
                id=new_id("evt"), at=utc_now(), principal=principal, session=session, on=on, by=_somebody()
            )
        )
    finally:
        journal.close()


async def _tell(keeper: Keeper, target: str, on: bool) -> None:
    end = asyncio.get_running_loop().time() + PATIENCE
    try:
        while True:
            try:
                await (keeper.quarantine(target) if on else keeper.release(target))
            except KeeperError:
                if asyncio.get_running_loop().time() > end:
                    raise
                await asyncio.sleep(0.1)
            else:
                return
    finally:
        await keeper.close()


def _somebody() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())

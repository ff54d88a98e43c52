"""Sinks: from the workspace's settings to shippers that run in the telemetry process."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Final

from bartizan.app.events import locked
from bartizan.app.places import journal_of
from bartizan.app.sink_kinds import plans
from bartizan.app.sink_parts import Planned
from bartizan.core.errors import ConfigurationError
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.metrics import Registry
from bartizan.telemetry.sinks.alarm import Alarm
from bartizan.telemetry.sinks.shipper import Meters, Shipper
from bartizan.workspace.workspace import Workspace

WRITER: Final = "sinks"
"""Of what the journal holds about sinks."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def planned_sinks(workspace: Workspace) -> list[Planned]:
    """The sinks of a deployment. Raises ConfigurationError for names and numbers that cannot be."""
    found = list(plans(workspace))
    for problem in _problems(found):
        raise problem
    return found


def sink_problems(workspace: Workspace, *, secrets: bool) -> Iterator[ConfigurationError]:
    """All that would keep the sinks of a deployment from starting; nothing is connected to.

    Args:
        workspace: with the deployment.
        secrets: also read each secret.
    """
    found = list(plans(workspace, secrets=secrets))
    yield from _problems(found)
    for plan in found:
        try:
            plan.build()
        except ConfigurationError as error:
            yield error


def _problems(found: list[Planned]) -> Iterator[ConfigurationError]:
    seen: set[str] = set()
    for plan in found:
        if _NAME.fullmatch(plan.name) is None:
            hint = "letters, digits, '.', '_', '-'"
            yield plan.section.error("name", f"{plan.name[:80]!r} cannot be a name", hint)
        if plan.name in seen:
            yield plan.section.error("name", f"two sinks are called {plan.name[:80]}")
        seen.add(plan.name)
        if plan.delivery.linger_seconds > 3_600:
            yield plan.section.error("delivery.linger_seconds", "linger_seconds is 0 to 3600")


def folder_of(workspace: Workspace, name: str) -> Path:
    """Where a sink keeps its place and its dead letter."""
    return workspace.state / "sinks" / name


@asynccontextmanager
async def shipping(workspace: Workspace, registry: Registry) -> AsyncIterator[None]:
    """While inside, the sinks of the deployment run.

    Raises:
        ConfigurationError: a sink cannot be built, or another process runs the sinks of this workspace.
        JournalError: the journal cannot be written to.
    """
    planned = planned_sinks(workspace)
    if not planned:
        yield
        return
    with (
        locked(workspace.state / "sinks.lock", "shipping to sinks"),
        closing(Journal(journal_of(workspace), WRITER, workspace.deployment.journal)) as journal,
    ):
        meters = Meters(registry)
        shippers = []
        for plan in planned:
            folder = folder_of(workspace, plan.name)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            shippers.append(
                Shipper(
                    plan.name,
                    journal_of(workspace),
                    folder,
                    plan.build(),
                    plan.writer(),
                    plan.delivery,
                    meters,
                    Alarm(plan.name, journal),
                )
            )
        tasks = [asyncio.create_task(shipper.run()) for shipper in shippers]
        tasks.append(asyncio.create_task(_rotating(journal)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _rotating(journal: Journal) -> None:
    while True:
        await asyncio.sleep(1.0)
        journal.rotate_if_due()

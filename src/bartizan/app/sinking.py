"""Sinks: from the workspace's settings to shippers that run in the telemetry process."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from bartizan.app.events import locked
from bartizan.app.places import journal_of
from bartizan.app.sink_kinds import Planned, plans
from bartizan.core.errors import ConfigurationError
from bartizan.telemetry.mappings import formatter
from bartizan.telemetry.metrics import Registry
from bartizan.telemetry.sinks.shipper import Meters, Shipper
from bartizan.workspace.sinks import Delivery
from bartizan.workspace.workspace import DEPLOYMENT, Workspace

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def planned_sinks(workspace: Workspace) -> list[Planned]:
    """The sinks of a deployment. Raises ConfigurationError for names and numbers that cannot be."""
    found = list(plans(workspace))
    seen: set[str] = set()
    for plan in found:
        place = f"{DEPLOYMENT}: sinks.{plan.kind}"
        if _NAME.fullmatch(plan.name) is None:
            raise ConfigurationError(f"{place}: {plan.name[:80]!r} cannot be a name", "letters, digits, '.', '_', '-'")
        if plan.name in seen:
            raise ConfigurationError(f"{place}: two sinks are called {plan.name}")
        seen.add(plan.name)
        _check_delivery(place, plan.delivery)
    return found


def _check_delivery(place: str, delivery: Delivery) -> None:
    for setting in ("batch_records", "batch_bytes", "timeout_seconds", "retry_seconds", "retry_most_seconds"):
        if not 0 < getattr(delivery, setting) < 1e9:
            raise ConfigurationError(f"{place}: delivery.{setting} must be more than 0")


def folder_of(workspace: Workspace, name: str) -> Path:
    """Where a sink keeps its place and its dead letter."""
    return workspace.state / "sinks" / name


@asynccontextmanager
async def shipping(workspace: Workspace, registry: Registry) -> AsyncIterator[None]:
    """While inside, the sinks of the deployment run.

    Raises:
        ConfigurationError: a sink cannot be built, or another process runs the sinks of this workspace.
    """
    planned = planned_sinks(workspace)
    if not planned:
        yield
        return
    with locked(workspace.state / "sinks.lock", "shipping to sinks"):
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
                    formatter(plan.format),
                    plan.delivery,
                    meters,
                )
            )
        tasks = [asyncio.create_task(shipper.run()) for shipper in shippers]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

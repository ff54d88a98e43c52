"""Runs ``async def`` tests without a plugin."""

from __future__ import annotations

import asyncio
import inspect
import sys
from pathlib import Path

import pytest

# Helpers are shared between the two folders: plain modules, no packages.
sys.path.extend(
    str(Path(__file__).parents[1] / folder) for folder in ("firewall", "integration", "keeper", "telemetry")
)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine test in a loop of its own; it fails if it leaves a task behind."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    asyncio.run(_alone(pyfuncitem, arguments))
    return True


async def _alone(item: pytest.Function, arguments: dict[str, object]) -> None:
    await item.obj(**arguments)
    for _ in range(20):
        await asyncio.sleep(0.01)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        if not left:
            return
    raise AssertionError(f"tasks left behind: {left}")

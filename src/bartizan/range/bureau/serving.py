"""Runs the bureau on loopback."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from aiohttp import web

from bartizan.core.errors import ConfigurationError
from bartizan.range.bureau.records import Records
from bartizan.range.bureau.weaknesses import Measure, Weakness
from bartizan.range.bureau.web import BureauSite


@contextlib.asynccontextmanager
async def running_bureau(
    known: Records, holes: tuple[Weakness, ...], measures: frozenset[Measure] = frozenset(), port: int = 0
) -> AsyncIterator[tuple[BureauSite, str]]:
    """The site and its URL, ended with the context.

    Args:
        known: what this bureau keeps to itself.
        holes: the weaknesses that are open.
        measures: what was done about the others.
        port: 0 for any.

    Raises:
        ConfigurationError: the port is taken.
    """
    site = BureauSite(known, holes, measures)
    runner = web.AppRunner(site.application(), access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
        except OSError as error:
            raise ConfigurationError(f"cannot listen on port {port}: {error.strerror}") from error
        host, taken = runner.addresses[0][:2]
        yield site, f"http://{host}:{taken}"
    finally:
        await runner.cleanup()

"""Runs the bureau on loopback."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from bartizan.range.bureau.records import Records
from bartizan.range.bureau.weaknesses import Measure, Weakness
from bartizan.range.bureau.web import BureauSite
from bartizan.range.serving import serving


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
    async with serving(site.application(), port) as url:
        yield site, url

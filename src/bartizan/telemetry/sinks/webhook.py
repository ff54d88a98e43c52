"""A webhook: a POST with one record a line (NDJSON); any status of success means that all of them arrived."""

from __future__ import annotations

from collections.abc import Sequence

from bartizan.telemetry.sinks.http import Poster
from bartizan.telemetry.sinks.interface import Item, Outcome


class Webhook:
    """Sends to one address.

    Args:
        poster: to the address.
    """

    def __init__(self, poster: Poster) -> None:
        self._poster = poster

    async def send(self, items: Sequence[Item]) -> Outcome:
        """See ``Sink.send``."""
        body = b"".join(text + b"\n" for item in items for text in item.texts)
        self._poster.accept(await self._poster.post(body))
        return Outcome()

    async def idle(self) -> None:
        """See ``Sink.idle``."""

    async def close(self) -> None:
        """See ``Sink.close``."""
        await self._poster.close()

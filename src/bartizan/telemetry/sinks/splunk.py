"""Splunk's HTTP Event Collector (HEC), event endpoint: JSON objects one after the other."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bartizan.telemetry.sinks.http import Poster
from bartizan.telemetry.sinks.interface import Item, Outcome, RefusedError, SinkError
from bartizan.workspace.sinks import SplunkSink

_ABOUT_CONTENT = frozenset({5, 6, 12, 13, 15})
"""HEC codes: no data, invalid format, event field required, event field blank, error in handling indexed fields."""


class _Reply(msgspec.Struct):
    code: int = -1


class Splunk:
    """Sends to one collector; delivered is what it answers with 200 and code 0.

    Args:
        settings: index, source and source type of the events.
        poster: to the collector, with the token.
    """

    def __init__(self, settings: SplunkSink, poster: Poster) -> None:
        self._settings = settings
        self._poster = poster

    async def send(self, items: Sequence[Item]) -> Outcome:
        """See ``Sink.send``."""
        answer = await self._poster.post(b"\n".join(self._event(item, text) for item in items for text in item.texts))
        try:
            code = msgspec.json.decode(answer.body, type=_Reply).code
        except (msgspec.DecodeError, UnicodeDecodeError):
            code = -1
        if answer.status == 200 and code == 0:
            return Outcome()
        if answer.status == 413 or (answer.status == 400 and code in _ABOUT_CONTENT):
            raise RefusedError(f"the collector answered {answer.status} with code {code}")
        raise SinkError(f"the collector answered {answer.status} with code {code}")

    def _event(self, item: Item, text: bytes) -> bytes:
        settings = self._settings
        event: dict[str, object] = {
            "time": round(item.at.timestamp(), 6),
            "source": "bartizan",
            "sourcetype": settings.sourcetype or f"bartizan:{settings.format}",
            "fields": {"event_id": item.id},
        }
        if settings.host:
            event["host"] = settings.host
        if settings.index:
            event["index"] = settings.index
        structured = settings.format not in ("cef", "leef")
        event["event"] = msgspec.Raw(text) if structured else text.decode("utf-8", "replace")
        return msgspec.json.encode(event)

    async def idle(self) -> None:
        """See ``Sink.idle``."""

    async def close(self) -> None:
        """See ``Sink.close``."""
        await self._poster.close()

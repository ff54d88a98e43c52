"""Splunk's HTTP Event Collector (HEC), event endpoint: JSON objects one after the other."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from typing import Final

import msgspec

from bartizan.telemetry.sinks.http import Poster
from bartizan.telemetry.sinks.interface import Item, Outcome, RefusedError, SinkError
from bartizan.workspace.sinks import SplunkSink

_ABOUT_CONTENT = frozenset({5, 6, 12, 13, 15})
"""HEC codes: no data, invalid format, event field required, event field blank, error in handling indexed fields."""


_CHANNEL: Final = "X-Splunk-Request-Channel"
_FIRST_LOOK: Final = 0.2
_LONGEST_LOOK: Final = 5.0
"""Seconds between two questions whether a batch is indexed: they double."""


class _Reply(msgspec.Struct):
    code: int = -1
    number: int | None = msgspec.field(default=None, name="ackId")


class _Indexed(msgspec.Struct):
    acks: dict[str, bool] = {}


class Splunk:
    """Sends to one collector; delivered is what it answers with 200 and code 0.

    With somebody to ask, delivered is what its indexers have written: 200 alone is said before that, and what is lost
    on the way in between is lost. Source: Splunk, "About HTTP Event Collector Indexer Acknowledgment".

    Args:
        settings: index, source and source type of the events.
        poster: to the collector, with the token.
        asking: to where it says what is indexed, with the token; None to take its 200 for it.
    """

    def __init__(self, settings: SplunkSink, poster: Poster, asking: Poster | None = None) -> None:
        self._settings = settings
        self._poster = poster
        self._asking = asking
        self._channel = str(uuid.uuid4())
        """Names this sender: the collector numbers what it took for each channel."""

    async def send(self, items: Sequence[Item]) -> Outcome:
        """See ``Sink.send``."""
        body = b"\n".join(self._event(item, text) for item in items for text in item.texts)
        asking = self._asking
        answer = await self._poster.post(body, headers=None if asking is None else {_CHANNEL: self._channel})
        try:
            reply = msgspec.json.decode(answer.body, type=_Reply)
        except (msgspec.DecodeError, UnicodeDecodeError):
            reply = _Reply()
        code = reply.code
        if answer.status == 200 and code == 0:
            if asking is not None:
                await self._indexed(asking, reply.number)
            return Outcome()
        if answer.status == 413 or (answer.status == 400 and code in _ABOUT_CONTENT):
            raise RefusedError(f"the collector answered {answer.status} with code {code}")
        raise SinkError(f"the collector answered {answer.status} with code {code}")

    async def _indexed(self, asking: Poster, number: int | None) -> None:
        """Wait until what was numbered so is indexed. Who calls bounds the time, and sends again. Raises SinkError."""
        if number is None:
            raise SinkError("the collector gave no ackId", "switch indexer acknowledgement on for the token")
        question, look = msgspec.json.encode({"acks": [number]}), _FIRST_LOOK
        while True:
            answer = await asking.post(question, headers={_CHANNEL: self._channel})
            try:
                acks = msgspec.json.decode(answer.body, type=_Indexed).acks if answer.status == 200 else None
            except (msgspec.DecodeError, UnicodeDecodeError):
                acks = None
            if acks is None:
                raise SinkError(f"the collector answered {answer.status} to the question what is indexed")
            if acks.get(str(number), False):
                return
            await asyncio.sleep(look)
            look = min(look * 2, _LONGEST_LOOK)

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
        if self._asking is not None:
            await self._asking.close()

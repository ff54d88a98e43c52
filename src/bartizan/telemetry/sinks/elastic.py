"""Elasticsearch's bulk API. It answers 200 although items failed, so each item's own status is read."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bartizan.telemetry.sinks.http import Poster
from bartizan.telemetry.sinks.interface import Item, Outcome, SinkError

_LONGEST_REASON = 300


class _Error(msgspec.Struct):
    type: str = ""
    reason: str | None = None


class _Result(msgspec.Struct):
    status: int
    error: _Error | None = None


class _Reply(msgspec.Struct):
    items: list[dict[str, _Result]]


class Elastic:
    """Creates documents in one data stream or index.

    The id of a document is the id of the event, so that what is sent twice is kept once: 409 means that it is there.

    Args:
        index: name of the data stream or index.
        poster: to ``URL/_bulk``.
    """

    def __init__(self, index: str, poster: Poster) -> None:
        self._index = index
        self._poster = poster

    async def send(self, items: Sequence[Item]) -> Outcome:
        """See ``Sink.send``."""
        body = bytearray()
        owners: list[int] = []
        for place, item in enumerate(items):
            for number, text in enumerate(item.texts):
                name = item.id if number == 0 else f"{item.id}-{number}"
                body += msgspec.json.encode({"create": {"_index": self._index, "_id": name}}) + b"\n" + text + b"\n"
                owners.append(place)
        if not owners:
            return Outcome()
        answer = await self._poster.post(bytes(body))
        self._poster.accept(answer)
        try:
            reply = msgspec.json.decode(answer.body, type=_Reply)
            results = [result for item in reply.items for result in item.values()]
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise SinkError("the answer is not one of the bulk API", "check the URL") from None
        if len(results) != len(owners):
            raise SinkError("the answer does not speak of every record")
        return _judge(owners, results)

    async def idle(self) -> None:
        """See ``Sink.idle``."""

    async def close(self) -> None:
        """See ``Sink.close``."""
        await self._poster.close()


def _judge(owners: Sequence[int], results: Sequence[_Result]) -> Outcome:
    rejected: dict[int, str] = {}
    again: set[int] = set()
    for place, result in zip(owners, results, strict=True):
        if (200 <= result.status < 300 and result.error is None) or result.status == 409:
            continue
        error = result.error or _Error()
        # Of the 4xx, 400 and 413 speak of the document; 401, 403, 404 and 429 of rights, the index and the load.
        if result.status in (400, 413):
            rejected[place] = f"{result.status} {error.type}: {error.reason or ''}"[:_LONGEST_REASON]
        else:
            again.add(place)
    return Outcome(rejected, sorted(again - rejected.keys()))

"""OTLP over HTTP with protobuf bodies (https://opentelemetry.io/docs/specs/otlp): log records, or spans."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

from bartizan.telemetry.mappings import load_mapping
from bartizan.telemetry.sinks import protobuf as pb
from bartizan.telemetry.sinks.http import Poster
from bartizan.telemetry.sinks.interface import Item, Outcome, SinkError
from bartizan.telemetry.sinks.otlp_records import key_value

_LONGEST_REASON: Final = 300


class Otlp:
    """Sends to one receiver.

    A receiver can answer 200 and say that it rejected some records of a batch, but not which, and forbids to send the
    batch again. All of it then goes to the dead letter: what was rejected is in there.

    Args:
        signal: ``logs`` or ``traces``; the texts of items are LogRecord or Span messages.
        poster: to the receiver's address for it.
    """

    def __init__(self, signal: str, poster: Poster) -> None:
        self._poster = poster
        self._name = "log records" if signal == "logs" else "spans"
        resource = pb.data(1, key_value("service.name", "bartizan"))
        resource += pb.data(1, key_value("service.version", version("bartizan")))
        resource += pb.data(1, key_value("host.name", socket.gethostname()))
        mapping = key_value("bartizan.mapping.version", load_mapping("otel").version)
        scope = pb.text(1, "bartizan") + pb.text(2, version("bartizan")) + pb.data(3, mapping)
        self._resource = pb.data(1, resource)
        self._scope = pb.data(1, scope)

    async def send(self, items: Sequence[Item]) -> Outcome:
        """See ``Sink.send``."""
        messages = [text for item in items for text in item.texts]
        if not messages:
            return Outcome()
        scoped = self._scope + b"".join(pb.data(2, message) for message in messages)
        answer = await self._poster.post(pb.data(1, self._resource + pb.data(2, scoped)))
        self._poster.accept(answer)
        try:
            rejected, reason = _partial(answer.body)
        except ValueError:
            raise SinkError(f"{self._poster.place}: the answer is not one of OTLP", "check the URL") from None
        if not rejected:
            return Outcome()
        text = f"the receiver rejected {rejected} of {len(messages)} {self._name} and does not say which: {reason}"
        return Outcome({place: text[:_LONGEST_REASON] for place, item in enumerate(items) if item.texts})

    async def idle(self) -> None:
        """See ``Sink.idle``."""

    async def close(self) -> None:
        """See ``Sink.close``."""
        await self._poster.close()


def _partial(body: bytes) -> tuple[int, str]:
    """How many were rejected, and why. Raises ValueError."""
    rejected, reason = 0, ""
    for number, value in pb.fields(body):
        if number == 1 and isinstance(value, bytes):
            for inner, content in pb.fields(value):
                if inner == 1 and isinstance(content, int):
                    rejected = content
                elif inner == 2 and isinstance(content, bytes):
                    reason = content.decode("utf-8", "replace")
    return rejected, "".join(c if c.isprintable() else " " for c in reason[:_LONGEST_REASON])

"""Kafka: an idempotent producer that waits for all replicas in sync (``acks=all``)."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bartizan.core.errors import ConfigurationError
from bartizan.telemetry.sinks.interface import Item, Outcome, RefusedError, SinkError
from bartizan.workspace.sinks import KafkaSink

if TYPE_CHECKING:
    from aiokafka import AIOKafkaProducer


class Kafka:
    """Produces to one topic. The key of a message is the event's id: a compacted topic keeps it once.

    Args:
        settings: where to.
        context: for TLS; None for plain TCP.
        password: for SASL, or empty.

    Raises:
        ConfigurationError: the client library is not installed.
    """

    def __init__(self, settings: KafkaSink, context: ssl.SSLContext | None, password: str) -> None:
        try:
            import aiokafka  # noqa: F401
        except ImportError:
            raise ConfigurationError("sinks.kafka needs its client", "pip install 'bartizan[kafka]'") from None
        self._settings = settings
        self._context = context
        self._password = password
        self._producer: AIOKafkaProducer | None = None
        self._ending: asyncio.Future[None] | None = None

    async def send(self, items: Sequence[Item]) -> Outcome:
        """See ``Sink.send``."""
        from aiokafka.errors import MessageSizeTooLargeError

        try:
            producer = await self._started()
            sent = [asyncio.ensure_future(self._produce(producer, item)) for item in items]
            try:
                results = await asyncio.gather(*sent, return_exceptions=True)
            finally:
                for one in sent:
                    one.cancel()
        except asyncio.CancelledError:
            self._drop()
            raise
        failed = {place: result for place, result in enumerate(results) if isinstance(result, BaseException)}
        if not failed:
            return Outcome()
        large = [place for place, error in failed.items() if isinstance(error, MessageSizeTooLargeError)]
        if len(large) == len(items):  # a broker speaks of a whole batch, whose records are tried one by one
            raise RefusedError(f"{self._place}: longer than the largest message that is allowed")
        if len(large) < len(failed):
            await self.close()
            if len(failed) == len(items):
                raise SinkError(f"{self._place}: {_words(next(iter(failed.values())))}")
        return Outcome(again=list(failed))

    async def _produce(self, producer: AIOKafkaProducer, item: Item) -> None:
        headers = [("bartizan-kind", item.kind.encode())]
        at = max(0, int(item.at.timestamp() * 1_000))
        for number, text in enumerate(item.texts):
            key = item.id if number == 0 else f"{item.id}-{number}"
            taken = await producer.send(self._settings.topic, text, key=key.encode(), headers=headers, timestamp_ms=at)
            await taken

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is not None:
            return self._producer
        from aiokafka import AIOKafkaProducer

        settings = self._settings
        options: dict[str, Any] = {}
        if settings.user:
            options |= {"sasl_mechanism": settings.mechanism, "sasl_plain_username": settings.user}
            options["sasl_plain_password"] = self._password
        secured = {(False, False): "PLAINTEXT", (True, False): "SSL", (False, True): "SASL_PLAINTEXT"}
        producer = AIOKafkaProducer(
            bootstrap_servers=list(settings.brokers),
            client_id="bartizan",
            acks="all",
            enable_idempotence=True,
            compression_type="gzip" if settings.gzip else None,
            max_batch_size=262_144,
            linger_ms=5,
            request_timeout_ms=max(1_000, int(settings.delivery.timeout_seconds * 1_000)),
            security_protocol=secured.get((self._context is not None, bool(settings.user)), "SASL_SSL"),
            ssl_context=self._context,
            **options,
        )
        self._producer = producer
        try:
            await producer.start()
        except Exception as error:
            await self.close()
            raise SinkError(f"{self._place}: {_words(error)}") from None
        return producer

    def _drop(self) -> None:
        """Leave the producer to end by itself: a broker that hangs must not hold us up."""
        producer, self._producer = self._producer, None
        if producer is not None:
            self._ending = asyncio.ensure_future(_stopped(producer))

    @property
    def _place(self) -> str:
        return ",".join(self._settings.brokers)[:200]

    async def idle(self) -> None:
        """See ``Sink.idle``."""

    async def close(self) -> None:
        """See ``Sink.close``."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await _stopped(producer)


async def _stopped(producer: AIOKafkaProducer) -> None:
    with contextlib.suppress(Exception):
        await asyncio.wait_for(producer.stop(), 2)


def _words(error: BaseException) -> str:
    """The kind of failure; never the text, which a broker may have written."""
    return type(error).__name__

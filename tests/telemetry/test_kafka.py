from __future__ import annotations

import asyncio
import json
from pathlib import Path

import msgspec
import pytest
from shipping import FAST, running, shipper, until, write

from bartizan.telemetry.sinks.kafka import Kafka
from bartizan.telemetry.sinks.state import buried
from bartizan.workspace.sinks import KafkaSink

aiokafka = pytest.importorskip("aiokafka")
SLOW = msgspec.structs.replace(FAST, timeout_seconds=20.0)


def test_a_broker_has_each_record_once_under_its_id(tmp_path: Path) -> None:
    """librdkafka's mock broker: another implementation of the protocol, over TCP. One record is too long."""
    confluent_kafka = pytest.importorskip("confluent_kafka")
    cluster = confluent_kafka.Producer({"bootstrap.servers": "none:1", "test.mock.num.brokers": 1, "log_level": 0})
    (broker,) = cluster.list_topics(timeout=10).brokers.values()
    place = f"{broker.host}:{broker.port}"
    names = write(tmp_path / "journal", 100)
    write(tmp_path / "journal", 1, writer="long", route="r" * 1_200_000)
    names += write(tmp_path / "journal", 20, 100)
    settings = KafkaSink(name="s", brokers=(place,), topic="audit", tls=False)
    one = shipper(tmp_path, Kafka(settings, None, ""), SLOW)

    async def run() -> None:
        async with running(one):
            await until(lambda: one.state.delivered == 120 and buried(tmp_path / "sink") == 1, 30)
        reader = aiokafka.AIOKafkaConsumer("audit", bootstrap_servers=place, auto_offset_reset="earliest")
        await reader.start()
        got = []
        async with asyncio.timeout(20):
            while len(got) < 120:
                got += [m for part in (await reader.getmany(timeout_ms=200)).values() for m in part]
        await reader.stop()
        assert sorted(json.loads(message.value)["request"] for message in got) == sorted(names)
        assert all(json.loads(message.value)["id"].encode() == message.key for message in got)
        assert dict(got[0].headers) == {"bartizan-kind": b"request.accepted"}

    asyncio.run(run())


def test_a_broker_that_is_not_there_or_refuses_is_said_without_its_words(tmp_path: Path) -> None:
    write(tmp_path / "journal", 1)
    settings = KafkaSink(name="s", brokers=("127.0.0.1:1",), tls=False)
    one = shipper(tmp_path, Kafka(settings, None, ""), SLOW)

    async def run() -> None:
        async with running(one):
            await until(lambda: one.state.error, 10)
        assert one.state.error == "127.0.0.1:1: KafkaConnectionError"

    asyncio.run(run())


def test_a_broker_that_says_nothing_holds_up_nobody(tmp_path: Path) -> None:
    write(tmp_path / "journal", 1)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        settings = KafkaSink(name="s", brokers=(place,), tls=False)
        one = shipper(tmp_path, Kafka(settings, None, ""), msgspec.structs.replace(SLOW, timeout_seconds=0.3))
        async with running(one):
            await until(lambda: one.state.error, 5)
        assert one.state.delivered == 0
        server.close()

    asyncio.run(run())

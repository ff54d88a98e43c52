from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bartizan.core.errors import ConfigurationError, KeeperError
from bartizan.core.limits import Budget, Cooldown, Limits, RateLimit
from bartizan.keeper import connection as connection_module
from bartizan.keeper import messages as m
from bartizan.keeper import server as server_module
from bartizan.keeper import state as state_module
from bartizan.keeper.client import SocketKeeper
from bartizan.keeper.frames import FrameBuffer, frame
from bartizan.keeper.interface import Snapshot
from bartizan.keeper.ledger import Ledger
from bartizan.keeper.open import keeper_socket, open_keeper
from bartizan.keeper.server import KeeperServer
from bartizan.keeper.valkey import ValkeyKeeper
from bartizan.store.database import StoreError, open_database

BUDGET = Limits(budget=Budget(requests=1000))
PROCESS = """
import asyncio, pathlib, sys
from bartizan.keeper.server import serve_keeper
root = pathlib.Path(sys.argv[1])
asyncio.run(serve_keeper(root / "keeper.sock", "sqlite:///state.db", root))
"""


@contextmanager
def keeper_process(root: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", PROCESS, str(root)])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def connected(path: Path, seconds: float = 20) -> SocketKeeper:
    client = SocketKeeper(path)
    until = time.monotonic() + seconds
    while True:
        try:
            await client.admit("nobody", Limits())
            return client
        except KeeperError:
            if time.monotonic() > until:
                raise


def ledger(root: Path) -> Ledger:
    return Ledger(open_database("sqlite:///state.db", root))


async def raw(path: Path, data: bytes) -> bytes:
    """Send bytes, return everything until the server closes or is quiet."""
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(data)
    received = b""
    try:
        while block := await asyncio.wait_for(reader.read(65536), 0.25):
            received += block
            if received.count(b"Alive") > 1:
                break
        else:
            received += b"CLOSED"
    except TimeoutError:
        pass
    except ConnectionResetError:
        received += b"CLOSED"
    writer.close()
    return received


def test_socket_is_private_and_gone_after_the_stop(tmp_path: Path) -> None:
    async def main() -> None:
        path = tmp_path / "state" / "keeper.sock"
        server = KeeperServer(path)
        await server.start()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        with pytest.raises(KeeperError, match="another keeper"):
            await KeeperServer(path).start()
        client = await connected(path)
        await client.close()
        await server.stop()
        assert not path.exists()
        with pytest.raises(KeeperError, match="closed"):
            await client.current_snapshot()

    asyncio.run(main())


def test_socket_in_a_very_deep_workspace(tmp_path: Path) -> None:
    async def main() -> None:
        path = tmp_path / ("deep" * 20) / ("deeper" * 20) / "keeper.sock"
        server = KeeperServer(path)
        await server.start()
        client = await connected(path)
        await client.close()
        await server.stop()

    asyncio.run(main())


def test_unusable_places_are_keeper_errors(tmp_path: Path) -> None:
    async def main() -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(KeeperError):
            await KeeperServer(tmp_path / "file" / "keeper.sock").start()
        (tmp_path / "busy.sock").mkdir()
        with pytest.raises(KeeperError):
            await KeeperServer(tmp_path / "busy.sock").start()

    asyncio.run(main())


def test_garbage_closes_only_its_own_connection(tmp_path: Path) -> None:
    ok = msgspec.msgpack.encode(m.Ping(1))
    hostile = [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\0\0\0\0",
        b"\xff\xff\xff\xff",
        frame(b"\xc1"),
        frame(ok + b"\0"),
        frame(b"\x81\xa1a\x01"),
        frame(msgspec.msgpack.encode(["Admit", 1, "x", {}, -1, 0.0, False])),
        frame(msgspec.msgpack.encode(["Admit", 1, "x" * 600, {}, 1, 0.0, False])),
        frame(msgspec.msgpack.encode(["Admit", 1, "x", {"unknown": 1}, 1, 0.0, False])),
        frame(msgspec.msgpack.encode(["Nonsense", 1])),
        frame(b"\x91" * 5000),
    ]

    async def main() -> None:
        path = tmp_path / "keeper.sock"
        server = KeeperServer(path)
        await server.start()
        client = await connected(path)
        for data in hostile:
            assert (await raw(path, data)).endswith(b"CLOSED"), data
            assert (await client.admit("alice", BUDGET)).allowed
        assert not (await raw(path, b"\0\0")).endswith(b"CLOSED")
        assert b"Done" in await raw(path, frame(ok))
        await client.close()
        await server.stop()

    asyncio.run(main())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.binary(max_size=80), st.binary(max_size=80).map(lambda data: frame(data or b"x")))))
def test_fuzzed_bytes_never_raise_out_of_a_connection(pieces: list[bytes]) -> None:
    class Sink(asyncio.Transport):
        closed = False

        def abort(self) -> None:
            self.closed = True

        def is_closing(self) -> bool:
            return self.closed

        def get_write_buffer_size(self) -> int:
            return 0

        def write(self, data: bytes | bytearray | memoryview[int]) -> None:
            assert FrameBuffer().feed(bytes(data))

    server = KeeperServer(Path("/nowhere"))
    connection = server._connection()
    connection.connection_made(Sink())
    for piece in pieces:
        connection.data_received(piece)
    connection.connection_lost(None)


def test_connections_and_waits_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "MAX_CONNECTIONS", 3)
    monkeypatch.setattr(connection_module, "MAX_WAITING", 2)
    monkeypatch.setattr(server_module, "MAX_WAITING", 2)

    async def main() -> None:
        path = tmp_path / "keeper.sock"
        server = KeeperServer(path)
        await server.start()
        waits = b"".join(frame(msgspec.msgpack.encode(m.GetSnapshot(number, 5))) for number in range(1, 5))
        assert (await raw(path, waits)).count(b"Failed") == 2
        clients = [await connected(path) for _ in range(3)]
        assert (await raw(path, b"")).endswith(b"CLOSED")
        for client in clients:
            await client.close()
        await server.stop()

    asyncio.run(main())


def test_worker_that_does_not_read_is_slowed_then_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "MAX_UNSENT_BYTES", 1_000_000)

    async def main() -> None:
        path = tmp_path / "keeper.sock"
        server = KeeperServer(path)
        await server.start()
        client = await connected(path)
        await client.publish(Snapshot(1, "d", b"x" * 600_000))
        deaf = socket.socket(socket.AF_UNIX)
        deaf.connect(str(path))
        deaf.setblocking(False)
        asked = frame(msgspec.msgpack.encode(m.GetSnapshot(1)))
        for _ in range(50):
            try:
                deaf.send(asked * 20)
            except (BlockingIOError, BrokenPipeError):
                break
            await asyncio.sleep(0.005)
        for connection in server._connections:
            transport = connection._transport
            assert transport is None or transport.get_write_buffer_size() < 2_500_000
        assert (await client.admit("alice", BUDGET)).allowed
        deaf.close()
        await client.close()
        await server.stop()

    asyncio.run(main())


def test_snapshot_beyond_a_frame_is_a_plain_error(tmp_path: Path) -> None:
    async def main() -> None:
        path = tmp_path / "keeper.sock"
        server = KeeperServer(path)
        await server.start()
        client = await connected(path)
        with pytest.raises(KeeperError, match="too long"):
            await client.publish(Snapshot(1, "d", b"x" * 17_000_000))
        large = Snapshot(1, "d", b"x" * 8_000_000)
        await client.publish(large)
        assert await client.current_snapshot() == large
        await client.close()
        await server.stop()

    asyncio.run(main())


def test_a_limit_that_no_policy_can_hold_ends_the_connection_and_nothing_else(tmp_path: Path) -> None:
    async def main() -> None:
        path = tmp_path / "keeper.sock"
        server = KeeperServer(path)
        await server.start()
        client = await connected(path)
        with pytest.raises(KeeperError, match="broke"):
            await client.admit("alice", Limits(rate=RateLimit(1, 0.0)))
        await client.settle("alice", BUDGET, 1, 1e300)
        assert (await client.admit("alice", BUDGET)).allowed
        await client.close()
        await server.stop()

    asyncio.run(main())


def test_budget_outlives_a_regular_stop_exactly(tmp_path: Path) -> None:
    async def main() -> None:
        path = tmp_path / "keeper.sock"
        for round_number in range(3):
            book = ledger(tmp_path)
            server = KeeperServer(path, book)
            await server.start()
            client = await connected(path)
            for _ in range(100):
                assert (await client.admit("alice", Limits(budget=Budget(requests=300)))).allowed
            if round_number == 2:
                assert not (await client.admit("alice", Limits(budget=Budget(requests=300)))).allowed
            await client.close()
            await server.stop()
            book.close()

    asyncio.run(main())


def test_killed_keeper_loses_at_most_a_second_and_never_doubles(tmp_path: Path) -> None:
    """One client spends steadily while the keeper is killed again and again; the sums are read from the store."""
    limits = Limits(budget=Budget(requests=10**9, window="month"))
    spent_at: list[float] = []

    async def spend(seconds: float) -> None:
        client = await connected(tmp_path / "keeper.sock")
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                await client.admit("alice", limits)
                spent_at.append(time.monotonic())
            except KeeperError:
                break
            await asyncio.sleep(0.002)
        await client.close()

    def stored() -> int:
        book = ledger(tmp_path)
        rows = [row for row in book.load(time.time(), 10) if row.principal == "alice"]
        book.close()
        return rows[0].requests if rows else 0

    known = 0
    for seconds in (0.3, 2.6):
        spent_at.clear()
        with keeper_process(tmp_path) as process:
            asyncio.run(spend(seconds))
            killed = time.monotonic()
            process.kill()
            process.wait()
        now = stored()
        safe = sum(moment < killed - 2.0 for moment in spent_at)  # a second, and slack for a loaded machine
        assert known + safe <= now <= known + len(spent_at)
        known = now
    assert known > 0


def test_sigterm_saves_everything(tmp_path: Path) -> None:
    async def main() -> None:
        client = await connected(tmp_path / "keeper.sock")
        for _ in range(7):
            await client.admit("alice", BUDGET, 10)
        await client.close()

    with keeper_process(tmp_path) as process:
        asyncio.run(main())
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert not (tmp_path / "keeper.sock").exists()
    book = ledger(tmp_path)
    (row,) = book.load(time.time(), 10)
    assert (row.requests, row.tokens) == (7, 70)
    book.close()


def test_away_or_frozen_keeper_fails_closed_and_heals(tmp_path: Path) -> None:
    path = tmp_path / "keeper.sock"

    async def raises(client: SocketKeeper) -> None:
        for call in (
            client.admit("alice", Limits()),
            client.admit("alice", BUDGET),
            client.settle("alice", BUDGET, 1, 0.0),
            client.record_block("alice", Limits()),
            client.current_snapshot(),
        ):
            with pytest.raises(KeeperError):
                await asyncio.wait_for(call, 5)

    async def heals(client: SocketKeeper) -> None:
        for _ in range(200):
            try:
                assert (await client.admit("alice", Limits())).allowed
                return
            except KeeperError:
                await asyncio.sleep(0.05)
        raise AssertionError("the client did not find the keeper again")

    async def main() -> None:
        lonely = SocketKeeper(path)
        await raises(lonely)
        with keeper_process(tmp_path) as process:
            await heals(lonely)
            await lonely.publish(Snapshot(1, "a", b""))
            waiting = asyncio.ensure_future(lonely.wait_snapshot(1))
            os.kill(process.pid, signal.SIGSTOP)
            await asyncio.sleep(0.4)
            with pytest.raises(KeeperError):
                await lonely.admit("alice", Limits())
            with pytest.raises(KeeperError, match="in time"):
                await lonely.admit("alice", BUDGET)
            os.kill(process.pid, signal.SIGCONT)
            await heals(lonely)
            process.kill()
            process.wait()
            await asyncio.sleep(0.05)
            with pytest.raises(KeeperError):
                await lonely.admit("alice", Limits())
        with keeper_process(tmp_path):
            await heals(lonely)
            await lonely.publish(Snapshot(2, "b", b""))
            assert (await asyncio.wait_for(waiting, 5)).version == 2
        await lonely.close()

    asyncio.run(main())


def test_cooldown_and_quarantine_reach_workers_that_come_later(tmp_path: Path) -> None:
    limits = Limits(cooldown=Cooldown(blocks=1, seconds=60, pause=60))

    async def main() -> None:
        path = tmp_path / "keeper.sock"
        book = ledger(tmp_path)
        server = KeeperServer(path, book)
        await server.start()
        first = await connected(path)
        await first.record_block("alice", limits)
        await first.quarantine("bob")
        second = await connected(path)
        assert (await second.admit("alice", limits)).reason == "cooldown"
        assert (await second.admit("bob", limits)).reason == "quarantine"
        await server.stop()
        book.close()
        book = ledger(tmp_path)
        server = KeeperServer(path, book)
        await server.start()
        third = await connected(path)
        assert (await third.admit("bob", limits)).reason == "quarantine"
        await third.release("bob")
        assert (await third.admit("bob", limits)).allowed
        assert book.quarantined() == []
        for client in (first, second, third):
            await client.close()
        await server.stop()
        book.close()

    asyncio.run(main())


def test_evicted_sums_come_back_from_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_module, "MOST_PRINCIPALS", 2)
    monkeypatch.setattr(server_module, "MOST_PRINCIPALS", 2)
    monkeypatch.setattr(server_module, "FLUSH_SECONDS", 0.02)
    limits = Limits(budget=Budget(requests=2))

    async def main() -> None:
        path = tmp_path / "keeper.sock"
        book = ledger(tmp_path)
        server = KeeperServer(path, book)
        await server.start()
        client = await connected(path)
        for _ in range(2):
            for number in range(8):
                assert (await client.admit(f"p{number}", limits)).allowed
            await asyncio.sleep(0.2)
            assert server._state.size() <= 2
        for number in range(8):
            assert not (await client.admit(f"p{number}", limits)).allowed
        await client.settle("p1", limits, 5, 0.0)
        await client.close()
        await server.stop()
        book.close()

    asyncio.run(main())


def test_store_that_does_not_answer_turns_budgets_down_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "FLUSH_SECONDS", 0.02)
    monkeypatch.setattr(server_module, "UNSAVED_SECONDS", 0.2)

    async def main() -> None:
        path = tmp_path / "keeper.sock"
        book = ledger(tmp_path)
        server = KeeperServer(path, book)
        await server.start()
        client = await connected(path)
        save = book.save

        def fail(_rows: object) -> None:
            raise StoreError("disk full")

        monkeypatch.setattr(book, "save", fail)
        assert (await client.admit("alice", BUDGET)).allowed
        await asyncio.sleep(0.5)
        with pytest.raises(KeeperError, match="store"):
            await client.admit("alice", BUDGET)
        assert (await client.admit("alice", Limits())).allowed
        monkeypatch.setattr(book, "save", save)
        await asyncio.sleep(0.2)
        assert (await client.admit("alice", BUDGET)).allowed
        monkeypatch.setattr(book, "quarantine", fail)
        with pytest.raises(KeeperError, match="disk full"):
            await client.quarantine("bob")
        assert (await client.admit("bob", Limits())).reason == "quarantine"
        await client.close()
        await server.stop()
        assert [row.requests for row in book.load(time.time(), 9)] == [2]
        book.close()

    asyncio.run(main())


def test_keeper_urls(tmp_path: Path) -> None:
    assert keeper_socket("unix:.bartizan/keeper.sock", tmp_path) == tmp_path / ".bartizan" / "keeper.sock"
    assert keeper_socket("valkey://h:1/0", tmp_path) is None
    assert isinstance(open_keeper("unix:k", tmp_path), SocketKeeper)
    assert isinstance(open_keeper("valkey://h:1/0", tmp_path), ValkeyKeeper)
    for url in ("", "unix:", "redis://h", "/path", "valkey://user:secret@h:1/0"):
        with pytest.raises(ConfigurationError) as caught:
            open_keeper(url, tmp_path)
        assert "secret" not in str(caught.value)


def test_closing_ends_while_the_keeper_is_out_of_reach(tmp_path: Path) -> None:
    """A cancellation must not be lost to a connection that fails in the same turn of the loop."""

    async def close_after(turns: int) -> None:
        client = SocketKeeper(tmp_path / "nobody.sock")
        waiting = asyncio.create_task(client.wait_snapshot(0))
        for _ in range(turns):
            await asyncio.sleep(0)
        waiting.cancel()
        closing = asyncio.create_task(client.close())
        _, pending = await asyncio.wait((waiting, closing), timeout=5)
        assert not pending

    for turns in range(12):
        asyncio.run(close_after(turns))

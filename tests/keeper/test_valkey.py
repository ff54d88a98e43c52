from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime

import pytest

from bartizan.core.errors import KeeperError
from bartizan.core.limits import Budget, Limits
from bartizan.keeper import valkey_scripts
from bartizan.keeper.interface import Snapshot
from bartizan.keeper.valkey import ValkeyKeeper
from bartizan.keeper.window import window_at


def test_calendar_in_lua_agrees_with_ours(valkey_url: str) -> None:
    moments = [
        datetime(year, month, day, 23, 59, 59, tzinfo=UTC)
        for year in (1970, 1999, 2000, 2024, 2025, 2026, 2028, 2100)
        for month in range(1, 13)
        for day in (1, 15, 28)
    ] + [datetime(2028, 2, 29, tzinfo=UTC), datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)]
    script = f"local unix = tonumber(ARGV[1])\n{valkey_scripts.WINDOW}\nlocal a, b = window(ARGV[2]) return {{a, b}}"

    async def main() -> None:
        keeper = ValkeyKeeper(valkey_url, timeout=5)
        for moment in moments:
            unix = int(moment.timestamp())
            for kind in ("hour", "day", "month"):
                found = await keeper._client.eval(script, 0, str(unix), kind)  # type: ignore[misc]
                assert tuple(found) == tuple(window_at(kind, unix)), (moment, kind)  # type: ignore[arg-type]
        await keeper.close()

    asyncio.run(main())


def test_server_that_is_away_is_a_keeper_error() -> None:
    async def main() -> None:
        keeper = ValkeyKeeper("valkey://127.0.0.1:1/0")
        budget = Limits(budget=Budget(requests=1))
        for call in (
            keeper.admit("alice", Limits()),
            keeper.settle("alice", budget, 1, 0.0),
            keeper.record_block("alice", Limits()),
            keeper.quarantine("alice"),
            keeper.publish(Snapshot(1, "", b"")),
            keeper.current_snapshot(),
        ):
            with pytest.raises(KeeperError, match="out of reach"):
                await asyncio.wait_for(call, 5)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(keeper.wait_snapshot(0), 0.5)
        await keeper.close()

    asyncio.run(main())


def test_server_that_hangs_is_a_keeper_error_in_bounded_time() -> None:
    async def main() -> None:
        async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while await reader.read(1000):
                pass
            writer.close()

        server = await asyncio.start_server(swallow, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        keeper = ValkeyKeeper(f"valkey://127.0.0.1:{port}/0")
        with pytest.raises(KeeperError, match="out of reach"):
            await asyncio.wait_for(keeper.admit("alice", Limits()), 5)
        await keeper.close()
        server.close()

    asyncio.run(main())


def test_keys_expire_and_hold_no_more_than_they_must(valkey_url: str) -> None:
    async def main() -> None:
        prefix = uuid.uuid4().hex
        keeper = ValkeyKeeper(valkey_url, prefix=prefix, timeout=5)
        from bartizan.core.limits import Cooldown, RateLimit

        limits = Limits(RateLimit(10, 1.0), Budget(requests=5, window="hour"), Cooldown(2, 60, 60))
        await keeper.admit("alice", limits)
        for _ in range(3):
            await keeper.record_block("alice", limits)
        keys = [key async for key in keeper._client.scan_iter(f"{prefix}*")]
        assert len(keys) == 4
        for key in keys:
            assert 0 < await keeper._client.ttl(key) <= 3600 + 86400
        await keeper.close()

    asyncio.run(main())


def test_abandoned_calls_do_not_mix_up_answers(valkey_url: str) -> None:
    async def main() -> None:
        keeper = ValkeyKeeper(valkey_url, prefix=uuid.uuid4().hex, timeout=5)
        limits = Limits(budget=Budget(requests=10_000))
        for number in range(100):
            task = asyncio.ensure_future(keeper.admit("alice", limits))
            await asyncio.sleep(0.0001 * (number % 7))
            task.cancel()
            assert (await keeper.admit("bob", limits)).allowed
        assert await keeper.current_snapshot() is None
        await keeper.close()

    asyncio.run(main())

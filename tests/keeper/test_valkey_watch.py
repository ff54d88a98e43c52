"""Streams of queries on a real server: judged as one process judges them, whoever asks, and however many at once."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable

import msgspec
import numpy as np
import pytest

from bartizan.core.errors import KeeperError
from bartizan.core.query_watch import Level, Shape, Watched, WatchRules
from bartizan.inspection.tensors.queries import pack
from bartizan.inspection.tensors.stream import Held, Stream
from bartizan.inspection.tensors.stream_state import frozen, thawed
from bartizan.keeper.valkey import ValkeyKeeper

RULES = WatchRules(
    0.4,
    2,
    100,
    Level(1.5, 0.1, 300),
    Level(0.05, 0.1, 300),
    (500, 300, 200),
    (Shape(32, 0.02, 0.02),),
    0.01,
    0.05,
    Level(40.0, 0.01, 300),
)


def queries(rng: np.random.Generator, rows: int, width: int = 4) -> bytes:
    return pack(
        rng.normal(size=(rows, width)).astype(np.float32),
        rng.integers(1, 2**62, rows).astype(np.uint64),
        np.abs(rng.normal(size=rows)),
        rng.integers(0, 255, (rows, 6)).astype(np.uint8),
    )


def run(url: str, work: Callable[[list[ValkeyKeeper]], Awaitable[None]], count: int = 3) -> None:
    async def main() -> None:
        prefix = f"t{uuid.uuid4().hex}"
        keepers = [ValkeyKeeper(url, prefix=prefix, timeout=10) for _ in range(count)]
        try:
            await work(keepers)
        finally:
            for keeper in keepers:
                await keeper.close()

    asyncio.run(main())


def test_a_stream_frozen_between_any_two_queries_judges_like_one_that_never_was() -> None:
    rng, whole, pieces = np.random.default_rng(0), Stream(4, 100), Stream(4, 100)
    for number in range(150):
        asked = queries(rng, 1 + number % 4)
        one, other = whole.observe(RULES, asked), pieces.observe(RULES, asked)
        assert one == other
        classes = rng.integers(0, 3, 1 + number % 4).astype("<i8").tobytes()
        whole.tell_classes(RULES, one.first, classes)
        pieces.tell_classes(RULES, one.first, classes)
        pieces = thawed(frozen(pieces))
        assert pieces.held() == whole.held()
    assert len(frozen(pieces)) < 10_000


def test_machines_in_turn_judge_as_one_does(valkey_url: str) -> None:
    async def work(keepers: list[ValkeyKeeper]) -> None:
        rng, alone = np.random.default_rng(1), Stream(4, 100)
        found: list[Watched] = []
        for number in range(140):
            asked, keeper = queries(rng, 2), keepers[int(rng.integers(len(keepers)))]
            found.append(await keeper.observe("alice", "m", RULES, asked))
            assert found[-1] == alone.observe(RULES, asked), number
            classes = np.zeros(2, "<i8").tobytes()
            await keepers[int(rng.integers(len(keepers)))].tell_classes("alice", "m", RULES, found[-1].first, classes)
            alone.tell_classes(RULES, found[-1].first, classes)
        assert found[-1].extraction == "classes"
        await keepers[0].release("alice")
        assert await keepers[1].observe("alice", "m", RULES, queries(rng, 1)) == Watched(0, "", 0)

    run(valkey_url, work)


def test_no_query_is_lost_where_all_machines_ask_at_once(valkey_url: str) -> None:
    async def work(keepers: list[ValkeyKeeper]) -> None:
        rng = np.random.default_rng(2)
        asked = [queries(rng, 1) for _ in range(60)]
        found = await asyncio.gather(
            *(keepers[at % len(keepers)].observe("bob", "m", RULES, one) for at, one in enumerate(asked))
        )
        assert sorted(one.first for one in found) == list(range(60))
        assert await keepers[0].observe("bob", "other model", RULES, asked[0]) == Watched(0, "", 0)

    run(valkey_url, work)


def test_what_is_no_stream_or_no_queries_is_a_keeper_error(valkey_url: str) -> None:
    async def work(keepers: list[ValkeyKeeper]) -> None:
        keeper = keepers[0]
        with pytest.raises(KeeperError, match="announce"):
            await keeper.observe("eve", "m", RULES, b"nonsense")
        broken = b"0" * 16 + b"\xc1nothing"
        await keeper._client.hset(keeper._key("eve", "watch"), "m", broken)  # type: ignore[misc, arg-type]
        with pytest.raises(KeeperError, match="is none"):
            await keeper.observe("eve", "m", RULES, queries(np.random.default_rng(3), 1))
        left = await keeper._client.ttl(keeper._key("eve", "watch"))
        assert left == -1  # nothing was put back
        await keepers[1].observe("mallory", "m", RULES, queries(np.random.default_rng(3), 1))
        assert 0 < await keeper._client.ttl(keeper._key("mallory", "watch")) <= 7 * 86_400

    run(valkey_url, work)


def test_bytes_that_lie_about_a_stream_are_refused() -> None:
    stream = Stream(4, 100)
    stream.observe(RULES, queries(np.random.default_rng(4), 20))
    sound = stream.held()
    thawed(msgspec.msgpack.encode(sound))
    lies: list[dict[str, object]] = [
        {"width": 0}, {"width": 10**6}, {"size": 10**9}, {"size": 0}, {"seen": -1}, {"seen": 21}, {"digests": b""},
        {"sketches": np.full((20, 4), np.nan, "<f4").tobytes()}, {"recent": (True,) * 1_000},
        {"apart": (1.0,) * 5_000}, {"by_class": dict.fromkeys(range(5000), 1)}, {"marks": b""},
        {"marks": b"1"}, {"marks": bytes(20 * 97)},
        {"marked": 0}, {"marked": -1}, {"marked": 10**9}, {"marks": sound.marks[:-1]},
    ]  # fmt: skip
    for lie in lies:
        with pytest.raises(KeeperError):
            thawed(msgspec.msgpack.encode(msgspec.structs.replace(sound, **lie)))
    rng, whole = np.random.default_rng(5), frozen(stream)
    for _ in range(500):
        broken = bytearray(whole)
        broken[int(rng.integers(len(broken)))] = int(rng.integers(256))
        try:
            made = thawed(bytes(broken[: int(rng.integers(1, len(broken) + 1))]))
        except KeeperError:
            continue
        made.observe(RULES, queries(rng, 1))


def test_a_server_that_is_away_judges_nothing() -> None:
    async def main() -> None:
        keeper = ValkeyKeeper("valkey://127.0.0.1:1/0")
        with pytest.raises(KeeperError, match="out of reach"):
            await keeper.observe("alice", "m", RULES, queries(np.random.default_rng(6), 1))
        await keeper.close()

    asyncio.run(main())


def test_held_names_every_field_that_a_stream_has() -> None:
    assert len(Held.__struct_fields__) == 18
    assert {name for name in vars(Stream(4, 8)) if name != "extraction"} == {
        "_sketches", "_digests", "_classes", "_numbers", "_seen", "_number", "_recent", "_far", "_near", "_labelled",
        "_by_class", "_apart", "_marks", "_marked", "_steps",
    }  # fmt: skip

from __future__ import annotations

import asyncio
import json
import multiprocessing
import random
import time
from pathlib import Path

import pytest
from shipping import FAST, drop_until_killed, file_drop, running, shipper, until, write

from bartizan.telemetry.sinks.interface import SinkError
from bartizan.telemetry.sinks.lag import Lag
from bartizan.telemetry.sinks.state import read_state
from bartizan.telemetry.tailing import Cursor


def requests(folder: Path) -> list[str]:
    """What a collector would read: finished files only."""
    return [json.loads(line)["request"] for path in folder.glob("*.jsonl") for line in path.read_text().splitlines()]


def test_files_appear_whole_and_by_age(tmp_path: Path) -> None:
    names = write(tmp_path / "journal", 100)
    out = tmp_path / "out"

    async def run() -> None:
        async with running(shipper(tmp_path, file_drop(tmp_path, size=15_000, seconds=0.2))):
            await until(lambda: sorted(requests(out)) == sorted(names))

    asyncio.run(run())
    files = list(out.glob("*.jsonl"))
    assert len(files) >= 4
    assert all(path.read_bytes().endswith(b"\n") for path in files)
    assert not list(out.glob(".*"))


def test_a_part_that_a_crash_left_is_cut_and_finished(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / ".s-file_1.jsonl.part").write_bytes(b'{"request":"a"}\n{"requ' + b"x" * 2_000_000)
    (out / ".s-file_2.jsonl.part").write_bytes(b'{"torn')
    (out / ".other-file_1.jsonl.part").write_bytes(b'{"torn')
    asyncio.run(file_drop(tmp_path).idle())
    assert requests(out) == ["a"]
    assert sorted(path.name for path in out.iterdir()) == [".other-file_1.jsonl.part", "s-file_1.jsonl"]


def test_kill_at_random_moments_loses_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["shipping"])
    chance = random.Random(5)
    names: list[str] = []
    for number in range(6):
        names += write(tmp_path / "journal", 60, number * 60)
        receive, send = context.Pipe(duplex=False)
        process = context.Process(target=drop_until_killed, args=(tmp_path, send), daemon=True)
        process.start()
        send.close()
        assert receive.poll(30)
        time.sleep(chance.random() * 0.15)
        process.kill()
        process.join()
        receive.close()

    def behind() -> int:
        state = read_state(tmp_path / "sink")
        return Lag(tmp_path / "journal", Cursor() if state is None else state.cursor).measure()

    async def rest() -> None:
        async with running(shipper(tmp_path, file_drop(tmp_path, seconds=0.1))):
            await until(lambda: behind() == 0 and set(requests(tmp_path / "out")) == set(names))

    asyncio.run(rest())


def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    names = write(tmp_path / "journal", 10)
    out = tmp_path / "out"
    out.write_text("a file where the folder belongs")
    with pytest.raises(SinkError, match="cannot write"):
        asyncio.run(file_drop(tmp_path).send(()))
    one = shipper(tmp_path, file_drop(tmp_path, seconds=0.1), FAST)

    async def run() -> None:
        async with running(one):
            await until(lambda: "cannot write" in one.state.error)
            out.unlink()
            await until(lambda: out.is_dir() and requests(out) == names)

    asyncio.run(run())

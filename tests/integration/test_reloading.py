"""What the supervisor tells the keeper, and what it leaves alone."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from bartizan.app import reloading
from bartizan.app.reloading import Reloader
from bartizan.core.errors import ConfigurationError, KeeperError
from bartizan.core.event import ConfigurationChanged, Event
from bartizan.keeper.interface import Snapshot as Published
from bartizan.keeper.local import LocalKeeper
from bartizan.workspace.snapshot import Snapshot
from bartizan.workspace.workspace import Workspace


class Memory:
    def __init__(self) -> None:
        self.changes: list[ConfigurationChanged] = []

    def append(self, event: Event) -> None:
        assert isinstance(event, ConfigurationChanged)
        self.changes.append(event)

    async def commit(self) -> None: ...


class Slow(LocalKeeper):
    """Is up at the third call."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    async def current_snapshot(self) -> Published | None:
        self.asked += 1
        if self.asked < 3:
            raise KeeperError("starting")
        return await super().current_snapshot()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(reloading, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(reloading, "FIRST_WAIT", 0.001)
    (tmp_path / "policy.yaml").write_text("version: 1\n")
    return tmp_path


def refuse_the_word_broken(snapshot: Snapshot) -> None:
    if any(b"broken" in content for content in snapshot.files.values()):
        raise ConfigurationError("it is broken")


def reloader(folder: Path, keeper: LocalKeeper, memory: Memory | None = None) -> Reloader:
    return Reloader(Workspace(folder), refuse_the_word_broken, keeper, memory or Memory())


async def following(one: Reloader, seconds: float = 0.2) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await one.follow()


async def held(keeper: LocalKeeper) -> tuple[int, dict[str, bytes]]:
    current = await keeper.current_snapshot()
    assert current is not None
    snapshot = Snapshot.decode(current.payload)
    assert (snapshot.version, snapshot.digest) == (current.version, current.digest)
    return current.version, snapshot.files


async def test_edits_come_into_force_and_broken_ones_do_not(folder: Path) -> None:
    keeper, memory = Slow(), Memory()
    one = reloader(folder, keeper, memory)
    await one.publish_first()
    assert (await held(keeper))[0] == 1
    (folder / "policy.yaml").write_text("version: 1 # edited\n")
    await following(one)
    (folder / "policy.yaml").write_text("broken")
    await following(one)
    assert await held(keeper) == (2, {"policy.yaml": b"version: 1 # edited\n"})
    assert [(change.snapshot, change.accepted) for change in memory.changes] == [(1, True), (2, True), (2, False)]
    assert memory.changes[-1].problem == "it is broken"
    assert [change.files for change in memory.changes] == [(), ("policy.yaml",), ()]


async def test_the_journal_says_that_an_edit_guards_less(folder: Path) -> None:
    memory = Memory()
    one = reloader(folder, LocalKeeper(), memory)
    await one.publish_first()
    (folder / "policy.yaml").write_text("version: 1\nmode: monitor\n")
    await following(one)
    assert memory.changes[-1].loosened == ("mode",)


async def test_a_keeper_that_was_restarted_is_told_again(folder: Path) -> None:
    keeper = LocalKeeper()
    one = reloader(folder, keeper)
    await one.publish_first()
    keeper._state.snapshot = None
    await following(one)
    assert (await held(keeper))[0] == 1


async def test_a_keeper_that_outlived_its_supervisor_is_counted_on_from(folder: Path) -> None:
    keeper = LocalKeeper()
    await keeper.publish(Published(7, "old", Snapshot(7, "old", {}).encode()))
    memory = Memory()
    one = reloader(folder, keeper, memory)
    await one.publish_first()
    assert (await held(keeper))[0] == 8
    assert memory.changes[0].snapshot == 8
    await following(one)
    assert (await held(keeper))[0] == 8


async def test_two_supervisors_do_not_overrule_each_other_without_an_edit(folder: Path) -> None:
    keeper = LocalKeeper()
    one = reloader(folder, keeper)
    await one.publish_first()
    (folder / "policy.yaml").write_text("version: 1 # the other machine\n")
    other = reloader(folder, keeper)
    (folder / "policy.yaml").write_text("version: 1\n")
    await other.publish_first()
    await following(one)
    assert await held(keeper) == (2, {"policy.yaml": b"version: 1 # the other machine\n"})
    (folder / "policy.yaml").write_text("version: 1 # a later edit here\n")
    await following(one)
    assert await held(keeper) == (3, {"policy.yaml": b"version: 1 # a later edit here\n"})


async def test_patience_with_a_keeper_ends(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reloading, "PATIENCE", 0.0)
    with pytest.raises(KeeperError):
        await reloader(folder, Slow()).publish_first()

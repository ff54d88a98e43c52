"""Signatures enforced: what the supervisor puts in force, what it keeps, and what it starts with again."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from tests.hardening.shop import POLICY, enforced

from bartizan.app import reloading
from bartizan.app.gateways import build_gateway
from bartizan.app.hardening import sign_snapshot
from bartizan.app.reloading import Reloader
from bartizan.core.errors import BartizanError, ConfigurationError
from bartizan.core.event import ConfigurationChanged, Event
from bartizan.keeper.local import LocalKeeper
from bartizan.policy.document import PolicyDocument
from bartizan.policy.in_force import policy_in_force
from bartizan.workspace.document import loads
from bartizan.workspace.signed import Seal
from bartizan.workspace.snapshot import Snapshot
from bartizan.workspace.workspace import Workspace

BROKEN = POLICY + "no_such_setting: 1\n"
OPEN = POLICY + "anonymous: true\n"


class Memory:
    def __init__(self) -> None:
        self.accepted: list[bool] = []

    def append(self, event: Event) -> None:
        assert isinstance(event, ConfigurationChanged)
        self.accepted.append(event.accepted)

    async def commit(self) -> None: ...


def sound(snapshot: Snapshot) -> None:
    """Stands for the checking process, which builds a gateway."""
    loads(snapshot.files["policy.yaml"], "policy.yaml", PolicyDocument)


def start(root: Path) -> str:
    """What a supervisor that starts now puts in force."""
    keeper = LocalKeeper()

    async def run() -> str:
        await Reloader(Workspace(root), sound, keeper, Memory()).publish_first()
        published = await keeper.current_snapshot()
        assert published is not None
        return Snapshot.decode(published.payload).files["policy.yaml"].decode()

    return asyncio.run(run())


@pytest.fixture
def signed(root: Path, key: Path) -> Path:
    """A workspace in enforced mode whose first signed version was in force."""
    enforced(root, key)
    with pytest.raises(ConfigurationError, match="not signed"):
        start(root)
    assert sign_snapshot(root, key, "first")[0] == 1
    assert start(root) == POLICY
    return root


def test_versions_grow_and_the_last_good_one_survives_a_restart(signed: Path, key: Path) -> None:
    policy, manifest = signed / "policy.yaml", signed / "snapshot.json"
    old = manifest.read_bytes()
    policy.write_text(OPEN)
    assert start(signed) == POLICY, "an unsigned edit"
    assert sign_snapshot(signed, key, "second")[0] == 2
    assert start(signed) == OPEN
    policy.write_text(POLICY)
    manifest.write_bytes(old)
    assert start(signed) == OPEN, "an old signed version is no way back"
    assert sign_snapshot(signed, key, "back")[0] == 3
    assert start(signed) == POLICY


@pytest.mark.parametrize("what", ["fifo", "large", "many"])
def test_what_cannot_even_be_read_is_no_way_around_the_last_good_one(signed: Path, what: str) -> None:
    folder = signed / "signatures"
    folder.mkdir()
    if what == "fifo":
        os.mkfifo(folder / "x.yaml")
    elif what == "large":
        (folder / "x.yaml").write_bytes(b"#" * 3_000_000)
    else:
        for number in range(600):
            (folder / f"{number}.yaml").touch()
    assert start(signed) == POLICY
    assert policy_in_force(Workspace(signed)).surfaces == {"user": {}, "output": {}}


def test_what_is_signed_but_cannot_be_built_replaces_nothing(signed: Path, key: Path) -> None:
    kept = signed / ".bartizan/snapshot.last"
    before = kept.read_bytes()
    (signed / "policy.yaml").write_text(BROKEN)
    sign_snapshot(signed, key, "a mistake")
    for _ in range(2):
        assert start(signed) == POLICY
        assert kept.read_bytes() == before
    assert policy_in_force(Workspace(signed)) == loads(POLICY, "policy.yaml", PolicyDocument)
    kept.unlink()
    with pytest.raises(BartizanError, match="no_such_setting"):
        start(signed)
    assert not kept.exists()


def test_reading_keeps_nothing_and_a_gateway_that_was_built_keeps_what_it_is_of(signed: Path, key: Path) -> None:
    kept = signed / ".bartizan/snapshot.last"
    kept.unlink()
    policy_in_force(Workspace(signed))
    Seal(Workspace(signed)).current()
    assert not kept.exists()
    deployment = signed / "bartizan.yaml"
    upstream = "upstreams: [{name: model, url: 'http://127.0.0.1:9/v1', protocol: openai}]\n"
    deployment.write_text(deployment.read_text() + upstream)
    build_gateway(Workspace(signed))
    assert kept.exists()


def test_a_running_supervisor_follows_signed_edits_only(
    signed: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reloading, "POLL_SECONDS", 0.01)
    keeper, memory = LocalKeeper(), Memory()

    async def until(count: int) -> bytes:
        async with asyncio.timeout(20):
            while len(memory.accepted) < count:  # noqa: ASYNC110 - a plain list of what was recorded
                await asyncio.sleep(0.01)
        published = await keeper.current_snapshot()
        assert published is not None
        return Snapshot.decode(published.payload).files["policy.yaml"]

    async def run() -> None:
        reloader = Reloader(Workspace(signed), sound, keeper, memory)
        await reloader.publish_first()
        following = asyncio.ensure_future(reloader.follow())
        (signed / "policy.yaml").write_text(OPEN)
        assert await until(2) == POLICY.encode()
        sign_snapshot(signed, key, "second")
        await until(3)
        await asyncio.sleep(0.1)
        assert await until(3) == OPEN.encode()
        following.cancel()

    asyncio.run(run())
    assert memory.accepted == [True, False, True]
    kept = Seal(Workspace(signed)).last()
    assert kept is not None
    assert kept.files["policy.yaml"] == OPEN.encode()

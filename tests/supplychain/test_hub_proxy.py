"""The proxy before a Hub: the real client library gets what policy admits, and nothing else, and never early."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from huggingface_hub import hf_hub_download, snapshot_download
from huggingface_hub.errors import EntryNotFoundError, GatedRepoError, LocalEntryNotFoundError, RepositoryNotFoundError
from tests.supplychain.fake_hub import COMMIT, FakeHub
from typer.testing import CliRunner
from yarl import URL

from bartizan.bench.supplychain.assembler import call, value, whole
from bartizan.cli.main import app
from bartizan.core.errors import ConfigurationError
from bartizan.core.event import ArtefactDecided, ModelPulled
from bartizan.supplychain.proxy.answering import span
from bartizan.supplychain.proxy.hosts import Hosts
from bartizan.supplychain.proxy.hub import _api, _file
from bartizan.supplychain.proxy.interface import ProxyLimits, UnavailableError
from bartizan.supplychain.proxy.server import ProxySettings, RegistryProxy
from bartizan.telemetry.reader import read_journal
from bartizan.workspace.workspace import Workspace

GOOD = whole(value({"weights": list(range(2_000))}))
HOSTILE = whole(call("os", "system", ("true",)))
FILES = {"config.json": b'{"model_type": "bert"}', "good.pkl": GOOD, "d/bad.pkl": HOSTILE, "odd.bin": bytes(range(256))}


class Proxied:
    """A proxy that runs, and a client for it."""

    def __init__(self, proxy: RegistryProxy, url: str, cache: Path, workspace: Workspace) -> None:
        self.proxy, self.url, self.cache, self.workspace = proxy, url, cache, workspace

    async def get(self, name: str, **more: Any) -> bytes:
        """As a program does it."""
        path = await asyncio.to_thread(
            hf_hub_download, "acme/x", name, endpoint=self.url, cache_dir=self.cache, token=False, **more
        )
        return Path(path).read_bytes()  # noqa: ASYNC240

    async def decided(self) -> list[ArtefactDecided]:
        await self.proxy.service.judge._recorder.commit()  # type: ignore[attr-defined]
        records = read_journal(self.workspace.state / "journal")
        return [one for one in records if isinstance(one, ArtefactDecided)]


@asynccontextmanager
async def proxied(
    tmp_path: Path, hub: FakeHub, hosts: Sequence[str] = ("127.0.0.1:*",), **more: Any
) -> AsyncIterator[Proxied]:
    root = tmp_path / "ws"
    if not root.exists():
        assert CliRunner().invoke(app, ["init", str(root)]).exit_code == 0
    names = tuple(hub.cdn.removeprefix("http://") if one == "127.0.0.1:*" else one for one in hosts)
    workspace = Workspace(root)
    proxy = RegistryProxy(workspace, ProxySettings(hub=Hosts(hub.url, names), port=0, jobs=1, **more))
    try:
        port = await proxy.start()
        yield Proxied(proxy, f"http://127.0.0.1:{port}", tmp_path / "cache", workspace)
    finally:
        await proxy.close()


def test_the_client_gets_what_policy_admits_and_a_reason_for_the_rest(tmp_path: Path) -> None:
    async def play() -> None:
        async with FakeHub(FILES) as hub, proxied(tmp_path, hub, hub_token="hf_secret") as one:
            assert await one.get("good.pkl") == GOOD
            assert await one.get("config.json") == FILES["config.json"]
            with pytest.raises(GatedRepoError, match=r"Bartizan: policy does not admit it \(block, forbid_hostile\)"):
                await one.get("d/bad.pkl")
            with pytest.raises(GatedRepoError, match=r"inconclusive, hold_inconclusive"):
                await one.get("odd.bin")
            with pytest.raises(EntryNotFoundError):
                await one.get("none.pkl")
            with pytest.raises(RepositoryNotFoundError):
                await asyncio.to_thread(hf_hub_download, "acme/y", "a", endpoint=one.url, cache_dir=one.cache)
            kept = {path.name for path in (one.workspace.state / "registry" / "sha256").iterdir()}
            assert kept == {hashlib.sha256(FILES[name]).hexdigest() for name in ("good.pkl", "config.json")}
            assert ("hub", "Bearer hf_secret") in hub.tokens
            assert {t for where, t in hub.tokens if where == "cdn"} == {""}
            events = {event.path.rpartition(f"@{COMMIT}/")[2]: event for event in await one.decided()}
            assert {name: str(event.admission) for name, event in events.items()} == {
                "good.pkl": "allow",
                "config.json": "allow",
                "d/bad.pkl": "block",
                "odd.bin": "inconclusive",
            }
            assert {event.purpose for event in events.values()} == {"proxy"}
            assert events["d/bad.pkl"].path.startswith(f"{hub.url.removeprefix('http://')}/acme/x@")

    asyncio.run(play())


def test_weights_that_are_fetched_and_admitted_are_an_event(tmp_path: Path) -> None:
    async def play() -> None:
        async with FakeHub(FILES) as hub, proxied(tmp_path, hub) as one:
            for name in ("good.pkl", "config.json", "good.pkl"):
                await one.get(name, force_download=True)
            with pytest.raises(GatedRepoError):
                await one.get("d/bad.pkl")
            await one.proxy.service.judge._recorder.commit()  # type: ignore[attr-defined]
            pulled = [x for x in read_journal(one.workspace.state / "journal") if isinstance(x, ModelPulled)]
            host = hub.url.removeprefix("http://")
            assert [(event.model, event.digest, event.source) for event in pulled] == [
                (f"{host}/acme/x/good.pkl", hashlib.sha256(GOOD).hexdigest(), f"{host}/acme/x@{COMMIT}/good.pkl")
            ]

    asyncio.run(play())


def test_a_snapshot_is_served_from_the_store_without_xet_the_second_time(tmp_path: Path) -> None:
    async def play() -> None:
        files = {name: FILES[name] for name in ("config.json", "good.pkl")}
        async with FakeHub(files) as hub:
            async with proxied(tmp_path, hub) as one:
                for turn in range(2):
                    cache = tmp_path / f"cache{turn}"
                    folder = await asyncio.to_thread(
                        snapshot_download, "acme/x", endpoint=one.url, cache_dir=cache, token=False
                    )
                    found = {path.name: path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}  # noqa: ASYNC240
                    assert found == files
            async with proxied(tmp_path, hub) as again:  # a new process hashes and scans what it finds in the store
                assert await again.get("good.pkl") == GOOD
            assert hub.sent["good.pkl"] == 1

    asyncio.run(play())


def test_many_who_ask_at_once_wait_for_one_download_and_one_scan(tmp_path: Path) -> None:
    async def play() -> None:
        async with FakeHub(FILES, slow=0.3) as hub, proxied(tmp_path, hub) as one, aiohttp.ClientSession() as client:
            url = f"{one.url}/acme/x/resolve/main/good.pkl"

            async def get(part: str = "") -> tuple[int, bytes]:
                async with client.get(url, headers={"Range": part} if part else {}) as answer:
                    return answer.status, await answer.read()

            answers = await asyncio.gather(
                *(get() for _ in range(8)), get("bytes=10-19"), get("bytes=-5"), get("bytes=9999999-")
            )
            assert answers[:8] == [(200, GOOD)] * 8
            assert answers[8:10] == [(206, GOOD[10:20]), (206, GOOD[-5:])]
            assert answers[10][0] == 416
            assert hub.sent["good.pkl"] == 1
            assert len(await one.decided()) == 1
            async with client.head(url) as answer:
                assert answer.headers["X-Repo-Commit"] == COMMIT
                assert int(answer.headers["Content-Length"]) == len(GOOD)
                assert answer.headers["X-Linked-Etag"] == f'"{hashlib.sha256(GOOD).hexdigest()}"'
                assert not [name for name in answer.headers if "xet" in name.lower()]

    asyncio.run(play())


def test_nothing_is_fetched_from_hosts_that_are_not_listed(tmp_path: Path) -> None:
    async def play() -> None:
        async with FakeHub(FILES) as hub, proxied(tmp_path, hub, hosts=()) as one:
            with pytest.raises(LocalEntryNotFoundError) as caught:
                await one.get("good.pkl")
            assert "which is not listed" in str(caught.value.__cause__)
            assert not hub.sent

    asyncio.run(play())


def test_other_bytes_than_promised_and_too_many_of_them_are_refused(tmp_path: Path) -> None:
    async def play() -> None:
        lies = {"good.pkl": GOOD[:-4] + b"\0\0a.", "big.bin": bytes(300_000)}
        limits = ProxyLimits(file_bytes=100_000, disk_bytes=150_000)
        files = {**FILES, "big.bin": b"x"}
        async with FakeHub(files, lies=lies) as hub, proxied(tmp_path, hub, limits=limits) as one:
            async with aiohttp.ClientSession() as client:
                for name, status in (("good.pkl", 502), ("big.bin", 413)):
                    async with client.get(f"{one.url}/acme/x/resolve/main/{name}") as answer:
                        assert answer.status == status
            store = one.workspace.state / "registry"
            assert not [path for path in store.rglob("*") if path.is_file() and path.name != "lock"]

    asyncio.run(play())


def test_bytes_that_change_in_the_store_are_fetched_again(tmp_path: Path) -> None:
    async def play() -> None:
        async with FakeHub(FILES) as hub, proxied(tmp_path, hub) as one, aiohttp.ClientSession() as client:
            url = f"{one.url}/acme/x/resolve/main/good.pkl"
            for turn in (1, 2):
                async with client.get(url) as answer:
                    assert await answer.read() == GOOD
                assert hub.sent["good.pkl"] == turn
                kept = one.workspace.state / "registry" / "sha256" / hashlib.sha256(GOOD).hexdigest()
                kept.chmod(0o600)
                kept.write_bytes(HOSTILE)

    asyncio.run(play())


def test_policy_changes_while_it_runs(tmp_path: Path) -> None:
    async def play() -> None:
        async with FakeHub(FILES) as hub, proxied(tmp_path, hub) as one:
            assert await one.get("good.pkl") == GOOD
            place = one.workspace.root / "policy.yaml"
            text = place.read_text()
            place.write_text(text.replace("origins: []", "origins: [huggingface.co/acme]"))
            await asyncio.sleep(1.1)
            with pytest.raises(GatedRepoError, match="origin"):
                await one.get("config.json")
            place.write_text(text.replace("origins: []", f"origins: ['{hub.url.removeprefix('http://')}/acme']"))
            await asyncio.sleep(1.1)
            assert await one.get("config.json") == FILES["config.json"]

    asyncio.run(play())


@pytest.mark.parametrize(
    "path",
    [
        "/acme/x/resolve/main/..%2f..%2fetc",
        "/acme/x/resolve/main/a/../b",
        "/acme/x/resolve/main/a%00b",
        "/acme/x/resolve/main/",
        "/a/b/c/resolve/main/f",
        "/../x/resolve/main/f",
        "/acme/x/resolve/../f",
        "/acme/x/raw/main/f",
        "/acme/x/resolve/main/a%5cb",
        "/acme/x/resolve/main//f",
        "/resolve/main/f",
        "/acme/x/resolve/a%2f..%2fb/f",
        "/api/models/acme/x/xet-read-token/main",
        "/api/whoami-v2",
        "/api/models",
        "/api/models/acme/x/commit/main",
        "/api/models/acme/x/tree/main/..%2f..%2fy",
        "http://other/acme/x/resolve/main/f",
    ],
)
def test_paths_that_read_no_file_are_not_sent_on(path: str) -> None:
    assert _file(path) is None
    assert _api(path) is None


def test_hosts_and_ranges() -> None:
    hosts = Hosts("https://hub.example", ("*.cdn.example", "files.example:8443"))
    for good in ("https://a.cdn.example/x", "https://files.example:8443/", "https://hub.example/y"):
        hosts.check(URL(good))
    for bad in (
        "http://a.cdn.example/",
        "https://cdn.example/",
        "https://files.example/",
        "https://evilcdn.example/",
        "https://hub.example:444/",
        "https://u:p@hub.example/",
        "https://169.254.169.254/",
        "file:///etc/passwd",
        "https://a.cdn.example.evil/",
        "https://a.cdn.example:8080/",
    ):
        with pytest.raises(UnavailableError):
            hosts.check(URL(bad))
    for bad in ("http://hub.example", "https://u@hub.example", "hub.example", "ftp://127.0.0.1"):
        with pytest.raises(ConfigurationError):
            Hosts(bad)
    assert span("bytes=0-0", 5) == (0, 1)
    assert span("bytes=3-", 5) == (3, 2)
    assert span("bytes=-9", 5) == (0, 5)
    assert span("bytes=5-", 5) == (-1, 0) == span("bytes=-0", 5)
    assert span("bytes=0-1,3-4", 5) is None is span("bytes=2-1", 5)
    assert span("items=0-1", 5) is None


def test_it_listens_on_this_machine_alone_and_answers_to_its_name(tmp_path: Path) -> None:
    async def play() -> None:
        async with FakeHub(FILES) as hub, proxied(tmp_path, hub) as one, aiohttp.ClientSession() as client:
            with pytest.raises(ConfigurationError, match="not on loopback"):
                RegistryProxy(one.workspace, ProxySettings(host="0.0.0.0"))
            with pytest.raises(ConfigurationError, match="another proxy"):
                RegistryProxy(one.workspace, ProxySettings(port=0))
            async with client.get(
                f"{one.url}/acme/x/resolve/main/good.pkl", headers={"Host": "evil.example"}
            ) as answer:
                assert answer.status == 421

    asyncio.run(play())

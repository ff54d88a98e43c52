"""ClickHouse's HTTP answers are a contract of ours; the SQL runs on its own engine (chDB) where that is installed."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from aiohttp import web
from http_receiver import HttpReceiver, serving
from shipping import FAST, running, shipper, until, write

from bartizan.core.event import RequestCompleted
from bartizan.telemetry.sinks.clickhouse import ClickHouse, rows, table
from bartizan.telemetry.sinks.http import Poster
from bartizan.telemetry.sinks.state import buried, read_state
from bartizan.workspace.sinks import ClickHouseSink

QUICK = msgspec.structs.replace(FAST, timeout_seconds=5.0, retry_seconds=0.01, retry_most_seconds=0.02)


def take(receiver: HttpReceiver, body: str) -> web.Response:
    """As the server answers by its documentation: nothing, and a summary; the same token is kept once."""
    asked = parse_qs(urlsplit(receiver.urls[-1]).query)
    if "query" not in asked:
        assert body.startswith("--")
        return web.Response(headers={"X-ClickHouse-Summary": '{"written_rows":"0"}'})
    lines = [json.loads(line) for line in body.splitlines()]
    if "poison" in body:
        text = "Code: 117. DB::Exception: Cannot parse"
        return web.Response(status=400, text=text, headers={"X-ClickHouse-Exception-Code": "117"})
    token = asked["insert_deduplication_token"][0]
    if token not in [seen for seen, _ in receiver.events]:
        receiver.events += [(token, line) for line in lines]
    return web.Response(headers={"X-ClickHouse-Summary": json.dumps({"written_rows": str(len(lines))})})


def ship(root: Path, receiver: HttpReceiver, done: Any) -> None:
    async def run() -> None:
        async with serving(receiver):
            settings = ClickHouseSink(name="s", url=receiver.url)
            to = Poster(receiver.url + "/", {"X-ClickHouse-User": "default"}, None, True)
            one = shipper(root, ClickHouse(settings, receiver.url + "/", to), QUICK)
            one._write = rows("native")
            async with running(one):
                await until(done)

    asyncio.run(run())


def test_every_record_arrives_once_and_a_bad_row_is_found(tmp_path: Path) -> None:
    names = write(tmp_path / "journal", 60)
    write(tmp_path / "journal", 1, writer="poison")
    receiver = HttpReceiver(take)
    receiver.moods = [500, "close", 429, 200, 404, 200, 503]
    ship(tmp_path, receiver, lambda: len(receiver.events) >= 60 and buried(tmp_path / "sink") == 1)
    assert sorted(row["request"] for _, row in receiver.events) == sorted(names)
    asked = parse_qs(urlsplit(receiver.urls[-1]).query)
    assert asked["query"][0].startswith("INSERT INTO `default`.`bartizan_events` (`id`, `at`, ")
    assert (asked["async_insert"], asked["input_format_allow_errors_num"]) == (["0"], ["0"])


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({}, ""),
        ({"X-ClickHouse-Summary": '{"written_rows":"1"}'}, "Code: 241. DB::Exception: Memory limit exceeded"),
        ({"X-ClickHouse-Summary": '{"written_rows":"1"}', "X-ClickHouse-Exception-Code": "241"}, ""),
        ({"X-ClickHouse-Summary": '{"written_rows":"0"}'}, ""),
        ({"X-ClickHouse-Summary": "[]"}, ""),
    ],
)
def test_200_that_kept_nothing_is_no_delivery(tmp_path: Path, headers: dict[str, str], text: str) -> None:
    write(tmp_path / "journal", 1)
    created = {"X-ClickHouse-Summary": '{"written_rows":"0"}'}
    receiver = HttpReceiver(
        lambda one, body: (
            web.Response(headers=headers, text=text) if "?" in one.urls[-1] else web.Response(headers=created)
        )
    )
    ship(tmp_path, receiver, lambda: receiver.requests >= 3)
    state = read_state(tmp_path / "sink")
    assert state is not None
    assert (state.delivered, state.rejected) == (0, 0)


def test_the_engine_takes_our_table_and_our_rows(tmp_path: Path) -> None:
    chdb = pytest.importorskip("chdb.session", reason="pip install chdb")
    done = RequestCompleted(
        id="evt'1", at=datetime(2026, 11, 27, 5, 0, 0, 123456, UTC), request="r", principal="al'ice",
        route="openai.chat", status=403,
    )  # fmt: skip
    texts = rows("ocsf")(msgspec.json.encode(done)) * 2
    session = chdb.Session(str(tmp_path / "db"))
    try:
        session.query(table("default", "bartizan_events"))
        columns = ", ".join(f"`{name}`" for name in json.loads(texts[0]))
        settings = (
            "SETTINGS insert_deduplicate = 1, insert_deduplication_token = '{}', date_time_input_format = 'best_effort'"
        )
        for token in "aab":
            insert = (
                f"INSERT INTO `default`.`bartizan_events` ({columns}) {settings.format(token)} FORMAT JSONEachRow\n"
            )
            session.query(insert + texts[0].decode())
        one = "SELECT count() AS n FROM bartizan_events"
        assert json.loads(str(session.query(one, "JSONEachRow"))) == {"n": 2}  # the second 'a' is known
        shown = "SELECT id, toString(at) AS at, principal, action, status, JSONExtractInt(record, 'class_uid') AS class"
        got = str(session.query(f"{shown} FROM bartizan_events FINAL", "JSONEachRow")).splitlines()
        assert [json.loads(row) for row in got] == [
            {"id": "evt'1", "at": "2026-11-27 05:00:00.123456", "principal": "al'ice", "action": "allow", "status": 403,
             "class": 6003}
        ]  # fmt: skip
    finally:
        session.close()

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from http_receiver import HttpReceiver, bulk, collector, lines, serving
from shipping import FAST, running, shipper, until, write

from bartizan.core.secretref import SecretRef
from bartizan.telemetry.sinks.elastic import Elastic
from bartizan.telemetry.sinks.http import Poster
from bartizan.telemetry.sinks.interface import Sink
from bartizan.telemetry.sinks.splunk import Splunk
from bartizan.telemetry.sinks.state import buried, read_state
from bartizan.telemetry.sinks.webhook import Webhook
from bartizan.workspace.sinks import RecordFormat, SplunkSink

QUICK = msgspec.structs.replace(FAST, timeout_seconds=0.4, retry_seconds=0.01, retry_most_seconds=0.02)
Make = Callable[[str], Sink]


def splunk(url: str, output: RecordFormat = "native") -> Splunk:
    settings = SplunkSink(name="s", url=url, token=SecretRef(env="X"), index="ai", format=output)
    return Splunk(settings, Poster(url, {"Authorization": "Splunk t0k"}, None, True))


def webhook(url: str) -> Webhook:
    return Webhook(Poster(url, {"Authorization": "Bearer t0k"}, None, True))


def elastic(url: str) -> Elastic:
    return Elastic("logs-bartizan-default", Poster(url + "/_bulk", {"Authorization": "ApiKey t0k"}, None, True))


def ship(root: Path, receiver: HttpReceiver, make: Make, until_: Callable[[], object], output: str = "native") -> None:
    async def run() -> None:
        async with serving(receiver), running(shipper(root, make(receiver.url), QUICK, output)):
            await until(until_)

    asyncio.run(run())


@pytest.mark.parametrize(("make", "take"), [(splunk, collector), (webhook, lines), (elastic, bulk)])
def test_every_record_arrives_through_every_mood(
    tmp_path: Path, make: Make, take: Callable[[HttpReceiver, str], web.Response]
) -> None:
    names = write(tmp_path / "journal", 100)
    receiver = HttpReceiver(take)
    receiver.moods = [500, "close", 429, "hang", 401, 200, 404, 302, 503, "close", 413, 200, 403]

    def got() -> set[str]:
        events = [event.get("event") or event.get("document") or event for event in receiver.events]
        return {event["request"] for event in events}

    ship(tmp_path, receiver, make, lambda: got() == set(names))
    assert not receiver.moods
    assert buried(tmp_path / "sink") == 0
    assert all(headers["Content-Encoding"] == "gzip" for headers in receiver.headers)
    assert all(headers["Authorization"].endswith("t0k") for headers in receiver.headers)


def test_a_collector_names_no_record_so_halves_find_it(tmp_path: Path) -> None:
    names = write(tmp_path / "journal", 50)
    bad = write(tmp_path / "journal", 2, writer="poison")
    receiver = HttpReceiver(collector)
    ship(tmp_path, receiver, splunk, lambda: len(receiver.events) >= 50 and buried(tmp_path / "sink") == len(bad))
    assert sorted(event["event"]["request"] for event in receiver.events) == sorted(names)
    first = receiver.events[0]
    assert (first["index"], first["sourcetype"], first["source"]) == ("ai", "bartizan:native", "bartizan")
    assert first["fields"] == {"event_id": first["event"]["id"]}
    assert abs(first["time"] - datetime.fromisoformat(first["event"]["at"]).timestamp()) < 1e-3


def test_a_collector_takes_lines_of_cef_as_text(tmp_path: Path) -> None:
    write(tmp_path / "journal", 3)
    receiver = HttpReceiver(collector)
    ship(tmp_path, receiver, lambda url: splunk(url, "cef"), lambda: len(receiver.events) == 3, "cef")
    assert receiver.events[0]["event"].startswith("CEF:0|Bartizan|")


def test_200_with_another_code_is_no_delivery(tmp_path: Path) -> None:
    write(tmp_path / "journal", 1)
    receiver = HttpReceiver(lambda one, body: web.json_response({"text": "no", "code": 8}))
    ship(tmp_path, receiver, splunk, lambda: receiver.requests >= 3)
    state = read_state(tmp_path / "sink")
    assert state is not None
    assert (state.delivered, state.error) == (0, "the collector answered 200 with code 8")


class Indexer:
    """A collector with acknowledgement that loses what it took the first ``lost`` times."""

    def __init__(self, lost: int) -> None:
        self.lost = lost
        self.numbers = 0
        self.indexed: dict[str, bool] = {}
        self.questions = 0

    def take(self, receiver: HttpReceiver, body: str) -> web.Response:
        channel = receiver.headers[-1].get("X-Splunk-Request-Channel")
        if not channel:
            return web.json_response({"text": "Data channel is missing", "code": 10}, status=400)
        if receiver.urls[-1].endswith("/ack"):
            self.questions += 1
            return web.json_response(
                {"acks": {str(n): self.indexed.get(str(n), False) for n in json.loads(body)["acks"]}}
            )
        self.numbers += 1
        if self.numbers > self.lost:
            collector(receiver, body)
            self.indexed[str(self.numbers)] = True
        return web.json_response({"text": "Success", "code": 0, "ackId": self.numbers})


def acknowledged(url: str) -> Splunk:
    settings = SplunkSink(name="s", url=url, token=SecretRef(env="X"), format="native", acknowledge=True)
    return Splunk(settings, Poster(url, {}, None, True), Poster(url + "/ack", {}, None, False))


def test_what_a_collector_took_and_lost_is_sent_again(tmp_path: Path) -> None:
    names = write(tmp_path / "journal", 40)
    indexer = Indexer(lost=2)
    receiver = HttpReceiver(indexer.take)
    ship(tmp_path, receiver, acknowledged, lambda: len(receiver.events) >= len(names))
    assert {event["event"]["request"] for event in receiver.events} == set(names)
    assert indexer.numbers >= 3
    assert indexer.questions > 2


def test_a_token_without_acknowledgement_is_said(tmp_path: Path) -> None:
    write(tmp_path / "journal", 1)
    receiver = HttpReceiver(collector)
    ship(tmp_path, receiver, acknowledged, lambda: receiver.requests >= 2)
    state = read_state(tmp_path / "sink")
    assert state is not None
    assert state.delivered == 0
    assert state.error.startswith("the collector gave no ackId")


@pytest.mark.parametrize("body", [b"{}", b"[]", b"<html>", b'{"acks":[1]}', b'{"acks":{"1":"yes"}}', b"\xff"])
def test_an_answer_that_does_not_say_indexed_is_no_delivery(tmp_path: Path, body: bytes) -> None:
    write(tmp_path / "journal", 1)

    def take(one: HttpReceiver, _: str) -> web.Response:
        asked = one.urls[-1].endswith("/ack")
        return web.Response(body=body) if asked else web.json_response({"code": 0, "ackId": 1})

    receiver = HttpReceiver(take)
    ship(tmp_path, receiver, acknowledged, lambda: receiver.requests >= 4)
    state = read_state(tmp_path / "sink")
    assert state is not None
    assert state.delivered == 0


def test_bulk_items_are_taken_postponed_rejected_or_there_already(tmp_path: Path) -> None:
    names = write(tmp_path / "journal", 20) + write(tmp_path / "journal", 5, writer="later")
    write(tmp_path / "journal", 2, writer="poison")
    receiver = HttpReceiver(bulk)
    done = lambda: len(receiver.events) >= 25 and buried(tmp_path / "sink") == 2  # noqa: E731
    ship(tmp_path, receiver, elastic, done, "ecs")
    assert sorted(event["document"]["trace"]["id"] for event in receiver.events) == sorted(names)
    assert all(event["_index"] == "logs-bartizan-default" for event in receiver.events)
    (dead,) = (tmp_path / "sink" / "dead").iterdir()
    assert all("document_parsing_exception" in json.loads(line)["reason"] for line in dead.read_text().splitlines())
    (tmp_path / "sink" / "state.json").unlink()
    count = receiver.requests
    ship(tmp_path, receiver, elastic, lambda: receiver.requests > count and buried(tmp_path / "sink") == 4, "ecs")
    assert len(receiver.events) == 25


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b'{"items":[]}', b"<html>", b'{"items":[{"create":{"status":"x"}}]}', b"\xff"]
)
def test_a_bulk_answer_that_is_none_is_no_delivery(tmp_path: Path, body: bytes) -> None:
    write(tmp_path / "journal", 1)
    receiver = HttpReceiver(lambda one, _: web.Response(body=body))
    ship(tmp_path, receiver, elastic, lambda: receiver.requests >= 2)
    state = read_state(tmp_path / "sink")
    assert state is not None
    assert state.delivered == 0
    assert state.cursor.offsets == {}


def test_an_answer_that_unpacks_to_much_is_broken_off(tmp_path: Path) -> None:
    write(tmp_path / "journal", 1)
    bomb = gzip.compress(b"0" * 60_000_000, 9)
    receiver = HttpReceiver(lambda one, _: web.Response(body=bomb, headers={"Content-Encoding": "gzip"}))
    one = shipper(tmp_path, webhook("http://unused"), QUICK)
    assert one.state.error == ""

    async def run() -> None:
        async with serving(receiver):
            real = shipper(tmp_path, webhook(receiver.url), msgspec.structs.replace(QUICK, timeout_seconds=10))
            async with running(real):
                await until(lambda: "too long" in real.state.error)

    asyncio.run(run())

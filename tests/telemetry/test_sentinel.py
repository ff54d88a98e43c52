"""The Logs Ingestion API and the token endpoint by their documentation: a contract, no Azure."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest
from aiohttp import web
from http_receiver import HttpReceiver, serving
from shipping import FAST, running, shipper, until, write

from bartizan.telemetry.sinks import sentinel as module
from bartizan.telemetry.sinks.http import Poster
from bartizan.telemetry.sinks.sentinel import Sentinel, Tokens
from bartizan.telemetry.sinks.state import buried, read_state

QUICK = msgspec.structs.replace(FAST, timeout_seconds=5.0, retry_seconds=0.01, retry_most_seconds=0.02)
STREAM = "/dataCollectionRules/dcr-00000000000000000000000000000000/streams/Custom-X?api-version=2023-01-01"


def azure(receiver: HttpReceiver, body: str) -> web.Response:
    """Both endpoints; the first token is withdrawn after one call."""
    if receiver.urls[-1].endswith("/token"):
        form = {key: value for key, (value,) in parse_qs(body).items()}
        assert form == {"grant_type": "client_credentials", "client_id": "app", "client_secret": "p&w=",
                        "scope": "https://monitor.azure.com/.default"}  # fmt: skip
        number = sum(url.endswith("/token") for url in receiver.urls)
        return web.json_response({"token_type": "Bearer", "expires_in": 3599, "access_token": f"t{number}"})
    assert receiver.urls[-1] == STREAM
    if receiver.headers[-1]["Authorization"] == "Bearer t1" and receiver.events:
        return web.json_response({"error": {"code": "InvalidToken"}}, status=401)
    if "poison" in body:
        return web.json_response({"error": {"code": "InvalidPayload"}}, status=400)
    receiver.events += json.loads(body)
    return web.Response(status=204)


def ship(root: Path, receiver: HttpReceiver, done: Any) -> None:
    async def run() -> None:
        async with serving(receiver):
            tokens = Tokens(
                Poster(f"{receiver.url}/tenant/oauth2/v2.0/token",
                       {"Content-Type": "application/x-www-form-urlencoded"}, None, False),
                "app", "p&w=", "https://monitor.azure.com/.default",
            )  # fmt: skip
            sink = Sentinel(tokens, Poster(receiver.url + STREAM, {"Content-Type": "application/json"}, None, True))
            async with running(shipper(root, sink, QUICK, "asim")):
                await until(done)

    asyncio.run(run())


def test_every_record_arrives_in_calls_that_are_short_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CALL_BYTES", 8_000)
    names = write(tmp_path / "journal", 60)
    write(tmp_path / "journal", 1, writer="poison")
    receiver = HttpReceiver(azure)
    receiver.moods = [500, 200, 200, 429, 200, 403, 404]
    ship(tmp_path, receiver, lambda: len(receiver.events) >= 60 and buried(tmp_path / "sink") == 1)
    assert sorted(json.loads(row["AdditionalFields"])["request"] if isinstance(row["AdditionalFields"], str)
                  else row["AdditionalFields"]["request"] for row in receiver.events) == sorted(names)  # fmt: skip
    assert {row["EventSchema"] for row in receiver.events} == {"AgentEvent"}
    assert all(int(headers["Content-Length"]) < 8_000 for headers in receiver.headers)


@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.json_response({"access_token": "t", "expires_in": "soon"}),
        lambda: web.json_response({"access_token": "a\r\nX: b", "expires_in": 1}),
        lambda: web.Response(status=302, headers={"Location": "http://203.0.113.1/"}),
        lambda: web.Response(body=b"\xff"),
        lambda: web.Response(status=401),
    ],
)
def test_without_a_token_nothing_is_sent(tmp_path: Path, answer: Any) -> None:
    write(tmp_path / "journal", 1)
    receiver = HttpReceiver(lambda one, body: answer())
    ship(tmp_path, receiver, lambda: receiver.requests >= 2)
    assert all(url.endswith("/token") for url in receiver.urls)
    state = read_state(tmp_path / "sink")
    assert state is not None
    assert state.delivered == 0


def test_200_is_not_what_this_api_answers(tmp_path: Path) -> None:
    write(tmp_path / "journal", 1)
    receiver = HttpReceiver(lambda one, body: azure(one, body) if "/token" in one.urls[-1] else web.Response(text="ok"))
    ship(tmp_path, receiver, lambda: receiver.requests >= 3)
    state = read_state(tmp_path / "sink")
    assert state is not None
    assert (state.delivered, state.rejected) == (0, 0)

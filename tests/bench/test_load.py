"""The load generator and the servers of the benchmark, for real on loopback."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator

import pytest

from bartizan.bench.gateway import _body
from bartizan.bench.load import abort_streams, build, drive
from bartizan.bench.processes import Server, free_port
from bartizan.bench.texts import EVENTS
from bartizan.core.errors import BartizanError


@pytest.fixture(scope="module")
def canned() -> Iterator[Server]:
    port = free_port()
    server = Server("upstream", [sys.executable, "-m", "bartizan.bench.canned", str(port)], port)
    server.wait()
    yield server
    server.stop()


def test_every_request_is_answered_and_timed(canned: Server) -> None:
    before = canned.cpu_seconds()
    measured = asyncio.run(drive(canned.port, build(canned.path, _body(False), {}), 300, 7))
    assert len(measured.latencies) == 300
    assert measured.first_data == []
    assert 0 < min(measured.latencies) <= max(measured.latencies) <= measured.seconds
    assert canned.cpu_seconds() >= before
    assert canned.largest_rss() > 10_000_000
    assert canned.largest_rss("bartizan.bench.canned") == canned.largest_rss()
    assert canned.largest_rss("no such process") == 0
    assert canned.proportional() > 10_000_000


def test_streams_are_timed_to_their_first_data(canned: Server) -> None:
    measured = asyncio.run(drive(canned.port, build(canned.path, _body(True), {}), 20, 3))
    assert len(measured.first_data) == 20
    assert all(first <= last for first, last in zip(measured.first_data, measured.latencies, strict=True))


def test_slow_streams_are_left_in_the_middle(canned: Server) -> None:
    began = time.monotonic()
    asyncio.run(abort_streams(canned.port, build(canned.path, _body(True, slow=True), {}), 30, 10))
    assert time.monotonic() - began < EVENTS * 0.01, "no stream was waited for"


def test_an_answer_other_than_200_is_an_error() -> None:
    port = free_port()
    base = f"http://127.0.0.1:{free_port()}"
    server = Server("bare", [sys.executable, "-m", "bartizan.bench.passthrough", str(port), base], port)
    try:
        server.wait()
        with pytest.raises(BartizanError, match=r"500|connection lost"):
            asyncio.run(drive(port, build("/v1/chat/completions", _body(False), {}), 1, 1))
    finally:
        server.stop()


def test_a_server_that_dies_is_told() -> None:
    server = Server("dead", [sys.executable, "-c", "raise SystemExit(3)"], free_port())
    with pytest.raises(BartizanError, match="exited with 3"):
        server.wait()
    server.stop()

"""Reading request bodies."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from bartizan.core.errors import WireError
from bartizan.firewall.asgi import Message, Receive
from bartizan.firewall.body import read_body
from bartizan.firewall.headers import ClientHeaders, is_event_stream, is_json, read_headers
from bartizan.firewall.watchdog import ClientGoneError
from bartizan.policy.document import Bodies


def arriving(*pieces: bytes, gone: bool = False, pause: float = 0.0) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    if gone:
        messages.append({"type": "http.disconnect"})
    else:
        messages[-1]["more_body"] = False

    async def receive() -> Message:
        await asyncio.sleep(pause)
        return messages.pop(0)

    return receive


def read(receive: Receive, headers: ClientHeaders, bounds: Bodies | None = None) -> bytes:
    return asyncio.run(read_body(receive, headers, bounds or Bodies()))


JSON = ClientHeaders(content_type=b"application/json")


def test_pieces_are_joined() -> None:
    assert read(arriving(b"{", b"}"), JSON) == b"{}"


def test_gzip_is_decoded() -> None:
    headers = ClientHeaders(content_type=b"application/json; charset=utf-8", content_encoding=b"gzip")
    packed = gzip.compress(b"{}")
    assert read(arriving(packed[:5], packed[5:]), headers) == b"{}"


@pytest.mark.parametrize(
    ("headers", "pieces", "status"),
    [
        (ClientHeaders(content_type=b"text/plain"), (b"{}",), 415),
        (ClientHeaders(), (b"{}",), 415),
        (ClientHeaders(content_type=b"application/json", content_encoding=b"br"), (b"{}",), 415),
        (ClientHeaders(content_type=b"application/json", content_length=b"999"), (b"{}",), 413),
        (JSON, (b"x" * 60, b"x" * 60), 413),
        (ClientHeaders(content_type=b"application/json", content_encoding=b"gzip"), (gzip.compress(b"x" * 200),), 413),
        (ClientHeaders(content_type=b"application/json", content_encoding=b"gzip"), (gzip.compress(b"x")[:9],), 400),
    ],
)
def test_bounds(headers: ClientHeaders, pieces: tuple[bytes, ...], status: int) -> None:
    with pytest.raises(WireError) as error:
        read(arriving(*pieces), headers, Bodies(max_bytes=100))
    assert error.value.status == status


def test_a_slow_body_is_given_up() -> None:
    with pytest.raises(WireError) as error:
        read(arriving(*[b" "] * 50, pause=0.02), JSON, Bodies(read_seconds=0.1))
    assert error.value.status == 408


def test_a_client_may_leave() -> None:
    with pytest.raises(ClientGoneError):
        read(arriving(b"{", gone=True), JSON)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"application/json", True),
        (b"Application/JSON; charset=UTF-8", True),
        (b"application/problem+json", True),
        (b"application/json; charset=utf-16", False),
        (b"text/json", False),
        (b"application/jsonp", False),
    ],
)
def test_json_content_types(value: bytes, expected: bool) -> None:
    assert is_json(value) is expected


def test_event_stream_content_types() -> None:
    assert is_event_stream(b"Text/Event-Stream; charset=utf-8")
    assert not is_event_stream(b"text/html")


def test_contradicting_headers_are_refused() -> None:
    with pytest.raises(WireError, match="twice"):
        read_headers([(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")])
    with pytest.raises(WireError) as error:
        read_headers([(b"x-api-key", b"x" * 5_000)])
    assert error.value.status == 431
    assert read_headers([(b"cookie", b"a"), (b"x-api-key", b"k")]).api_key == b"k"

"""The HTTP upstream and failover, against a real server that misbehaves."""

from __future__ import annotations

import asyncio
import gzip

import pytest
from fake_upstream import FakeUpstream, answer, fake_upstream, hang, raw, reset, stream

from bartizan.core.errors import ConfigurationError, UpstreamError
from bartizan.firewall.failover import Answer, Failover
from bartizan.firewall.http_upstream import HttpUpstream
from bartizan.firewall.model_routes import Target
from bartizan.firewall.upstream import Call, UnreachableError
from bartizan.firewall.watchdog import Watchdog
from bartizan.workspace.deployment import Timeouts, Upstream

OK = {"id": "x"}


def connect(upstream: FakeUpstream, name: str = "one", key: str = "sk-up", **settings: object) -> HttpUpstream:
    row = {"timeouts": Timeouts(connect=1, first_byte=0.3, between_bytes=0.3, total=5), "protocol": "openai"}
    row |= settings
    return HttpUpstream(Upstream(name=name, url=upstream.url + "/v1", **row), key)  # type: ignore[arg-type]


async def ask(failover: Failover, *targets: str) -> Answer:
    async with Watchdog(None) as dog:
        return await failover.send([Target(t, f"m-{t}") for t in targets], lambda t: Call("/x", t.model.encode()), dog)
    raise AssertionError


async def test_only_our_own_headers_are_sent() -> None:
    async with fake_upstream(answer(OK)) as server:
        upstream = connect(server, headers={"x-team": "blue"})
        response = await upstream.send(Call("/chat/completions", b"{}"))
        assert await response.read(100) == b'{"id": "x"}'
        await upstream.close()
    got = server.received[0]
    assert got.path == "/v1/chat/completions"
    assert set(got.headers) == {
        "host", "authorization", "accept", "accept-encoding", "user-agent", "x-team", "content-type", "content-length"
    }  # fmt: skip
    assert got.headers["authorization"] == "Bearer sk-up"


async def test_anthropic_keys_travel_as_x_api_key() -> None:
    async with fake_upstream(answer(OK)) as server:
        upstream = connect(server, protocol="anthropic")
        await (await upstream.send(Call("/x", b"", headers={"anthropic-version": "2023-06-01"}))).read(100)
        await upstream.close()
    got = server.received[0]
    assert got.method == "GET"
    assert got.headers["x-api-key"] == "sk-up"
    assert "authorization" not in got.headers
    assert got.headers["anthropic-version"] == "2023-06-01"


async def test_connections_are_reused() -> None:
    async with fake_upstream(stream([b"data: 1\n\n", b"data: [DONE]\n\n"])) as server:
        upstream = connect(server)
        for _ in range(3):
            response = await upstream.send(Call("/x", b"{}", stream=True))
            while b"DONE" not in await response.chunk():
                pass
            await response.settle()
        assert len(server.writers) == 1
        await upstream.close()


async def test_redirects_are_answers() -> None:
    async with fake_upstream(answer(b"", 307, "location: http://169.254.169.254/\r\n")) as server:
        upstream = connect(server)
        assert (await upstream.send(Call("/x", b"{}"))).status == 307
        await upstream.close()


@pytest.mark.parametrize("behaviour", [reset(), raw(b"", close=True)])
async def test_a_reset_is_unreachable(behaviour: object) -> None:
    async with fake_upstream(behaviour) as server:  # type: ignore[arg-type]
        upstream = connect(server)
        with pytest.raises(UnreachableError):
            await upstream.send(Call("/x", b"{}"))
        await upstream.close()


async def test_what_is_not_http_is_an_upstream_error() -> None:
    async with fake_upstream(raw(b"SSH-2.0-OpenSSH\r\n\r\n", close=True)) as server:
        upstream = connect(server)
        with pytest.raises(UpstreamError):
            await upstream.send(Call("/x", b"{}"))
        await upstream.close()


@pytest.mark.parametrize(
    "behaviour",
    [
        raw(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nshort", close=True),
        raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab", close=True),
        raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", close=True),
        answer(b"x" * 2_000),
        answer(gzip.compress(b"x" * 100_000), headers="content-encoding: gzip\r\n"),
        answer(b"not gzip", headers="content-encoding: gzip\r\n"),
        answer(gzip.compress(b"x")[:-4], headers="content-encoding: gzip\r\n"),
    ],
)
async def test_broken_bodies_are_upstream_errors(behaviour: object) -> None:
    async with fake_upstream(behaviour) as server:  # type: ignore[arg-type]
        upstream = connect(server, max_response_bytes=1_000)
        with pytest.raises(UpstreamError):
            await (await upstream.send(Call("/x", b"{}"))).read(1_000)
        await upstream.close()


async def test_unknown_codings_are_upstream_errors() -> None:
    async with fake_upstream(answer(b"x", headers="content-encoding: br\r\n")) as server:
        upstream = connect(server)
        with pytest.raises(UpstreamError):
            await upstream.send(Call("/x", b"{}"))
        await upstream.close()


async def test_gzip_is_decoded() -> None:
    async with fake_upstream(answer(gzip.compress(b"plain"), headers="content-encoding: gzip\r\n")) as server:
        upstream = connect(server)
        assert await (await upstream.send(Call("/x", b"{}"))).read(100) == b"plain"
        await upstream.close()


async def test_429_then_200() -> None:
    async with fake_upstream(answer(OK)) as server:
        server.script.append(answer({}, 429, "retry-after: 0.01\r\n"))
        failover = Failover({"one": connect(server)})
        got = await ask(failover, "one")
        assert got.response.status == 200
        assert len(server.received) == 2
        got.response.close()
        await failover.close()


@pytest.mark.parametrize("first", [answer({}, 503), reset(), answer({}, 500)])
async def test_the_next_upstream_takes_over(first: object) -> None:
    async with fake_upstream(first) as bad, fake_upstream(answer(OK)) as good:  # type: ignore[arg-type]
        failover = Failover({"one": connect(bad, retries=1), "two": connect(good, "two")})
        got = await ask(failover, "one", "two")
        assert got.response.status == 200
        assert got.upstream.name == "two"
        assert len(bad.received) == 2
        assert good.received[0].body == b"m-two"
        got.response.close()
        await failover.close()


async def test_the_last_error_is_the_answer() -> None:
    async with fake_upstream(answer({}, 503)) as server:
        failover = Failover({"one": connect(server, retries=2)})
        got = await ask(failover, "one")
        assert got.response.status == 503
        assert len(server.received) == 3
        got.response.close()
        await failover.close()


async def test_a_client_mistake_is_not_tried_again() -> None:
    async with fake_upstream(answer({}, 400)) as server:
        failover = Failover({"one": connect(server, retries=2)})
        got = await ask(failover, "one")
        assert got.response.status == 400
        assert len(server.received) == 1
        got.response.close()
        await failover.close()


async def test_nobody_listens() -> None:
    async with fake_upstream() as server:
        pass
    failover = Failover({"one": connect(server, retries=1)})
    with pytest.raises(UpstreamError, match="reached"):
        await ask(failover, "one")
    await failover.close()


async def test_silence_is_a_timeout_and_not_tried_again() -> None:
    async with fake_upstream(hang()) as server:
        failover = Failover({"one": connect(server, timeouts=Timeouts(connect=0.1, first_byte=0.1))})
        with pytest.raises(UpstreamError) as error:
            await ask(failover, "one")
        assert error.value.status == 504
        assert len(server.received) == 1
        await failover.close()


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"url": "ftp://x"}, ""),
        ({"url": "x"}, ""),
        ({"url": "http://x/?q=1"}, ""),
        ({"url": "http://[", "headers": {}}, ""),
        ({"headers": {"Host": "x"}}, ""),
        ({"headers": {"x": "a\r\nb: c"}}, ""),
        ({}, "two words"),
        ({}, "line\n"),
    ],
)
def test_settings_that_cannot_work(settings: dict[str, object], key: str) -> None:
    with pytest.raises(ConfigurationError):
        HttpUpstream(Upstream(**{"name": "x", "url": "http://x", "protocol": "openai"} | settings), key)  # type: ignore[arg-type]


def test_retry_after_is_bounded() -> None:
    async def scene() -> None:
        for value, expected in (("1e99", 86_400.0), ("-5", 0.0), ("soon", 0.0), ("nan", 0.0), ("2", 2.0)):
            async with fake_upstream(answer({}, 429, f"retry-after: {value}\r\n")) as server:
                upstream = connect(server)
                assert (await upstream.send(Call("/x", b"{}"))).retry_after == expected
                await upstream.close()

    asyncio.run(scene())

"""Of a client's headers only the protocol's version and its betas reach an upstream."""

from __future__ import annotations

from pathlib import Path

import aiohttp
from fake_upstream import answer, fake_upstream
from running import PLAIN_KEY, rows, running
from test_sdk_clients import chat_reply, messages_reply

from bartizan.core.event import RequestRefused

HEADERS = {
    "x-api-key": PLAIN_KEY,
    "cookie": "session=1",
    "anthropic-version": "2023-06-01",
    "anthropic-beta": "context-1m-2025-08-07",
    "anthropic-dangerous-direct-browser-access": "true",
    "openai-beta": "assistants=v2",
    "openai-organization": "org-1",
    "x-forwarded-for": "203.0.113.9",
    "user-agent": "spy/1.0",
    "x-stainless-os": "Linux",
}
OURS = {"host", "accept", "accept-encoding", "user-agent", "content-type", "content-length"}
MESSAGE = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}


async def test_only_version_and_betas_go_on(tmp_path: Path) -> None:
    async with fake_upstream() as upstream, running(tmp_path, upstream) as gateway, aiohttp.ClientSession() as session:
        upstream.script.append(answer(messages_reply("hello")))
        async with session.post(gateway.url + "/v1/messages", json=MESSAGE, headers=HEADERS) as reply:
            assert reply.status == 200, await reply.text()
        upstream.script.append(answer(chat_reply("hello")))
        async with session.post(gateway.url + "/v1/chat/completions", json=MESSAGE, headers=HEADERS) as reply:
            assert reply.status == 200, await reply.text()
    messages, chat = ({name.lower(): value for name, value in got.headers.items()} for got in upstream.received)
    assert messages.keys() == OURS | {"x-api-key", "anthropic-version", "anthropic-beta"}
    assert messages["anthropic-beta"] == "context-1m-2025-08-07"
    assert messages["x-api-key"] == "sk-upstream"
    assert messages["user-agent"] == chat["user-agent"] == "bartizan"
    assert chat.keys() == OURS | {"authorization"}


async def test_the_anthropic_sdks_betas_join_those_of_the_upstreams_row(tmp_path: Path) -> None:
    async with fake_upstream(answer(messages_reply("hello"))) as upstream:
        import msgspec

        settings = tuple(msgspec.structs.replace(row, headers={"Anthropic-Beta": "always"}) for row in rows(upstream))
        async with running(tmp_path, upstream, settings=settings) as gateway, gateway.anthropic() as client:
            await client.beta.messages.create(**MESSAGE, betas=["one-2025-01-01", "two-2025-02-02"])  # type: ignore[call-overload]
            await client.messages.create(**MESSAGE)  # type: ignore[call-overload]
    with_betas, without = (got.headers["anthropic-beta"] for got in upstream.received)
    assert with_betas == "always,one-2025-01-01,two-2025-02-02"
    assert without == "always"


async def test_betas_that_are_no_names_are_refused(tmp_path: Path) -> None:
    async with (
        fake_upstream(answer(messages_reply("hello"))) as upstream,
        running(tmp_path, upstream) as gateway,
        aiohttp.ClientSession() as session,
    ):
        headers = {"x-api-key": PLAIN_KEY, "anthropic-beta": "a b"}
        async with session.post(gateway.url + "/v1/messages", json=MESSAGE, headers=headers) as reply:
            assert reply.status == 400
            assert (await reply.json())["error"]["message"] == "header anthropic-beta is not a list of names"
        refused = gateway.last(RequestRefused)
    assert isinstance(refused, RequestRefused)
    assert refused.status == 400
    assert not upstream.received

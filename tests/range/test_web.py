"""The help desk over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from bartizan.range.client import Answer, Message
from bartizan.range.helpdesk.application import VULNERABLE
from bartizan.range.helpdesk.records import plant
from bartizan.range.helpdesk.web import HelpDeskSite


class Echo:
    """Answers with the prompt, or fails."""

    error = ""

    async def complete(self, messages: list[Message], *, max_tokens: int = 48, stream: bool = False) -> Answer:
        return Answer(text=messages[-1].content, status=200, error=self.error)


def visit(steps: Callable[[ClientSession, str], Awaitable[None]], model: Echo | None = None) -> None:
    async def run() -> None:
        site = HelpDeskSite(model or Echo(), plant(1), VULNERABLE)
        async with TestServer(site.application(), host="127.0.0.1") as server, ClientSession() as session:
            await steps(session, str(server.make_url("/")))

    asyncio.run(run())


def test_questions_emails_and_planted_articles() -> None:
    async def steps(session: ClientSession, url: str) -> None:
        async with session.post(url + "ask", json={"message": "Do unicycles wobble?"}) as response:
            assert await response.json() == {"answer": "Do unicycles wobble?"}
        async with session.post(url + "articles", json={"title": "Unicycles", "text": "Unicycles wobble."}) as response:
            assert await response.json() == {"articles": 1}
        async with session.post(url + "ask", json={"message": "Do unicycles wobble?"}) as response:
            assert (await response.json())["answer"].startswith("Unicycles wobble.")
        async with session.delete(url + "articles") as response:
            assert await response.json() == {"articles": 0}
        async with session.post(url + "summarise", json={"email": "Hello there"}) as response:
            assert (await response.json())["answer"].endswith("Hello there")

    visit(steps)


def test_the_page_escapes_what_the_model_says() -> None:
    async def steps(session: ClientSession, url: str) -> None:
        async with session.get(url) as response:
            assert "<form" in await response.text()
        async with session.post(url, data={"message": "<script>alert(1)</script>"}) as response:
            text = await response.text()
            assert "<script>" not in text
            assert "&lt;script&gt;" in text
        async with session.post(url, data={"email": "<b>mail</b>"}) as response:
            assert "&lt;b&gt;mail" in await response.text()

    visit(steps)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}", {"Content-Type": "application/json"}, 400),
        (b'{"message": 3}', {"Content-Type": "application/json"}, 400),
        (b"\xff", {"Content-Type": "application/json"}, 400),
        (b'{"message": "x"}', {"Content-Type": "text/plain"}, 415),
        (b'{"message": "' + b"x" * 70_000 + b'"}', {"Content-Type": "application/json"}, 413),
    ],
)
def test_bad_requests_are_refused(body: bytes, headers: dict[str, str], status: int) -> None:
    async def steps(session: ClientSession, url: str) -> None:
        async with session.post(url + "ask", data=body, headers=headers) as response:
            assert response.status == status

    visit(steps)


def test_the_knowledge_base_has_an_end() -> None:
    async def steps(session: ClientSession, url: str) -> None:
        for index in range(51):
            async with session.post(url + "articles", json={"title": "t", "text": "x"}) as response:
                assert response.status == (200 if index < 50 else 507)

    visit(steps)


def test_a_failing_model_is_said() -> None:
    model = Echo()
    model.error = "out of order"

    async def steps(session: ClientSession, url: str) -> None:
        async with session.post(url + "ask", json={"message": "hi"}) as response:
            assert response.status == 502
            assert await response.json() == {"error": "out of order"}

    visit(steps, model)

"""The help desk as a small web application on loopback: a page for people, JSON for tools.

``POST /ask {"message"}`` and ``POST /summarise {"email"}`` answer ``{"answer"}``; ``POST /articles {"title", "text"}``
plants an article, as a wiki that anybody may edit would; ``DELETE /articles`` takes planted ones away again.
"""

from __future__ import annotations

import msgspec
from aiohttp import web

from bartizan.range.client import Answer
from bartizan.range.helpdesk.application import COMPANY, Configuration, HelpDesk, Model
from bartizan.range.helpdesk.records import Plant
from bartizan.range.helpdesk.retriever import Article
from bartizan.range.serving import json_body
from bartizan.reporting.html import Html, el, page

_MAX_BODY = 64_000
_MAX_ARTICLES = 50
_MAX_TOKENS = 96
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 700px; margin: 40px auto; padding: 0 20px; color: #1d2330; }
textarea { width: 100%; min-height: 90px; font: inherit; padding: 8px; }
button { font: inherit; padding: 6px 16px; margin: 6px 0 24px; }
pre { white-space: pre-wrap; background: #f3f1eb; padding: 12px; border-radius: 8px; }
"""


class _Ask(msgspec.Struct, forbid_unknown_fields=True):
    message: str


class _Summarise(msgspec.Struct, forbid_unknown_fields=True):
    email: str


class HelpDeskSite:
    """One running help desk with the articles planted so far."""

    def __init__(self, model: Model, plant: Plant, configuration: Configuration) -> None:
        self._model = model
        self._plant = plant
        self._configuration = configuration
        self._added: list[Article] = []

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application(client_max_size=_MAX_BODY)
        app.router.add_get("/", self._page)
        app.router.add_post("/", self._form)
        app.router.add_post("/ask", self._ask)
        app.router.add_post("/summarise", self._summarise)
        app.router.add_post("/articles", self._plant_article)
        app.router.add_delete("/articles", self._remove_articles)
        return app

    def _desk(self) -> HelpDesk:
        return HelpDesk(self._model, self._plant, self._configuration, self._added)

    async def _ask(self, request: web.Request) -> web.Response:
        body = await json_body(request, _Ask)
        return _json(await self._desk().ask(body.message, max_tokens=_MAX_TOKENS))

    async def _summarise(self, request: web.Request) -> web.Response:
        body = await json_body(request, _Summarise)
        return _json(await self._desk().summarise(body.email, max_tokens=_MAX_TOKENS))

    async def _plant_article(self, request: web.Request) -> web.Response:
        body = await json_body(request, dict[str, str])
        if len(self._added) >= _MAX_ARTICLES:
            raise web.HTTPInsufficientStorage(text="the knowledge base is full")
        self._added.append(Article(f"added-{len(self._added)}", body.get("title", ""), body.get("text", "")))
        return web.json_response({"articles": len(self._added)})

    async def _remove_articles(self, request: web.Request) -> web.Response:
        self._added.clear()
        return web.json_response({"articles": 0})

    async def _page(self, request: web.Request) -> web.Response:
        return _html(None)

    async def _form(self, request: web.Request) -> web.Response:
        fields = await request.post()
        message, email = str(fields.get("message", "")), str(fields.get("email", ""))
        desk = self._desk()
        answer = await (
            desk.summarise(email, max_tokens=_MAX_TOKENS) if email else desk.ask(message, max_tokens=_MAX_TOKENS)
        )
        return _html(answer)


def _json(answer: Answer) -> web.Response:
    if answer.error or answer.status != 200:
        return web.json_response({"error": answer.error or "the model did not answer"}, status=502)
    return web.json_response({"answer": answer.text})


def _html(answer: Answer | None) -> web.Response:
    shown: Html | None = None
    if answer is not None:
        shown = el("div", el("h2", "Answer"), el("pre", answer.text or answer.error or "(nothing)"))
    document = page(
        f"{COMPANY} help desk",
        _STYLE,
        el("h1", f"{COMPANY} help desk"),
        shown,
        _form("message", "Your question", "Ask"),
        _form("email", "Or an e-mail to summarise", "Summarise"),
        forms="'self'",
    )
    return web.Response(text=document, content_type="text/html")


def _form(name: str, label: str, action: str) -> Html:
    return el(
        "form",
        el("label", label, for_=name),
        el("textarea", name=name, id=name, maxlength=8_000),
        el("button", action, type="submit"),
        method="post",
        action="/",
    )

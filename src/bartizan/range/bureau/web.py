"""The bureau over HTTP on loopback. What a session plants is met in that session only.

``POST /sessions`` answers ``{"session"}``. ``POST /chat {"session", "message"}`` answers ``{"answer", "tool_calls"}``.
``POST /documents``, ``/results``, ``/tools``, ``/memories`` and ``/messages`` with ``{"session", "title", "content"}``
bring a text in where a document, the result of a tool, a tool's description, a memory or another agent's message comes
from. ``POST /v1/chat/completions`` asks the assistant as a model, without sessions.
"""

from __future__ import annotations

from collections import OrderedDict
from secrets import token_hex

import msgspec
from aiohttp import web

from bartizan.core.attack import EntryPoint
from bartizan.range.bureau.assistant import Assistant, Passage, Said
from bartizan.range.bureau.model import MODEL, Conversation, completion, read
from bartizan.range.bureau.records import Records
from bartizan.range.bureau.weaknesses import Measure, Weakness
from bartizan.range.serving import json_body

_MAX_BODY = 400_000
_MAX_SESSIONS = 2_000
_MAX_PLANTED = 20
PLACES = {
    "/documents": EntryPoint.RAG_DOCUMENT,
    "/results": EntryPoint.TOOL_OUTPUT,
    "/tools": EntryPoint.TOOL_METADATA,
    "/memories": EntryPoint.MEMORY,
    "/messages": EntryPoint.MULTI_AGENT,
}


class _Chat(msgspec.Struct):
    session: str
    message: str


class _Content(msgspec.Struct):
    session: str
    content: str
    title: str = ""


class BureauSite:
    """The routes, and the sessions behind them.

    Args:
        records: of the learner's bureau.
        holes: the weaknesses that are open.
        measures: what was done about the others.
    """

    def __init__(self, records: Records, holes: tuple[Weakness, ...], measures: frozenset[Measure]) -> None:
        self._assistant = Assistant(records, holes, measures)
        self._sessions: OrderedDict[str, list[Passage]] = OrderedDict()
        self.opened: set[str] = set()
        """Ids of the weaknesses that have opened so far; for graders."""

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application(client_max_size=_MAX_BODY)
        app.router.add_post("/sessions", self._begin)
        app.router.add_post("/chat", self._chat)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_get("/v1/models", self._models)
        for path in PLACES:
            app.router.add_post(path, self._plant)
        return app

    def reply(self, session: str, message: str) -> Said:
        """The answer in a session. Raises KeyError for one that there is not."""
        return self._say(message, tuple(self._sessions[session]))

    def _say(self, message: str, context: tuple[Passage, ...]) -> Said:
        said = self._assistant.say(message, context)
        if said.hole:
            self.opened.add(said.hole)
        return said

    async def _begin(self, request: web.Request) -> web.Response:
        session = token_hex(12)
        self._sessions[session] = []
        while len(self._sessions) > _MAX_SESSIONS:
            self._sessions.popitem(last=False)
        return web.json_response({"session": session})

    async def _chat(self, request: web.Request) -> web.Response:
        body = await json_body(request, _Chat)
        if body.session not in self._sessions:
            raise web.HTTPNotFound(text="no such session")
        said = self.reply(body.session, body.message)
        calls = [{"name": call.name, "arguments": call.arguments} for call in said.tool_calls]
        return web.json_response({"answer": said.answer, "tool_calls": calls})

    async def _complete(self, request: web.Request) -> web.Response:
        body = await json_body(request, Conversation)
        if body.stream:
            raise web.HTTPBadRequest(text="the bureau answers whole")
        return web.json_response(completion(self._say(*read(body))))

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "range"}]})

    async def _plant(self, request: web.Request) -> web.Response:
        body = await json_body(request, _Content)
        planted = self._sessions.get(body.session)
        if planted is None:
            raise web.HTTPNotFound(text="no such session")
        if len(planted) >= _MAX_PLANTED:
            raise web.HTTPInsufficientStorage(text="the session is full")
        planted.append(Passage(PLACES[request.path], body.content, body.title))
        return web.json_response({"planted": len(planted)})

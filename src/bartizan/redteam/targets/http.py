"""Any application that answers over HTTP: login, messages and planted content by templates of the scope file."""

from __future__ import annotations

from typing import Any

import aiohttp
import msgspec

from bartizan.core.ids import new_id
from bartizan.redteam.attempt import Reply, ToolCall
from bartizan.redteam.case import Planted
from bartizan.redteam.errors import LeftBehindError, TargetError, UnansweredError
from bartizan.redteam.scope_target import ReplyPaths, RequestTemplate, TargetSpec
from bartizan.redteam.targets.channel import Channel, Raw
from bartizan.redteam.targets.paths import as_json, decode, find, number_at, text_at
from bartizan.redteam.targets.remains import remains_of, texts_of, with_earlier
from bartizan.redteam.targets.templates import build, mentions
from bartizan.redteam.taxonomy import EntryPoint

_GONE = frozenset({404, 410})


class HttpTarget:
    """An application.

    Args:
        spec: of the scope file.
        channel: how requests are sent.
        headers: of every request.
        values: further slots of its templates.
    """

    def __init__(self, spec: TargetSpec, channel: Channel, headers: dict[str, str], values: dict[str, str]) -> None:
        self.id = spec.id
        self.shared_plants = not spec.isolated
        self.shared_trace = False
        self.entry_points = frozenset(spec.entry_points or {EntryPoint.CHAT, *spec.plant})
        self.spec = spec
        self.channel = channel
        self.headers = headers
        self.values = values

    async def open(self, entry_point: EntryPoint) -> HttpConversation:
        """Logs in, with cookies of its own. Raises TargetError when that fails."""
        conversation = HttpConversation(self, entry_point)
        try:
            await conversation.login()
        except TargetError:
            await conversation.close()
            raise
        return conversation

    async def close(self) -> None:
        """Idempotent."""
        await self.channel.close()


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was planted, and what it takes to take it out."""

    planted: Planted
    slots: dict[str, str]
    """What the answer to planting gave."""
    certain: bool
    """The target said that it took it in."""


class HttpConversation:
    """Cookies and captured values last as long as it."""

    def __init__(self, target: HttpTarget, entry_point: EntryPoint) -> None:
        self._target = target
        self._entry_point = entry_point
        self._slots = target.values | {"conversation": new_id("conv")}
        self._session: aiohttp.ClientSession = target.channel.session(cookies=True)
        self._planted: list[Piece] = []

    async def login(self) -> None:
        """Raises TargetError when the target does not let us in."""
        if self._target.spec.login is not None:
            await self._must(self._target.spec.login, {}, "the login")

    async def plant(self, planted: Planted) -> None:
        """Raises TargetError when it cannot be brought in."""
        template = self._target.spec.plant.get(self._entry_point)
        if template is None:
            raise TargetError(f"the scope file does not say how to plant content at {self._entry_point}")
        raw = await self._send(template, _content(planted))
        taken_in = not raw.error and 200 <= raw.status < 400
        refused = raw.unreachable or 400 <= raw.status < 500
        captured: dict[str, str] = {}
        try:
            self._check(raw, "planting")
            captured = _captured(raw, template, "planting")
            self._slots |= captured
        finally:
            if not refused:  # what was lost on the way may be there all the same
                self._planted.append(Piece(planted=planted, slots=captured, certain=taken_in))

    async def say(self, text: str) -> Reply:
        """One request by the template ``ask``."""
        template = self._target.spec.ask
        assert template is not None, "the scope file is checked"
        raw = await self._send(template, {"message": text})
        return with_earlier(read(raw, self._target.spec), raw.before)

    async def close(self) -> None:
        """Takes out what was planted, each piece by what its own planting gave."""
        remove = self._target.spec.remove.get(self._entry_point)
        try:
            if remove is not None and self._planted:
                problems = [await self._removed(remove, piece) for piece in self._planted]
                if left := [problem for problem in problems if problem]:
                    cause = f"{len(left)} of {len(problems)} planted pieces may still be there: {left[0]}"
                    raise LeftBehindError(cause, "take them out by hand; the next conversation would meet them")
        finally:
            await self._session.close()

    async def _removed(self, template: RequestTemplate, piece: Piece) -> str:
        """Why ``piece`` may still be there, or ""."""
        needed = self._target.spec.plant[self._entry_point].capture
        if missing := [name for name in needed if name not in piece.slots and mentions(template, name)]:
            return f"its planting gave no {missing[0]}"
        raw = await self._send(template, _content(piece.planted) | piece.slots)
        if not raw.error and 200 <= raw.status < 400:
            return ""
        if not piece.certain and raw.status in _GONE:
            return ""
        return raw.error or f"HTTP {raw.status} to its removal"

    async def _must(self, template: RequestTemplate, slots: dict[str, str], what: str) -> None:
        raw = await self._send(template, slots)
        self._check(raw, what)
        self._slots |= _captured(raw, template, what)

    def _check(self, raw: Raw, what: str) -> None:
        if raw.unreachable or raw.lost:
            raise UnansweredError(f"{what} failed: {raw.error or f'HTTP {raw.status}'}", again=raw.unreachable)
        if raw.error or not 200 <= raw.status < 400:
            raise TargetError(f"{what} failed: {raw.error or f'HTTP {raw.status}'}")

    async def _send(self, template: RequestTemplate, slots: dict[str, str]) -> Raw:
        request = build(template, self._target.spec.url, self._slots | slots)
        headers = {**self._target.headers, **request.headers}
        return await self._target.channel.send(self._session, request.method, request.url, headers, request.data)


def _content(planted: Planted) -> dict[str, str]:
    return {"content": planted.content, "title": planted.title or "Note"}


def _captured(raw: Raw, template: RequestTemplate, what: str) -> dict[str, str]:
    out: dict[str, str] = {}
    for name, path in template.capture.items():
        try:
            value = text_at(decode(raw.body), path)
        except ValueError as error:
            raise TargetError(f"{what}: {error}") from None
        if value is None:
            raise TargetError(f"{what}: the answer has nothing at {path}")
        out[name] = value
    return out


def read(raw: Raw, spec: TargetSpec) -> Reply:
    """What a raw answer says; HTML where JSON should be, and statuses other than 2xx, are errors."""
    facts: dict[str, Any] = {"status": raw.status, "milliseconds": round(raw.milliseconds, 1), "tries": raw.tries}
    facts |= {"lost": raw.lost, "request": raw.request_id}
    paths = spec.reply
    whole = not (paths.text or paths.tool_calls)
    if raw.error:
        return cut_off(raw, facts, html=whole)
    body = raw.body.decode("utf-8", "replace")
    if raw.status in spec.blocked_statuses:
        remains = remains_of(raw.body)
        return Reply(text=body[:2_000], remains=remains, blocked=True, by_status=True, **facts)
    if not 200 <= raw.status < 300:
        said = f"HTTP {raw.status}: {' '.join(body[:200].split())}"
        return Reply(error=said, remains=remains_of(raw.body), **facts)
    if whole:
        return Reply(text=body, **facts)
    try:
        document = decode(raw.body)
    except ValueError as error:
        return Reply(error=str(error), remains=remains_of(raw.body), **facts)
    text = text_at(document, paths.text) if paths.text else ""
    if text is None:
        return Reply(error=f"the reply has nothing at {paths.text}", remains=remains_of(raw.body), **facts)
    return Reply(
        text=text,
        tool_calls=calls_in(document, paths),
        tokens_in=number_at(document, paths.tokens_in),
        tokens_out=number_at(document, paths.tokens_out),
        **facts,
    )


def cut_off(raw: Raw, facts: dict[str, Any], *, html: bool) -> Reply:
    """An answer with an error: its beginning, if it was one. HTML is none unless ``html`` says so."""
    if raw.answering and (html or "html" not in raw.headers.get("Content-Type", "").lower()):
        facts = facts | {"text": texts_of(raw.body)}
    else:
        facts = facts | {"remains": remains_of(raw.body)}
    return Reply(error=raw.error, unreachable=raw.unreachable, **facts)


def calls_in(document: Any, paths: ReplyPaths) -> tuple[ToolCall, ...]:
    """The trace of tool calls that the answer carries."""
    if not paths.tool_calls:
        return ()
    calls: list[ToolCall] = []
    for one in find(document, paths.tool_calls):
        for call in one if isinstance(one, list) else [one]:
            arguments = find(call, paths.tool_arguments)
            value = arguments[0] if arguments else {}
            calls.append(
                ToolCall(
                    name=text_at(call, paths.tool_name) or "",
                    arguments=value if isinstance(value, str) else as_json(value),
                )
            )
    return tuple(calls)

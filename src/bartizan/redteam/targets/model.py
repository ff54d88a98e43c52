"""A target that speaks a model API: a bare model, a gateway, or an application behind such an API."""

from __future__ import annotations

from typing import Any

import msgspec

from bartizan.redteam.attempt import Reply
from bartizan.redteam.case import Planted
from bartizan.redteam.scope_target import TargetSpec
from bartizan.redteam.targets.channel import Channel, Raw
from bartizan.redteam.targets.dialects import Dialect
from bartizan.redteam.targets.http import cut_off
from bartizan.redteam.targets.messages import Dressed, Said, dress
from bartizan.redteam.targets.paths import decode, text_at
from bartizan.redteam.targets.remains import remains_of, with_earlier
from bartizan.redteam.taxonomy import EntryPoint

NOT_RUN = "The call was recorded and not carried out."
"""What the model is told of its tool calls: a campaign offers tools and runs none."""

REFUSALS = frozenset({"content_filter", "content_policy", "content_policy_violation", "approval_required"})
"""``error.code`` where a guard or a provider's filter refused: OpenAI's, Azure's, and those of our own gateway."""


class ModelTarget:
    """Chat completions or Messages.

    Args:
        spec: of the scope file.
        dialect: which API.
        channel: how requests are sent.
        headers: of every request, authentication included.
        system: the system message, or "".
    """

    def __init__(
        self, spec: TargetSpec, dialect: Dialect, channel: Channel, headers: dict[str, str], system: str
    ) -> None:
        self.id = spec.id
        self.shared_plants = False
        self.shared_trace = False
        self.entry_points = frozenset(spec.entry_points or EntryPoint)
        self.spec = spec
        self.dialect = dialect
        self.channel = channel
        self.headers = {"Content-Type": "application/json", **headers}
        self.system = system
        self.url = spec.url.rstrip("/") + dialect.path

    async def open(self, entry_point: EntryPoint) -> ModelConversation:
        """The first request only leaves with the first message."""
        return self.conversation(entry_point, self.system)

    def conversation(self, entry_point: EntryPoint, system: str) -> ModelConversation:
        """One under another system message."""
        return ModelConversation(self, entry_point, system)

    async def close(self) -> None:
        """Idempotent."""
        await self.channel.close()


class ModelConversation:
    """Keeps the history, as the client of such an API does."""

    def __init__(self, target: ModelTarget, entry_point: EntryPoint, system: str) -> None:
        self._target = target
        self._entry_point = entry_point
        self._history = [Said(role="system", text=system)] if system else []
        self._tools: list[dict[str, Any]] = list(target.spec.tools)
        self._waiting: list[Planted] = []

    async def plant(self, planted: Planted) -> None:
        """It stands in the next request."""
        self._waiting.append(planted)

    async def say(self, text: str) -> Reply:
        """One request with the whole history."""
        dressed = dress(self._entry_point, self._waiting) if self._waiting else Dressed()
        self._waiting = []
        self._tools += dressed.tools
        self._history += [*dressed.before, Said(role="user", text=dressed.prefix + text), *dressed.after]
        target = self._target
        body = msgspec.json.encode(target.dialect.body(target.spec, self._history, self._tools))
        raw = await target.channel.send(target.channel.session(), "POST", target.url, target.headers, body)
        reply = with_earlier(read_reply(raw, target), raw.before)
        calls = tuple((f"call_{len(self._history)}_{at}", call) for at, call in enumerate(reply.tool_calls))
        said = "" if reply.error else reply.text
        self._history.append(Said(role="assistant", text=said or ("" if calls else "…"), calls=calls))
        self._history += [Said(role="tool", text=NOT_RUN, answers=id_) for id_, _ in calls]
        return reply

    async def close(self) -> None:
        """Nothing is kept on the other side."""


def read_reply(raw: Raw, target: ModelTarget) -> Reply:
    """What a raw answer says; what cannot be read is an error, never an answer."""
    facts: dict[str, Any] = {"status": raw.status, "milliseconds": round(raw.milliseconds, 1), "tries": raw.tries}
    facts |= {"lost": raw.lost, "request": raw.request_id}
    hint = " ".join(filter(None, (raw.headers.get(f"X-Bartizan-{n}", "")[:200] for n in ("Verdict", "Rule"))))
    if hint:
        facts["hint"] = hint
    if raw.error:
        return cut_off(raw, facts, html=False)
    try:
        document = decode(raw.body)
    except ValueError as error:
        return Reply(error=f"HTTP {raw.status}: {error}", remains=remains_of(raw.body), **facts)
    if not 200 <= raw.status < 300:
        problem = text_at(document, "error.message") or text_at(document, "error") or ""
        code = text_at(document, "error.code") or ""
        facts["remains"] = remains_of(raw.body)
        said = code in REFUSALS or raw.headers.get("X-Bartizan-Verdict", "") == "block"
        if said or raw.status in target.spec.blocked_statuses:
            return Reply(text=problem, blocked=True, by_status=not said, **facts)
        return Reply(error=f"HTTP {raw.status}: {problem[:200]}", **facts)
    try:
        reply = target.dialect.reply(document)
    except ValueError as error:
        return Reply(error=str(error), remains=remains_of(raw.body), **facts)
    return msgspec.structs.replace(reply, **facts)

"""What the journal is told about one exchange."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter

import msgspec

from bartizan.core import strict_json
from bartizan.core.clock import utc_now
from bartizan.core.event import (
    Commitment,
    RequestAccepted,
    RequestCompleted,
    RequestRefused,
    TensorRecord,
    Timing,
    ToolDecided,
)
from bartizan.core.ids import new_id
from bartizan.core.interfaces import Recorder
from bartizan.core.language import language_of
from bartizan.core.passage import Origin, Part, Text
from bartizan.core.tool import ToolCall, ToolDecision
from bartizan.core.verdict import Action, Coverage, Verdict
from bartizan.firewall.outcome import Outcome

Commit = Callable[[str], Commitment]
"""Text to commitment, by the key in force."""

MOST_COMMITMENTS = 32
"""Commitments per record; what is beyond is committed to as one text, joined by line feeds."""
MOST_SIGNALS = 256
MOST_UNCOVERED = 64
PROMPT_DIGITS = 16
LONGEST_NAME = 256
"""Characters of a model's name."""
_NO_VERDICT = Verdict(Action.BLOCK)


class Record:
    """The facts of one exchange, in the order in which they become known."""

    __slots__ = (
        "client",
        "commit",
        "first_byte",
        "id",
        "inspected",
        "model",
        "on_behalf_of",
        "principal",
        "recorder",
        "route",
        "session",
        "started",
        "stream",
        "tensors",
    )

    def __init__(self, request_id: str, route: str, client: str, recorder: Recorder, commit: Commit) -> None:
        self.id = request_id
        self.route = route
        self.client = client
        self.recorder = recorder
        self.commit = commit
        self.principal = ""
        self.on_behalf_of: tuple[str, ...] = ()
        self.model = ""
        self.session = ""
        self.stream = False
        self.tensors: tuple[TensorRecord, ...] = ()
        self.started = perf_counter()
        self.inspected = -1.0
        self.first_byte = -1.0

    def elapsed(self) -> float:
        """Milliseconds since the request's head arrived."""
        return (perf_counter() - self.started) * 1e3

    async def accepted(self, verdict: Verdict, parts: Sequence[Part]) -> None:
        """Durable before the upstream is called. Raises JournalError."""
        content, prompt, language = self._content(parts)
        self.recorder.append(
            RequestAccepted(
                id=new_id("evt"),
                at=utc_now(),
                request=self.id,
                principal=self.principal,
                route=self.route,
                model=self.model[:LONGEST_NAME],
                session=self.session,
                on_behalf_of=self.on_behalf_of,
                stream=self.stream,
                client=self.client,
                action=verdict.action,
                observed=verdict.observed,
                rule=verdict.rule,
                signals=verdict.signals[:MOST_SIGNALS],
                coverage=_bounded(verdict.coverage),
                content=content,
                prompt=prompt,
                language=language,
                tensors=self.tensors,
            )
        )
        await self.recorder.commit()

    def completed(self, status: int, outcome: Outcome) -> None:
        """Written before the last byte leaves. Raises JournalError."""
        self.recorder.append(
            RequestCompleted(
                id=new_id("evt"),
                at=utc_now(),
                request=self.id,
                principal=self.principal,
                route=self.route,
                model=self.model[:LONGEST_NAME],
                session=self.session,
                client=self.client,
                status=status,
                action=outcome.action,
                observed=outcome.observed,
                rule=outcome.rule,
                signals=outcome.signals,
                coverage=outcome.coverage,
                usage=outcome.usage,
                timing=self._timing(),
                content=self._commitments(outcome.texts),
                escaped=outcome.escaped,
                error=outcome.error,
                tensors=outcome.tensors,
            )
        )

    def refused(self, status: int, reason: str, verdict: Verdict | None = None, parts: Sequence[Part] = ()) -> None:
        """A request that no upstream saw. Raises JournalError."""
        if verdict is None:
            verdict = _NO_VERDICT
        content, prompt, language = self._content(parts)
        self.recorder.append(
            RequestRefused(
                id=new_id("evt"),
                at=utc_now(),
                request=self.id,
                principal=self.principal,
                route=self.route,
                model=self.model[:LONGEST_NAME],
                session=self.session,
                on_behalf_of=self.on_behalf_of,
                status=status,
                reason=reason,
                client=self.client,
                action=Action.BLOCK,
                rule=verdict.rule,
                signals=verdict.signals[:MOST_SIGNALS],
                coverage=_bounded(verdict.coverage),
                content=content,
                prompt=prompt,
                language=language,
                tensors=self.tensors,
                timing=self._timing(),
            )
        )

    def tool_decided(self, call: ToolCall, decision: ToolDecision, action: Action, approval: str = "") -> None:
        """A tool call in the answer, before it goes on. Raises JournalError."""
        self.recorder.append(
            ToolDecided(
                id=new_id("evt"),
                at=utc_now(),
                call=new_id("call"),
                request=self.id,
                principal=self.principal,
                session=self.session,
                on_behalf_of=self.on_behalf_of,
                tool=call.tool[:LONGEST_NAME],
                action=action,
                observed=max(decision.action, decision.observed, key=lambda one: one.rank),
                policy=decision.policy,
                reason=decision.reason,
                digest=decision.digest,
                approval=approval,
                effect=str(decision.facts.get("effect", "")),
                outward=decision.facts.get("outward") is True,
                tainted=decision.facts.get("tainted") is True,
                content=self._commitments([_written(call)]),
            )
        )

    def _timing(self) -> Timing:
        return Timing(round(self.inspected, 3), round(self.first_byte, 3), round(self.elapsed(), 3))

    def _content(self, parts: Sequence[Part]) -> tuple[tuple[Commitment, ...], str, str]:
        """Commitments to the texts, what says that two users' last texts are the same, and what language that is in."""
        passages = [part.passage for part in parts if isinstance(part, Text) and part.passage.text]
        content = self._commitments([passage.text for passage in passages])
        for number in reversed(range(len(passages))):
            if passages[number].origin is Origin.USER:
                alone = number < MOST_COMMITMENTS - 1 or len(passages) <= MOST_COMMITMENTS
                mac = content[number].mac if alone else self.commit(passages[number].text).mac
                return content, mac[:PROMPT_DIGITS], language_of(passages[number].text)
        return content, "", ""

    def _commitments(self, texts: list[str]) -> tuple[Commitment, ...]:
        if len(texts) > MOST_COMMITMENTS:
            texts = [*texts[: MOST_COMMITMENTS - 1], "\n".join(texts[MOST_COMMITMENTS - 1 :])]
        commit = self.commit
        return tuple([commit(text) for text in texts if text])


def _written(call: ToolCall) -> str:
    try:
        return strict_json.encode(call.arguments).decode()
    except (ValueError, RecursionError):
        return ""


def _bounded(coverage: Coverage) -> Coverage:
    """A record must fit the journal whatever a client sends."""
    if len(coverage.uncovered) <= MOST_UNCOVERED:
        return coverage
    return msgspec.structs.replace(coverage, uncovered=coverage.uncovered[:MOST_UNCOVERED])

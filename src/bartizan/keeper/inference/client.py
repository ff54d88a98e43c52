"""A worker's inference: the process behind the Unix socket."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bartizan.core.errors import KeeperError
from bartizan.core.inference import Learned, Question
from bartizan.keeper import messages as m
from bartizan.keeper.inference.gaps import Gap, gaps_of, unread
from bartizan.keeper.inference.messages import MOST_TEXTS, PROTOCOL, Answer, Answered, Asked, Read, Reply, patience
from bartizan.keeper.link import Link, Service
from bartizan.telemetry.metrics import Registry
from bartizan.workspace.deployment import Inference as Settings

CONNECT_SECONDS: Final = 0.25
"""How long a question waits for a process that is being started again."""
_INFERENCE: Final = Service("the inference process", Reply, PROTOCOL)


class SocketInference:
    """Implements :class:`bartizan.core.inference.Inference`; belongs to the event loop of its first call.

    Args:
        path: of the socket.
        settings: deadline, and how much may wait.
        registry: where unread texts are counted.
    """

    def __init__(self, path: Path, settings: Settings, registry: Registry) -> None:
        self._path = path
        self._settings = settings
        self._link: Link[Answer] | None = None
        counter = registry.counter(
            "bartizan_classifier_unread_total",
            "Texts that the trained model left unread, wholly or in part.",
            ("reason",),
        )
        self._unread = {gap: counter.labels(gap) for gap in Gap}

    async def ask(self, principal: str, questions: Sequence[Question]) -> Sequence[tuple[Learned, ...]]:
        """See the interface."""
        if not questions:
            return []
        answers = await self._ask(principal, questions)
        for answer in answers:
            for gap in gaps_of(answer):
                self._unread[gap].inc()
        return answers

    async def close(self) -> None:
        """See the interface."""
        if self._link is not None:
            await self._link.close()

    async def _ask(self, principal: str, questions: Sequence[Question]) -> Sequence[tuple[Learned, ...]]:
        characters = sum(len(question.text) for question in questions)
        if characters > self._settings.queue_characters or len(questions) > MOST_TEXTS:
            return _all(Gap.BUSY, questions)
        if self._link is None:
            self._link = Link(self._path, _INFERENCE, _ignore, _nothing, CONNECT_SECONDS)
        link = self._link
        seconds = patience(self._settings, characters)
        identifier = link.new_id()
        texts = tuple(
            Asked(question.text.encode("utf-8", "surrogatepass"), question.surfaces, question.harm)
            for question in questions
        )
        try:
            async with asyncio.timeout(seconds):
                reply = await link.call(Read(identifier, principal, seconds, texts), identifier, patient=True)
        except TimeoutError:
            return _all(Gap.LATE, questions)
        except KeeperError:
            return _all(Gap.AWAY, questions)
        if not isinstance(reply, Answered) or [len(answer) for answer in reply.answers] != [
            len(question.surfaces) for question in questions
        ]:
            return _all(Gap.FAILED, questions)
        return reply.answers


def _all(gap: Gap, questions: Sequence[Question]) -> list[tuple[Learned, ...]]:
    return [unread(gap, question.surfaces) for question in questions]


def _ignore(_: m.Welcome | m.Told) -> None:
    """Nothing is pushed that a client must know."""


def _nothing() -> None:
    """A lost connection leaves nothing to clear: what was asked is answered as out of reach."""

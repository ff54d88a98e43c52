"""Inference inside the process that uses it: for a gateway without workers, and for tests."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from bartizan.core.inference import Learned, Question
from bartizan.inspection.classifier import ClassifierDetector
from bartizan.keeper.inference.cache import Answer
from bartizan.keeper.inference.engine import Engine
from bartizan.keeper.inference.messages import patience
from bartizan.telemetry.metrics import Registry
from bartizan.workspace.deployment import Inference as Settings


class LocalInference:
    """Implements :class:`bartizan.core.inference.Inference`; belongs to the event loop of its first call.

    Args:
        detector: the model.
        settings: bounds.
        registry: where it counts.
    """

    def __init__(self, detector: ClassifierDetector, settings: Settings, registry: Registry) -> None:
        self._detector = detector
        self._settings = settings
        self._registry = registry
        self._engine: Engine | None = None

    async def ask(self, principal: str, questions: Sequence[Question]) -> Sequence[tuple[Learned, ...]]:
        """See the interface."""
        if self._engine is None:
            self._engine = Engine(self._detector, self._settings, self._registry)
        loop = asyncio.get_running_loop()
        waiting: list[asyncio.Future[Answer]] = []
        deadline = loop.time() + patience(self._settings, sum(len(question.text) for question in questions))
        for question in questions:
            answered: asyncio.Future[Answer] = loop.create_future()
            waiting.append(answered)
            text = question.text.encode("utf-8", "surrogatepass")
            done = partial(_tell, answered)
            self._engine.submit(principal, text, question.surfaces, deadline, done, harm=question.harm)
        return await asyncio.gather(*waiting)

    async def close(self) -> None:
        """See the interface."""
        if self._engine is not None:
            await asyncio.to_thread(self._engine.close)


def _tell(answered: asyncio.Future[Answer], answer: Answer) -> None:
    if not answered.done():
        answered.set_result(answer)

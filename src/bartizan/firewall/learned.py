"""What the trained model says of a request: asked for all of its texts at once, before the guard judges them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from bartizan.core.inference import Inference, Learned, Question
from bartizan.core.passage import Passage, Surface, Text
from bartizan.firewall.exchange import Request
from bartizan.firewall.joined import joined_passages

UNASKED: Final = Learned((), ("classifier: not asked",))


class Answers:
    """Answers by question; whatever should have been asked and was not counts as unread.

    Args:
        surfaces: those on which the model has a say; empty where there is none.
        answers: what it said.
    """

    def __init__(
        self,
        surfaces: frozenset[Surface] = frozenset(),
        answers: Mapping[Question, tuple[Learned, ...]] | None = None,
    ) -> None:
        self.surfaces = surfaces
        self._answers = answers or {}

    def of(self, passage: Passage) -> tuple[Learned, ...]:
        """What was learned about a passage on each of its surfaces."""
        if not self.surfaces:
            return (Learned(),) * len(passage.surfaces)
        question = question_of(passage, self.surfaces)
        if question is None:
            return (Learned(),) * len(passage.surfaces)
        answer = dict(zip(question.surfaces, self._answers.get(question, ()), strict=False))
        return tuple(
            answer.get(surface, UNASKED) if surface in self.surfaces else Learned() for surface in passage.surfaces
        )


NOTHING_LEARNED: Final = Answers()


def question_of(passage: Passage, surfaces: frozenset[Surface]) -> Question | None:
    """What to ask about a passage; None if nothing."""
    wanted = tuple(surface for surface in passage.surfaces if surface in surfaces)
    return Question(passage.text, wanted) if wanted and passage.text and not passage.text.isspace() else None


async def ask(inference: Inference | None, principal: str, request: Request, surfaces: frozenset[Surface]) -> Answers:
    """Everything that the model can say about ``request``.

    Args:
        inference: whom to ask; with None everything counts as unread.
        principal: on whose account.
        request: parsed.
        surfaces: those on which policy lets the model have a say.
    """
    if not surfaces:
        return NOTHING_LEARNED
    questions = list(dict.fromkeys(_questions(request, surfaces)))
    if not questions or inference is None:
        return Answers(surfaces)
    return Answers(surfaces, dict(zip(questions, await inference.ask(principal, questions), strict=True)))


def _questions(request: Request, surfaces: frozenset[Surface]) -> Iterable[Question]:
    parts = [part.passage for part in request.parts if isinstance(part, Text)]
    for passage in (*parts, *joined_passages(request.parts)):
        question = question_of(passage, surfaces)
        if question is not None:
            yield question

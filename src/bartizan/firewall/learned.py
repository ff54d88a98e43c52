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
        harm: whether it was asked about harmful requests, too.
    """

    def __init__(
        self,
        surfaces: frozenset[Surface] = frozenset(),
        answers: Mapping[Question, tuple[Learned, ...]] | None = None,
        *,
        harm: bool = False,
    ) -> None:
        self.surfaces = surfaces
        self._answers = answers or {}
        self._harm = harm

    def of(self, passage: Passage) -> tuple[Learned, ...]:
        """What was learned about a passage on each of its surfaces."""
        if not self.surfaces:
            return (Learned(),) * len(passage.surfaces)
        question = question_of(passage, self.surfaces, harm=self._harm)
        if question is None:
            return (Learned(),) * len(passage.surfaces)
        answer = dict(zip(question.surfaces, self._answers.get(question, ()), strict=False))
        return tuple(
            answer.get(surface, UNASKED) if surface in self.surfaces else Learned() for surface in passage.surfaces
        )


NOTHING_LEARNED: Final = Answers()


def question_of(passage: Passage, surfaces: frozenset[Surface], *, harm: bool = False) -> Question | None:
    """What to ask about a passage; None if nothing."""
    wanted = tuple(surface for surface in passage.surfaces if surface in surfaces)
    if not wanted or not passage.text or passage.text.isspace():
        return None
    return Question(passage.text, wanted, harm and Surface.USER in wanted)


async def ask(
    inference: Inference | None,
    principal: str,
    request: Request,
    surfaces: frozenset[Surface],
    *,
    harm: bool = False,
) -> Answers:
    """Everything that the model can say about ``request``.

    Args:
        inference: whom to ask; with None everything counts as unread.
        principal: on whose account.
        request: parsed.
        surfaces: those on which policy lets the model have a say.
        harm: whether policy wants to know of harmful requests, too.
    """
    if not surfaces:
        return NOTHING_LEARNED
    questions = list(dict.fromkeys(_questions(request, surfaces, harm)))
    if not questions or inference is None:
        return Answers(surfaces, harm=harm)
    answers = await inference.ask(principal, questions)
    return Answers(surfaces, dict(zip(questions, answers, strict=True)), harm=harm)


def _questions(request: Request, surfaces: frozenset[Surface], harm: bool) -> Iterable[Question]:
    parts = [part.passage for part in request.parts if isinstance(part, Text)]
    for passage in (*parts, *joined_passages(request.parts)):
        question = question_of(passage, surfaces, harm=harm)
        if question is not None:
            yield question

"""The learned tier as a detector: the highest score over the canonical views of a text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from bartizan.core.inference import CLASSIFIER
from bartizan.core.passage import Surface
from bartizan.core.signal import Signal
from bartizan.core.threat import Guard, Severity, Threat
from bartizan.inspection.classifier.artefact import ANSWER, HARM, MANIFEST, Artefact
from bartizan.inspection.classifier.cascade import Cascade, Reading
from bartizan.inspection.classifier.judging import LEAST_SCORE, AnswerDetector, HarmDetector, judged
from bartizan.inspection.classifier.network import Answers, Steps, T, Window, once
from bartizan.inspection.interface import Partial, View
from bartizan.inspection.views.folding import odd_capitals
from bartizan.inspection.views.visible import recased, visible

WEIGHTS = Path(__file__).parent / "weights"
MOST_VIEWS = 8
LEAST_CHANGED = 8
LEAST_SHARE = 0.1
"""A derived view counts when at least so many characters, and this share of its text, had been dressed up: a few
accents, emoji or look-alikes must not give a harmless text another chance to be flagged."""
SHORTEST_MIXED = 400
"""Characters from which a text that may be both a request and material is read as material too."""
_TECHNIQUES = {"extraction": "system_prompt_extraction", "jailbreak": "jailbreak"}


class ClassifierDetector:
    """Injection and jailbreak as the trained model sees them.

    Args:
        cascade: the model.
    """

    id = CLASSIFIER
    guard = Guard.PROMPT_INJECTION
    surfaces = frozenset({Surface.USER, Surface.CONTENT})

    def __init__(self, cascade: Cascade) -> None:
        self._cascade = cascade

    def detect(self, views: Sequence[View], surface: Surface) -> Sequence[Signal]:
        """At most one signal a view, and what the model left unread."""
        return self.detect_on(views, (surface,))[0]

    def detect_on(self, views: Sequence[View], surfaces: Sequence[Surface]) -> Sequence[Sequence[Signal]]:
        """For each surface what ``detect`` would give."""
        return self.drive(self.steps(views, surfaces))

    def drive(self, steps: Steps[T]) -> T:
        """Take all steps at once."""
        return self._cascade.drive(steps)

    def encode(self, window: Window) -> Answers:
        """One step of ``steps``."""
        return self._cascade.encode(window)

    @property
    def harm(self) -> HarmDetector:
        """The same model, asked whether a request is harmful."""
        return HarmDetector(lambda views: self.drive(self.judge_steps(HARM, views)))

    @property
    def answers(self) -> AnswerDetector:
        """The same model, asked what an answer carries."""
        return AnswerDetector(lambda views: self.drive(self.judge_steps(ANSWER, views)))

    def steps(self, views: Sequence[View], surfaces: Sequence[Surface], *, harm: bool = False) -> Steps[list[Partial]]:
        """``detect_on``, one encoder window at a time, for who shares the encoder.

        Args:
            views: of the text.
            surfaces: as what it is read; ``output`` is one sentence of an answer.
            harm: say of a request, too, whether it is harmful.
        """
        found = [Partial() for _ in surfaces]
        asked = [
            (surface, signals)
            for surface, signals in zip(surfaces, found, strict=True)
            if surface in self.surfaces and _read_as(views, surface, surfaces)
        ]
        chosen, left = worth_reading(views)
        if left:
            for _, signals in asked:
                signals.unread += (f"classifier: {left} views were not read",)
        room = self._cascade.most_windows
        known: dict[tuple[tuple[int, ...], tuple[int, ...]], Answers] = {}
        for view in chosen if asked else ():
            heads = [surface for surface, _ in asked]
            readings, taken = yield from once(self._cascade.steps(view.text, heads, room), known, self._cascade.worth)
            room -= taken
            for (surface, signals), reading in zip(asked, readings, strict=True):
                score = reading.scores.get(surface.value, 0.0)
                signals.unread += tuple(gap for gap in reading.unread if gap not in signals.unread)
                if score >= LEAST_SCORE:
                    signals.append(self._signal(view, surface, reading, score))
        for surface, signals in zip(surfaces, found, strict=True):
            if surface is Surface.OUTPUT or (harm and surface is Surface.USER):
                name = ANSWER if surface is Surface.OUTPUT else HARM
                more = yield from judged(self._cascade, name, chosen, left)
                signals += more
                signals.unread += more.unread
        return found

    def judge_steps(self, name: str, views: Sequence[View]) -> Steps[Partial]:
        """What a judge of the model makes of a text, on the same views."""
        return (yield from judged(self._cascade, name, *worth_reading(views)))

    def _signal(self, view: View, surface: Surface, reading: Reading, score: float) -> Signal:
        return Signal(
            detector=self.id,
            guard=self.guard,
            threat=Threat.PROMPT_INJECTION,
            technique=_technique(surface, reading),
            score=math.floor(score * 1_000) / 1_000,  # finer differences are those between processors
            span=view.origin(reading.span.start, reading.span.end),
            view=view.name,
            rule=f"classifier.{surface.value}",
            severity=Severity.HIGH if score >= 0.9 else Severity.MEDIUM,
        )


def load_classifier(folder: Path = WEIGHTS, threads: int = 1) -> ClassifierDetector:
    """The shipped model. Raises ArtefactError."""
    return ClassifierDetector(Cascade(Artefact(folder), threads))


def shipped() -> bool:
    """Whether this installation has a model."""
    return (WEIGHTS / MANIFEST).exists()


def _read_as(views: Sequence[View], surface: Surface, surfaces: Sequence[Surface]) -> bool:
    """Whether a text is read as ``surface``.

    What somebody types is an order to the assistant, which inside material would be suspect. So a text that may be
    either is read as material only if it may hold some.
    """
    if surface is not Surface.CONTENT or Surface.USER not in surfaces:
        return True
    return may_hold_material(views[0].text)


def may_hold_material(typed: str) -> bool:
    """Whether what somebody typed is long enough, and of enough lines, to hold material that somebody else wrote."""
    text = typed.strip()
    return len(text) >= SHORTEST_MIXED and "\n" in text


def worth_reading(views: Sequence[View]) -> tuple[list[View], int]:
    """The views to read, and how many more there would be.

    The first one is the text as it is shown: invisible characters are no reason to read it once more, and no way to
    have it read as something else.
    """
    chosen = [visible(views[0])]
    left = 0
    known = {chosen[0].text.casefold()}
    odd = odd_capitals(views[0].text)
    for view in views[1:]:
        enough = view.changed >= LEAST_CHANGED and view.changed >= LEAST_SHARE * len(view.text)
        text = view.text.casefold()
        if not enough or (text in known and view.name != "folded"):  # folded text that changed enough lOoKeD lIkE tHiS
            continue
        known.add(text)
        if len(chosen) < MOST_VIEWS:
            chosen.append(view if odd else recased(view, views[0]))
        else:
            left += 1
    return chosen, left


def _technique(surface: Surface, reading: Reading) -> str:
    if surface is Surface.CONTENT:
        return "indirect_injection"
    best = max(_TECHNIQUES, key=lambda head: reading.scores.get(head, 0.0))
    return _TECHNIQUES[best] if reading.scores.get(best, 0.0) >= 0.5 else "direct_override"

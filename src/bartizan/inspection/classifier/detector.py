"""The learned tier as a detector: the highest score over the canonical views of a text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from bartizan.core.inference import CLASSIFIER
from bartizan.core.passage import Surface
from bartizan.core.signal import Signal
from bartizan.core.threat import Guard, Severity, Threat
from bartizan.inspection.classifier.artefact import MANIFEST, Artefact
from bartizan.inspection.classifier.cascade import Cascade, Reading, Steps
from bartizan.inspection.classifier.encoder import Answers
from bartizan.inspection.classifier.network import Window
from bartizan.inspection.interface import Partial, View
from bartizan.inspection.views.folding import odd_capitals
from bartizan.inspection.views.visible import recased, visible

WEIGHTS = Path(__file__).parent / "weights"
LEAST_SCORE = 0.05
"""Lower scores are not worth a signal."""
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
        return self._cascade.drive(self.steps(views, surfaces))

    def encode(self, window: Window) -> Answers:
        """One step of ``steps``."""
        return self._cascade.encode(window)

    def steps(self, views: Sequence[View], surfaces: Sequence[Surface]) -> Steps[list[Partial]]:
        """``detect_on``, one encoder window at a time, for who shares the encoder."""
        found = [Partial() for _ in surfaces]
        asked = [
            (surface, signals)
            for surface, signals in zip(surfaces, found, strict=True)
            if _read_as(views, surface, surfaces)
        ]
        chosen, left = worth_reading(views)
        if left:
            for _, signals in asked:
                signals.unread += (f"classifier: {left} views were not read",)
        room = self._cascade.most_windows
        known: dict[tuple[tuple[int, ...], tuple[int, ...]], Answers] = {}
        for view in chosen:
            heads = [surface for surface, _ in asked]
            readings, taken = yield from self._once(self._cascade.steps(view.text, heads, room), known)
            room -= taken
            for (surface, signals), reading in zip(asked, readings, strict=True):
                score = reading.scores.get(surface.value, 0.0)
                signals.unread += tuple(gap for gap in reading.unread if gap not in signals.unread)
                if score >= LEAST_SCORE:
                    signals.append(self._signal(view, surface, reading, score))
        return found

    def _once(
        self, steps: Steps[list[Reading]], known: dict[tuple[tuple[int, ...], tuple[int, ...]], Answers]
    ) -> Steps[tuple[list[Reading], int]]:
        """The same steps but for windows that are ``known``, and what those are worth that were not."""
        taken = 0
        try:
            window = next(steps)
            while True:
                same = (window.heads, tuple(window.ids))
                if same not in known:
                    known[same] = yield window
                    taken += self._cascade.worth(window)
                window = steps.send(known[same])
        except StopIteration as end:
            return end.value, taken

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

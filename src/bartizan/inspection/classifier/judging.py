"""Judges as detectors: whether a request is harmful, and what the sentences of an answer carry."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from bartizan.core.inference import CLASSIFIER
from bartizan.core.passage import Surface
from bartizan.core.signal import Signal, Span
from bartizan.core.threat import Guard, Severity, Threat
from bartizan.inspection.classifier.artefact import ANSWER, HARM
from bartizan.inspection.classifier.cascade import Cascade
from bartizan.inspection.classifier.judge import JudgeReading
from bartizan.inspection.classifier.network import Answers, Steps, once
from bartizan.inspection.interface import Partial, View
from bartizan.inspection.sentences import MOST, Sentences
from bartizan.inspection.views import read

LEAST_SCORE = 0.05
"""Lower scores are not worth a signal."""


class _Kind(NamedTuple):
    """What a judge's signals say."""

    guard: Guard
    technique: str
    rule: str
    severity: Severity


_KINDS = {
    HARM: _Kind(Guard.HARMFUL_REQUEST, "harmful_request", "classifier.harm", Severity.LOW),
    ANSWER: _Kind(Guard.PROMPT_INJECTION, "compromised_answer", "classifier.output", Severity.MEDIUM),
}
Ask = Callable[[Sequence[View]], Partial]


def judged(cascade: Cascade, name: str, views: Sequence[View], left: int) -> Steps[Partial]:
    """What a judge makes of a text: at most one signal a view.

    Args:
        cascade: the model.
        name: of the judge.
        views: to read.
        left: how many more there would be.
    """
    signals = Partial()
    if not cascade.judges(name):
        signals.unread = (f"classifier: this model has no judge of {name}",)
        return signals
    if left:
        signals.unread = (f"classifier: {left} views were not read for {name}",)
    room = cascade.most_windows
    known: dict[tuple[tuple[int, ...], tuple[int, ...]], Answers] = {}
    for view in views:
        reading, taken = yield from once(cascade.judge(name, view.text, room), known, cascade.worth)
        room -= taken
        signals.unread += tuple(gap for gap in reading.unread if gap not in signals.unread)
        if reading.score >= LEAST_SCORE:
            signals.append(_signal(_KINDS[name], view, reading))
    return signals


class HarmDetector:
    """Requests for something harmful. No attack on the assistant by itself, so it has a guard of its own.

    Args:
        ask: what the judge makes of views.
    """

    id = CLASSIFIER
    guard = Guard.HARMFUL_REQUEST
    surfaces = frozenset({Surface.USER})

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def detect(self, views: Sequence[View], surface: Surface) -> Sequence[Signal]:
        """At most one signal a view, and what the model left unread."""
        return self._ask(views) if surface in self.surfaces else Partial()


class AnswerDetector:
    """Sentences of an answer that carry orders on, tell hidden instructions or announce that the rules are dropped.

    Args:
        ask: what the judge makes of views.
    """

    id = CLASSIFIER
    guard = Guard.PROMPT_INJECTION
    surfaces = frozenset({Surface.OUTPUT})

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def detect(self, views: Sequence[View], surface: Surface) -> Sequence[Signal]:
        """Each sentence by itself, as in a stream."""
        found = Partial()
        sentences = Sentences()
        known: dict[str, Partial] = {}
        all_of_it = (*sentences.feed(views[0].text), *sentences.finish())
        for sentence in all_of_it[:MOST]:
            if sentence.text not in known:
                seen, gaps = read(sentence.text)
                said = self._ask(seen)
                known[sentence.text] = Partial(said, (*gaps, *said.unread))
            said = known[sentence.text]
            found += [moved(signal, sentence.start) for signal in said]
            found.unread += tuple(gap for gap in said.unread if gap not in found.unread)
        if len(all_of_it) > MOST:
            found.unread += (f"classifier: {len(all_of_it) - MOST} sentences of the answer were not read",)
        return found


def moved(signal: Signal, by: int) -> Signal:
    """The signal of a piece that stands ``by`` characters further on."""
    return replace(signal, span=Span(signal.span.start + by, signal.span.end + by))


def _signal(kind: _Kind, view: View, reading: JudgeReading) -> Signal:
    return Signal(
        detector=CLASSIFIER,
        guard=kind.guard,
        threat=Threat.PROMPT_INJECTION,
        technique=kind.technique,
        score=math.floor(reading.score * 1_000) / 1_000,  # finer differences are those between processors
        span=view.origin(reading.span.start, reading.span.end),
        view=view.name,
        rule=kind.rule,
        severity=kind.severity,
    )

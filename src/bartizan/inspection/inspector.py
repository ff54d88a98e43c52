"""Runs detectors over the canonical views of a text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from bartizan.core.passage import Surface
from bartizan.core.signal import Signal, Span
from bartizan.core.threat import Guard
from bartizan.inspection.interface import Detector, ManySurfacesDetector, Partial, View
from bartizan.inspection.patterns import PatternDetector
from bartizan.inspection.views import Limits, read
from bartizan.inspection.views.tokens import read_output

MAX_SIGNALS = 1_000
"""Signals reported per text, the highest scores first; what is beyond counts as unread, and policy decides."""


class Inspected(NamedTuple):
    """What was seen, and what was not read."""

    signals: tuple[Signal, ...]
    unread: tuple[str, ...] = ()
    """Reasons why something may have stayed hidden, for the verdict's coverage."""


class Inspector:
    """Text to signals (`core.interfaces.Inspector`). Immutable; safe to share between threads.

    Args:
        detectors: what runs, each on the surfaces it serves.
        limits: bounds on the views of one text.
    """

    def __init__(self, detectors: Iterable[Detector], limits: Limits | None = None) -> None:
        self._detectors = tuple(detectors)
        self._limits = limits or Limits()
        self._plans: dict[tuple[Surface, ...], tuple[_Group, ...]] = {
            (surface,): _plan(self._detectors, (surface,)) for surface in Surface
        }

    @property
    def detectors(self) -> tuple[Detector, ...]:
        """The detectors, in the order in which they run."""
        return self._detectors

    def inspect(self, text: str, surface: Surface) -> tuple[Signal, ...]:
        """Signals of every detector that serves ``surface``, sorted by span; spans refer to ``text``."""
        return self.inspect_full(text, surface).signals

    def inspect_full(self, text: str, surface: Surface) -> Inspected:
        """The same, with the reasons for what stayed unread.

        A detector that raises is not caught: who calls fails closed.
        """
        return self.inspect_surfaces(text, (surface,))[0]

    def inspect_surfaces(self, text: str, surfaces: tuple[Surface, ...]) -> list[Inspected]:
        """``inspect_full`` for each surface, at little more than the cost of one."""
        plan = self._plans.get(surfaces)
        if plan is None:
            plan = self._plans[surfaces] = _plan(self._detectors, surfaces)
        results = [_NOTHING] * len(surfaces)
        if not text:
            return results
        for group in plan:
            views, unread = read_output(text) if group.output else read(text, self._limits)
            found: dict[int, list[Signal]] = {}
            gaps: dict[int, tuple[str, ...]] = {}
            for detect, served, places in group.runs:
                for place, signals in zip(places, detect(views, served), strict=True):
                    if signals:
                        found.setdefault(place, []).extend(signals)
                    if isinstance(signals, Partial):
                        gaps[place] = (*gaps.get(place, ()), *signals.unread)
            for place in group.places:
                left = (*unread, *gaps[place]) if place in gaps else unread
                if place in found:
                    results[place] = gather(found[place], views, left)
                elif left:
                    results[place] = Inspected((), left)
        return results


DetectOn = Callable[[Sequence[View], Sequence[Surface]], Sequence[Sequence[Signal]]]
_NOTHING = Inspected(())


class _Run(NamedTuple):
    """One detector on the surfaces that it serves."""

    detect: DetectOn
    surfaces: tuple[Surface, ...]
    places: tuple[int, ...]
    """Where these surfaces stand in the question."""


class _Group(NamedTuple):
    """Surfaces whose texts are read alike."""

    output: bool
    runs: tuple[_Run, ...]
    places: tuple[int, ...]


def _plan(detectors: Sequence[Detector], surfaces: tuple[Surface, ...]) -> tuple[_Group, ...]:
    groups = []
    for output in (False, True):
        alike = [place for place, surface in enumerate(surfaces) if (surface is Surface.OUTPUT) is output]
        served = [
            (detector, places)
            for detector in detectors
            if (places := tuple(place for place in alike if surfaces[place] in detector.surfaces))
        ]
        runs = [_Run(detect, tuple(surfaces[place] for place in places), places) for detect, places in _joined(served)]
        if runs:
            read_for = {place for run in runs for place in run.places}
            groups.append(_Group(output, tuple(runs), tuple(sorted(read_for))))
    return tuple(groups)


def _joined(served: Sequence[tuple[Detector, tuple[int, ...]]]) -> Iterator[tuple[DetectOn, tuple[int, ...]]]:
    """How to ask each detector; those that share a scanner, follow each other and serve the same places as one."""
    at = 0
    while at < len(served):
        detector, places = served[at]
        inner = _inner(detector)
        joint = inner.joint if isinstance(inner, PatternDetector) else None
        if joint is not None:
            members = [(_inner(other), where) for other, where in served[at : at + len(joint.detectors)]]
            if members == [(member, places) for member in joint.detectors]:
                yield joint.detect_on, places
                at += len(members)
                continue
        yield several(detector), places
        at += 1


def _inner(detector: Detector) -> Detector:
    return detector.detector if isinstance(detector, OnSurfaces) else detector


class OnSurfaces:
    """A detector restricted to some of its surfaces, such as those on which policy has a row for its guard."""

    def __init__(self, detector: Detector, surfaces: frozenset[Surface]) -> None:
        self.detector = detector
        self.id = detector.id
        self.guard = detector.guard
        self.surfaces = surfaces
        self.detect = detector.detect
        self.detect_on = several(detector)


def several(detector: Detector) -> DetectOn:
    """``detect_on`` of any detector."""
    if isinstance(detector, ManySurfacesDetector):
        return detector.detect_on
    return lambda views, surfaces: [detector.detect(views, surface) for surface in surfaces]


def gather(found: Sequence[Signal], views: Sequence[View], unread: tuple[str, ...]) -> Inspected:
    """What detectors saw on the views of one text, doubles merged, at most MAX_SIGNALS of it."""
    ranks = {view.name: rank for rank, view in reversed(list(enumerate(views)))}
    signals = _merged(found, ranks)
    if len(signals) > MAX_SIGNALS:
        unread = (*unread, f"more than {MAX_SIGNALS} signals")
        signals = sorted(sorted(signals, key=lambda signal: -signal.score)[:MAX_SIGNALS], key=_span)
    return Inspected(tuple(signals), unread)


def _span(signal: Signal) -> Span:
    return signal.span


def _merged(found: Iterable[Signal], ranks: dict[str, int]) -> list[Signal]:
    """One signal per guard, rule and span: the highest score, and of equal ones that of the earliest view."""
    last = len(ranks)
    best: dict[tuple[Guard, str, str, Span], Signal] = {}
    for signal in found:
        key = (signal.guard, signal.detector, signal.rule or signal.technique, signal.span)
        held = best.get(key)
        if held is None or _order(signal, ranks, last) < _order(held, ranks, last):
            best[key] = signal
    return sorted(best.values(), key=_span)


def _order(signal: Signal, ranks: dict[str, int], last: int) -> tuple[float, int]:
    return -signal.score, ranks.get(signal.view, last)

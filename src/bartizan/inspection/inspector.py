"""Runs detectors over the canonical views of a text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bartizan.core.passage import Surface
from bartizan.core.signal import Signal, Span
from bartizan.core.threat import Guard
from bartizan.inspection.interface import Detector
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
        self._serving = {
            surface: tuple(detector for detector in self._detectors if surface in detector.surfaces)
            for surface in Surface
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
        detectors = self._serving[surface]
        if not detectors or not text:
            return Inspected(())
        views, unread = read_output(text) if surface is Surface.OUTPUT else read(text, self._limits)
        found: list[Signal] = []
        for detector in detectors:
            found.extend(detector.detect(views, surface))
        if not found:
            return Inspected((), unread)
        ranks = {view.name: rank for rank, view in reversed(list(enumerate(views)))}
        signals = _merged(found, ranks)
        if len(signals) > MAX_SIGNALS:
            unread = (*unread, f"more than {MAX_SIGNALS} signals")
            signals = sorted(sorted(signals, key=lambda signal: -signal.score)[:MAX_SIGNALS], key=_span)
        return Inspected(tuple(signals), unread)


def _span(signal: Signal) -> Span:
    return signal.span


def _merged(found: Iterable[Signal], ranks: dict[str, int]) -> list[Signal]:
    """One signal per guard, rule and span: that of the earliest view, and of the highest score within it."""
    last = len(ranks)
    best: dict[tuple[Guard, str, str, Span], Signal] = {}
    for signal in found:
        key = (signal.guard, signal.detector, signal.rule or signal.technique, signal.span)
        held = best.get(key)
        if held is None or _order(signal, ranks, last) < _order(held, ranks, last):
            best[key] = signal
    return sorted(best.values(), key=_span)


def _order(signal: Signal, ranks: dict[str, int], last: int) -> tuple[int, float]:
    return ranks.get(signal.view, last), -signal.score

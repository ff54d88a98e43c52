"""Several pattern detectors over one scanner: a text is searched once for all of their formats."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from bartizan.core.errors import ConfigurationError
from bartizan.core.passage import Surface
from bartizan.core.signal import Signal
from bartizan.inspection.interface import View
from bartizan.inspection.patterns import PatternDetector, PatternScanner, texts_of


class JointPatterns:
    """Finds what each of its detectors would find by itself.

    Args:
        detectors: of different guards; they are told, so that an inspector which runs them all asks here.

    Raises:
        ConfigurationError: two detectors have the same guard, or two patterns share an id.
    """

    def __init__(self, detectors: Sequence[PatternDetector]) -> None:
        self.detectors = tuple(detectors)
        self._places = {detector.guard: place for place, detector in enumerate(detectors)}
        if len(self._places) != len(self.detectors):
            raise ConfigurationError("two pattern detectors that share a scanner have the same guard")
        self._scanner = PatternScanner(chain.from_iterable(detector.patterns for detector in detectors))
        for detector in detectors:
            detector.joint = self

    def detect(self, views: Sequence[View]) -> list[list[Signal]]:
        """For each detector what its ``detect`` gives, in any of its surfaces."""
        out: list[list[Signal]] = [[] for _ in self.detectors]
        seen: set[tuple[str, int, int]] = set()
        for view, text in texts_of(views):
            data = text.encode("utf-8", "replace")
            wanted = self._scanner.candidates(text, data)
            if not wanted:
                continue
            reading = [detector.reads(view) for detector in self.detectors]
            if True not in reading:
                continue
            for found in self._scanner.search(text, data, wanted):
                place = self._places[found.pattern.guard]
                if reading[place]:
                    self.detectors[place].tell(found, view, seen, out[place])
        return out

    def detect_on(self, views: Sequence[View], surfaces: Sequence[Surface]) -> list[list[Signal]]:
        """For each surface the signals of all detectors, one detector after the other."""
        return [list(chain.from_iterable(self.detect(views)))] * len(surfaces)

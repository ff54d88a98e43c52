"""Text to scores: the linear model reads everything, the encoder what is uncertain."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from bartizan.core.errors import ArtefactError
from bartizan.core.passage import Surface
from bartizan.core.signal import Span
from bartizan.inspection.classifier.artefact import REINSTALL, Artefact
from bartizan.inspection.classifier.calibration import MIXED, Calibration, parse, script_group
from bartizan.inspection.classifier.encoder import Encoded, Encoder, Window
from bartizan.inspection.classifier.linear import Linear
from bartizan.inspection.classifier.selection import Selector

_SURFACE_HEADS = {Surface.USER: 0, Surface.CONTENT: 1}
_FOCUSED = 0.0
"""Token logit from which a token belongs to the explanation."""


T = TypeVar("T")
Steps = Generator[Window, Encoded, T]
"""Yields windows that are to be encoded, returns what it makes of them."""


class Reading(NamedTuple):
    """What the learned tier made of a text on one surface."""

    scores: dict[str, float]
    """Calibrated, by head; empty where the first stage found nothing to suspect."""
    span: Span
    """What carried the surface's score."""
    unread: tuple[str, ...] = ()


class Cascade:
    """Both stages over one verified artefact. Immutable; safe to share between threads.

    Args:
        artefact: the model's folder.
        threads: of the encoder per run.
        forced: run the encoder whatever the first stage says (for measurements and calibration).

    Raises:
        ArtefactError: a file is not what the manifest says, or the files do not fit each other.
    """

    def __init__(self, artefact: Artefact, threads: int = 1, *, forced: bool = False) -> None:
        manifest = artefact.manifest
        self._linear = Linear.parse(artefact.read("linear.npz"))
        if self._linear.heads != len(_SURFACE_HEADS):
            raise ArtefactError("the first stage has not one head for each surface", REINSTALL)
        self._calibration: Calibration = parse(artefact.read("calibration.json"))
        self._encoder = Encoder(artefact.read("tokenizer.json"), artefact.read("encoder.onnx"), threads)
        self._encoder.check(manifest.window_tokens, len(manifest.heads))
        self._selector = Selector(self._linear, self._encoder, manifest.window_tokens, manifest.overlap_tokens)
        self._manifest = manifest
        self._low = [-np.inf if forced else manifest.low[surface.value] for surface in _SURFACE_HEADS]

    @property
    def most_windows(self) -> int:
        """Encoder windows that one text is worth, over all of its views."""
        return 2 * self._manifest.most_windows

    def read(self, text: str, surfaces: Sequence[Surface]) -> list[Reading]:
        """For each of ``surfaces`` (user or content); the encoder runs once for both."""
        return self.drive(self.steps(text, surfaces))

    def drive(self, steps: Steps[T]) -> T:
        """Take all steps at once."""
        try:
            window = next(steps)
            while True:
                window = steps.send(self.encode(window))
        except StopIteration as end:
            result: T = end.value
            return result

    def encode(self, window: Window) -> Encoded:
        """One step: the second stage on one window."""
        return self._encoder.encode(window)

    def steps(self, text: str, surfaces: Sequence[Surface], most: int | None = None) -> Steps[list[Reading]]:
        """``read``, one encoder window at a time, for who shares the encoder.

        Args:
            text: read by the first stage before the first step.
            surfaces: user or content; both for a text that may be either.
            most: windows; what is beyond is reported as unread.
        """
        nothing = [Reading({}, Span(0, len(text))) for _ in surfaces]
        if not text or text.isspace():
            return nothing
        screened = self._linear.screen(text)
        heads = [_SURFACE_HEADS[surface] for surface in surfaces]
        suspects = [screened.logits[:, head] >= self._low[head] for head in heads]
        suspect = np.logical_or.reduce(suspects)
        if not suspect.any():
            return nothing
        most = self._manifest.most_windows if most is None else min(most, self._manifest.most_windows)
        windows, number, left = self._selector.select(text, screened, suspect, heads, most)
        gaps = [_gap(int((left & own).sum())) for own in suspects]
        if not windows:
            return [reading._replace(unread=gap) for reading, gap in zip(nothing, gaps, strict=True)]
        encoded: list[Encoded] = []
        for window in windows:
            encoded.append((yield window))  # noqa: PERF401 - a comprehension cannot yield
        logits = np.stack([one.logits for one in encoded])
        group = script_group(text)
        scores = {
            name: self._calibration.score(name, group, number, float(logits[:, column].max()))
            for column, name in enumerate(self._manifest.heads)
            if name in self._calibration.thresholds
        }
        if set(surfaces) == _SURFACE_HEADS.keys() and MIXED in self._calibration.thresholds:
            highest = float(logits[:, _SURFACE_HEADS[Surface.CONTENT]].max())
            scores["content"] = self._calibration.score(MIXED, group, number, highest)
        readings = []
        for surface, head, own, gap in zip(surfaces, heads, suspects, gaps, strict=True):
            if not own.any():
                readings.append(nothing[0])
                continue
            best = int(logits[:, head].argmax())
            said = {name: score for name, score in scores.items() if name not in _OTHER_SURFACE[surface]}
            readings.append(Reading(said, _carrier(windows[best], encoded[best], head), gap))
        return readings


_OTHER_SURFACE = {Surface.USER: frozenset({"content"}), Surface.CONTENT: frozenset({"user"})}


def _gap(windows: int) -> tuple[str, ...]:
    return (f"classifier: {windows} suspect windows were read by the first stage only",) if windows else ()


def _carrier(window: Window, encoded: Encoded, head: int) -> Span:
    """The longest run of tokens that the encoder points at; the whole window when it points nowhere."""
    whole = Span(window.spans[0][0], window.spans[-1][1])
    if head != 1:
        return whole
    pointed = encoded.focus[:, 1] > _FOCUSED
    edges = np.flatnonzero(np.diff(np.concatenate([[False], pointed, [False]])))
    if not len(edges):
        return whole
    runs = edges.reshape(-1, 2)
    first, last = runs[(runs[:, 1] - runs[:, 0]).argmax()]
    return Span(window.spans[int(first)][0], window.spans[int(last) - 1][1])

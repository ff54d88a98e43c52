"""Text to scores: the linear model reads everything, the encoder what is uncertain."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from bartizan.core.passage import Surface
from bartizan.core.signal import Span
from bartizan.inspection.classifier.artefact import Artefact
from bartizan.inspection.classifier.calibration import Calibration, script_group
from bartizan.inspection.classifier.calibration import load as load_calibration
from bartizan.inspection.classifier.encoder import Encoded, Encoder, Window
from bartizan.inspection.classifier.linear import Linear, Screened
from bartizan.inspection.classifier.windows import cut, shifted

TOKENIZED = 12_000
"""Characters that are tokenised as one; of a longer text only the first stage's uncertain windows are."""
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
    """

    def __init__(self, artefact: Artefact, threads: int = 1, *, forced: bool = False) -> None:
        manifest = artefact.manifest
        self._linear = Linear.load(artefact.path("linear.npz"))
        self._encoder = Encoder(artefact.path("tokenizer.json"), artefact.path("encoder.onnx"), threads)
        self._calibration: Calibration = load_calibration(artefact.path("calibration.json"))
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
            surfaces: user or content.
            most: windows; what is beyond is reported as unread.
        """
        nothing = [Reading({}, Span(0, len(text))) for _ in surfaces]
        if not text.strip():
            return nothing
        screened = self._linear.screen(text)
        heads = [_SURFACE_HEADS[surface] for surface in surfaces]
        suspect = np.zeros(len(screened.starts), bool)
        for head in heads:
            suspect |= screened.logits[:, head] >= self._low[head]
        if not suspect.any():
            return nothing
        windows, unread = self._windows(text, screened, suspect, heads, self.most_windows if most is None else most)
        if not windows:
            return [reading._replace(unread=unread) for reading in nothing]
        encoded: list[Encoded] = []
        for window in windows:
            encoded.append((yield window))  # noqa: PERF401 - a comprehension cannot yield
        logits = np.stack([one.logits for one in encoded])
        group = script_group(text)
        number = max(len(windows), -(-len(text) // WINDOW_CHARACTERS))
        scores = {
            name: self._calibration.score(name, group, number, float(logits[:, column].max()))
            for column, name in enumerate(self._manifest.heads)
            if name in self._calibration.thresholds
        }
        readings = []
        for surface, head in zip(surfaces, heads, strict=True):
            best = int(logits[:, head].argmax())
            own = {name: score for name, score in scores.items() if name not in _OTHER_SURFACE[surface]}
            readings.append(Reading(own, _carrier(windows[best], encoded[best], head), unread))
        return readings

    def _windows(
        self, text: str, screened: Screened, suspect: NDArray[np.bool_], heads: Sequence[int], most: int
    ) -> tuple[list[Window], tuple[str, ...]]:
        size, overlap = self._manifest.window_tokens, self._manifest.overlap_tokens
        if len(text) <= TOKENIZED:
            windows = cut(self._encoder.tokens(text), size, overlap)
            if len(windows) <= min(most, self._manifest.most_windows):
                return windows, ()
        order = np.argsort(-screened.logits[:, heads].max(axis=1), kind="stable")
        windows = []
        left = 0
        for place in order:
            if not suspect[place]:
                continue
            if len(windows) >= min(most, self._manifest.most_windows):
                left += 1
                continue
            start, end = int(screened.starts[place]), int(screened.ends[place])
            pieces = cut(self._encoder.tokens(text[start:end]), size, overlap)
            room = most - len(windows)
            left += len(pieces) > room
            windows.extend(shifted(piece, start) for piece in pieces[:room])
        unread = (f"classifier: {left} suspect windows were read by the first stage only",) if left else ()
        return windows, unread


WINDOW_CHARACTERS = 900
"""About as many characters as an encoder window holds, for the length bucket of long texts."""
_OTHER_SURFACE = {Surface.USER: frozenset({"content"}), Surface.CONTENT: frozenset({"user"})}


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

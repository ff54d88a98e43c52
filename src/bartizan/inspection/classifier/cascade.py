"""Text to scores: the linear model reads everything, the encoder what is uncertain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

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

    def read(self, text: str, surfaces: Sequence[Surface]) -> list[Reading]:
        """For each of ``surfaces`` (user or content); the encoder runs once for both."""
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
        windows, unread = self._windows(text, screened, suspect, heads)
        if not windows:
            return nothing
        encoded = self._encoder.run(windows)
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
        self, text: str, screened: Screened, suspect: np.ndarray, heads: Sequence[int]
    ) -> tuple[list[Window], tuple[str, ...]]:
        size, overlap = self._manifest.window_tokens, self._manifest.overlap_tokens
        most = self._manifest.most_windows
        if len(text) <= TOKENIZED:
            windows = cut(self._encoder.tokens(text), size, overlap)
            if len(windows) <= most:
                return windows, ()
        order = np.argsort(-screened.logits[:, heads].max(axis=1), kind="stable")
        windows = []
        left = 0
        for place in order:
            if not suspect[place]:
                continue
            if len(windows) >= most:
                left += 1
                continue
            start, end = int(screened.starts[place]), int(screened.ends[place])
            windows.extend(shifted(piece, start) for piece in cut(self._encoder.tokens(text[start:end]), size, overlap))
        unread = (f"classifier: {left} suspect windows were read by the first stage only",) if left else ()
        return windows[: 2 * most], unread


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

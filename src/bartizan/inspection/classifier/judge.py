"""What a model judges besides attacks, on the encoder's lower layers: harmful requests, and what an answer carries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from bartizan.core.errors import ArtefactError
from bartizan.core.signal import Span
from bartizan.inspection.classifier.artefact import JUDGES, REINSTALL, Artefact
from bartizan.inspection.classifier.calibration import Calibration
from bartizan.inspection.classifier.encoder import JUDGED
from bartizan.inspection.classifier.linear import Linear
from bartizan.inspection.classifier.network import Steps
from bartizan.inspection.classifier.tokens import Tokens
from bartizan.inspection.classifier.windows import cut


class JudgeReading(NamedTuple):
    """What a judge made of a text."""

    score: float
    """Calibrated; 0 where the first stage finds nothing to suspect."""
    span: Span
    """The stretch that carried it."""
    unread: tuple[str, ...] = ()


class Judge:
    """A linear model over n-grams, and behind it a small network over what the encoder's lower layers make of a text.

    Neither suffices: the first knows words, the second what they say to each other, and their sum misses least.

    Args:
        name: one of ``JUDGES``.
        linear: with one head; reads everything.
        calibration: with a row for it.
        tokens: the encoder's.
        window: tokens that the encoder reads at once.
        overlap: of neighbouring windows.

    Raises:
        ArtefactError: they do not fit each other.
    """

    def __init__(
        self, name: str, linear: Linear, calibration: Calibration, tokens: Tokens, window: int, overlap: int
    ) -> None:
        if linear.heads != 1 or name not in calibration.judges:
            raise ArtefactError(f"{name}.npz and the thresholds do not fit each other", REINSTALL)
        self._name = name
        self._head = JUDGED[name]
        self._linear = linear
        self._calibration = calibration
        self._low = calibration.judges[name].low
        self._tokens = tokens
        self._window = window
        self._overlap = overlap

    def steps(self, text: str, most: int) -> Steps[JudgeReading]:
        """One window at a time.

        Args:
            text: read by the first stage before the first step.
            most: windows; suspect stretches that there is no room for are reported as unread.
        """
        whole = Span(0, len(text))
        if not text or text.isspace():
            return JudgeReading(0.0, whole)
        screened = self._linear.screen(text)
        first = screened.logits[:, 0]
        suspect = np.flatnonzero(first >= self._low)
        best, span, left = -np.inf, whole, 0
        for place in suspect[np.argsort(-first[suspect], kind="stable")]:
            start, end = int(screened.starts[place]), int(screened.ends[place])
            windows = cut(self._tokens.of(text[start:end]), self._window, self._overlap) if most else ()
            if not most or len(windows) > most:
                left += 1
                continue
            most -= len(windows)
            for window in windows:
                (answer,) = yield window._replace(heads=(self._head,))
                logit = float(first[place]) + float(answer.logits[0])
                if logit > best:
                    best, span = logit, Span(start, end)
        gap = (f"classifier: {left} stretches were read for {self._name} by the first stage only",) if left else ()
        score = self._calibration.score_judged(self._name, len(first), best) if np.isfinite(best) else 0.0
        return JudgeReading(score, span, gap)


def judges_of(artefact: Artefact, calibration: Calibration, tokens: Tokens) -> Mapping[str, Judge]:
    """The model's, by name. Raises ArtefactError."""
    sizes = artefact.manifest.window_tokens, artefact.manifest.overlap_tokens
    found = {}
    for name in JUDGES:
        file = f"{name}.npz"
        if artefact.has(file):
            found[name] = Judge(name, Linear.parse(artefact.read(file), file), calibration, tokens, *sizes)
    return found

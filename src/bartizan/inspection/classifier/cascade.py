"""Text to scores: the linear model reads everything, the encoder what is uncertain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from bartizan.core.errors import ArtefactError
from bartizan.core.passage import Surface
from bartizan.core.signal import Span
from bartizan.inspection.classifier.artefact import REINSTALL, SHORT, SHORT_CHARACTERS, Artefact
from bartizan.inspection.classifier.calibration import MIXED, Calibration, parse, script_group
from bartizan.inspection.classifier.encoder import Encoder
from bartizan.inspection.classifier.judge import JudgeReading, judges_of
from bartizan.inspection.classifier.linear import Linear
from bartizan.inspection.classifier.network import Answers, Encoded, Steps, Window
from bartizan.inspection.classifier.selection import Selector
from bartizan.inspection.classifier.tokens import Tokens

_SURFACE_HEADS = {Surface.USER: 0, Surface.CONTENT: 1}
_FOCUSED = 0.0
"""Token logit from which a token belongs to the explanation."""

T = TypeVar("T")


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
        tokens = Tokens(artefact.read("tokenizer.json"))
        self._encoder = Encoder.of(artefact, threads)
        self._encoder.check(manifest.window_tokens, tokens.last, len(manifest.heads))
        self._judges = judges_of(artefact, self._calibration, tokens)
        self._selector = Selector(self._linear, tokens, manifest.window_tokens, manifest.overlap_tokens)
        self._manifest = manifest
        user, content = (manifest.low[surface.value] for surface in _SURFACE_HEADS)
        self._low = (-np.inf, -np.inf) if forced else (user, content)
        self._low_of_short = self._low if forced else (user, manifest.low.get(SHORT, content))

    @property
    def most_windows(self) -> int:
        """Encoder windows that one text is worth, over all of its views."""
        return 2 * self._manifest.most_windows

    def read(self, text: str, surfaces: Sequence[Surface]) -> list[Reading]:
        """For each of ``surfaces`` (user or content)."""
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

    def judges(self, name: str) -> bool:
        """Whether the model has a judge of this name."""
        return name in self._judges

    def judge(self, name: str, text: str, most: int) -> Steps[JudgeReading]:
        """What a judge makes of ``text``, in at most so many windows. Raises KeyError if there is none."""
        return self._judges[name].steps(text, most)

    def encode(self, window: Window) -> Answers:
        """One step: the second stage on one window."""
        return self._encoder.encode(window)

    def worth(self, window: Window) -> int:
        """How often upper layers read such a window at most."""
        return min(len(window.heads), self._encoder.tops)

    def steps(self, text: str, surfaces: Sequence[Surface], most: int | None = None) -> Steps[list[Reading]]:
        """``read``, one window at a time, for who shares the encoder.

        Args:
            text: read by the first stage before the first step.
            surfaces: user or content; both for a text that may be either.
            most: windows, once for each of the upper layers that read them; what is beyond is reported as unread.
        """
        nothing = [Reading({}, Span(0, len(text))) for _ in surfaces]
        if not text or text.isspace():
            return nothing
        screened = self._linear.screen(text)
        heads = [_SURFACE_HEADS[surface] for surface in surfaces]
        low = self._low_of_short if len(text) <= SHORT_CHARACTERS else self._low
        suspects = [screened.logits[:, head] >= low[head] for head in heads]
        suspect = np.logical_or.reduce(suspects)
        if not suspect.any():
            return nothing
        most = self._manifest.most_windows if most is None else min(most, self._manifest.most_windows)
        asked = tuple(head for head, own in zip(heads, suspects, strict=True) if own.any())
        times = min(len(asked), self._encoder.tops)
        windows, number, left = self._selector.select(text, screened, suspect, heads, -(-most // times))
        gaps = [_gap(int((left & own).sum())) for own in suspects]
        if not windows:
            return [reading._replace(unread=gap) for reading, gap in zip(nothing, gaps, strict=True)]
        said = yield from _each(window._replace(heads=asked) for window in windows)
        group, mixed = script_group(text), set(surfaces) == _SURFACE_HEADS.keys()
        tokens = len(windows[0].ids) if number == 1 else 0
        readings = []
        for surface, head, gap in zip(surfaces, heads, gaps, strict=True):
            if head not in asked:
                readings.append(nothing[0])
                continue
            read = [answers[asked.index(head)] for answers in said]
            logits = np.stack([encoded.logits for encoded in read])
            scores = self._scores(surface, logits.max(axis=0), group, number, mixed)
            if tokens:
                first = float(screened.logits[:, head].max())
                brief = self._calibration.score_brief(surface.value, tokens, float(logits[0, head]), first)
                scores = scores if brief is None else scores | {surface.value: brief}
            best = int(logits[:, head].argmax())
            readings.append(Reading(scores, _carrier(windows[best], read[best], head), gap))
        return readings

    def _scores(
        self, surface: Surface, logits: NDArray[np.float32], group: str, windows: int, mixed: bool
    ) -> dict[str, float]:
        """Calibrated, by head, but for the head of the other surface."""
        scores = {}
        for column, name in enumerate(self._manifest.heads):
            if name not in _OTHER_SURFACE[surface]:
                cell = MIXED if mixed and name == Surface.CONTENT.value else name
                cell = cell if cell in self._calibration.thresholds else name
                if cell in self._calibration.thresholds:
                    scores[name] = self._calibration.score(cell, group, windows, float(logits[column]))
        return scores


_OTHER_SURFACE = {Surface.USER: frozenset({"content"}), Surface.CONTENT: frozenset({"user"})}


def _each(windows: Iterable[Window]) -> Steps[list[Answers]]:
    said = []
    for window in windows:
        answers = yield window
        said.append(answers)
    return said


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

"""A second look: what makes a long text suspect is read again in other crops. Orders stay suspect, chance does not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from bartizan.inspection.classifier.calibration import SecondLook
from bartizan.inspection.classifier.network import Encoded, Steps, Window
from bartizan.inspection.classifier.tokens import Tokens

CROPS = ((60, 60), (64, 190), (190, 64))
"""Tokens before and behind the place: close around it, and as it stands near either end of a window."""
MOST = 4
"""Windows of a text that are looked at again; a further one keeps its logit."""
_REACH = 2_000
"""Characters on both sides of the place that are tokenised for its crops."""


_WORD = re.compile(r"[^\W\d_]+")
_SAMPLE = 3_000
"""Words by which a text's language is judged."""
_ENGLISH = frozenset(
    [
        "the",
        "of",
        "and",
        "to",
        "in",
        "is",
        "for",
        "with",
        "that",
        "be",
        "this",
        "it",
        "are",
        "by",
        "from",
        "can",
        "if",
        "not",
    ]
)
_SHARE = 0.05
"""Of such words in English, of which one in twenty texts about programs has less."""
_FOCUSED = 0.0
"""Token logit from which a token belongs to the explanation."""


class Seen(NamedTuple):
    """What the crops of a place say."""

    logit: float
    """The mean of their logits."""
    focus: float
    """The mean of the highest focus in each."""


class Looked(NamedTuple):
    """What became of the most suspect windows."""

    logit: float
    """The highest, to be held against the same thresholds as a first one."""
    window: int
    """Which window carries it."""


class Again:
    """Looks again. Immutable.

    Args:
        look: the weights of what it sees.
        tokens: which make the crops.
    """

    def __init__(self, look: SecondLook, tokens: Tokens) -> None:
        self._look = look
        self._tokens = tokens

    def steps(
        self, text: str, windows: Sequence[Window], read: Sequence[Encoded], head: int, edge: float, room: int
    ) -> Steps[Looked]:
        """One crop at a time; none if no window comes near ``edge``.

        Args:
            text: in which the windows' spans are.
            windows: that were read.
            read: what the encoder made of each, for ``head``.
            head: of the surface.
            edge: the threshold of such a text.
            room: crops that may be read; where it ends, windows keep their logits.
        """
        logits = [float(encoded.logits[head]) for encoded in read]
        bias: float | None = None
        order = sorted(range(len(logits)), key=lambda at: (-logits[at], at))
        best = Looked(-np.inf, order[0])
        for rank, at in enumerate(order):
            again = logits[at]
            if again >= edge - self._look.margin and rank < MOST and room >= len(CROPS):
                room -= len(CROPS)
                if bias is None:
                    bias = self._look.bias if english(text) else self._look.foreign_bias
                seen = yield from looks(self._tokens, text, windows[at], read[at], head)
                again = self._look.logit * seen.logit + self._look.focus * seen.focus + bias
            if again > best.logit:
                best = Looked(again, at)
            if best.logit >= edge:
                break
        return best


def english(text: str) -> bool:
    """Whether a text is mostly English, by the commonest words."""
    words = [word[0].lower() for word in islice(_WORD.finditer(text), _SAMPLE)]
    return sum(word in _ENGLISH for word in words) >= _SHARE * len(words)


def looks(tokens: Tokens, text: str, window: Window, encoded: Encoded, head: int) -> Steps[Seen]:
    """The crops around the place in ``window`` that the encoder points at, one at a time."""
    run = pointed(encoded, head)
    middle = (run[0] + run[1]) // 2 if run else int(encoded.focus[:, head].argmax())
    place = window.spans[middle][0]
    begin = max(0, place - _REACH)
    around = tokens.of(text[begin : place + _REACH])
    middle = sum(end <= place - begin for _, end in around.spans)
    logits, focus = [], []
    for before, behind in CROPS:
        crop = slice(max(0, middle - before), middle + behind)
        (said,) = yield Window(around.ids[crop], around.spans[crop], (head,))
        logits.append(float(said.logits[head]))
        focus.append(float(said.focus[:, head].max()))
    return Seen(float(np.mean(logits)), float(np.mean(focus)))


def pointed(encoded: Encoded, head: int) -> tuple[int, int] | None:
    """The first and last token of the longest run that the encoder points at; None if it points nowhere."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], encoded.focus[:, head] > _FOCUSED, [False]])))
    if not len(edges):
        return None
    runs = edges.reshape(-1, 2)
    first, end = runs[(runs[:, 1] - runs[:, 0]).argmax()]
    return int(first), int(end) - 1

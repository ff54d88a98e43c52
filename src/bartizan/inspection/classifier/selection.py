"""Which windows of a text the encoder reads, within a bound, and what it leaves to the first stage alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import compress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bartizan.inspection.classifier.calibration import LENGTHS
from bartizan.inspection.classifier.encoder import Encoder, Window
from bartizan.inspection.classifier.linear import HALF, Linear, Screened
from bartizan.inspection.classifier.windows import cut, shifted

TOKENIZED = 12_000
"""Characters that are tokenised as one; of a longer text only the first stage's uncertain windows are."""


class Selection(NamedTuple):
    """What the encoder is to read of a text."""

    windows: list[Window]
    number: int
    """Windows that the whole text would make, for its length bucket."""
    unread: NDArray[np.bool_]
    """Which suspect windows of the first stage are not wholly among ``windows``."""


class _Piece(NamedTuple):
    window: Window
    start: int
    end: int
    rank: float
    suspect: bool


class Selector:
    """Chooses by what the first stage says. Immutable.

    Args:
        linear: ranks windows.
        encoder: whose tokens make windows.
        size: tokens of a window.
        overlap: tokens that neighbours share.
        low: by head of the linear model, the logit from which it suspects something.
    """

    def __init__(self, linear: Linear, encoder: Encoder, size: int, overlap: int, low: Sequence[float]) -> None:
        self._linear = linear
        self._encoder = encoder
        self._size = size
        self._overlap = overlap
        self._low = np.array(low, np.float64)

    def select(
        self, text: str, screened: Screened, suspect: NDArray[np.bool_], heads: Sequence[int], most: int
    ) -> Selection:
        """At most ``most`` windows: those that the first stage suspects by themselves, or the most suspect one if it
        suspects none, in the text's order.

        Args:
            text: not longer than what was screened.
            screened: the first stage's windows.
            suspect: which of them call for the encoder; at least one does.
            heads: of the linear model; the highest of them counts.
            most: windows.
        """
        if most <= 0:
            return Selection([], LENGTHS[-1], suspect)
        unseen = np.zeros(len(text), bool)
        for start, end in _places(screened, suspect):
            unseen[start:end] = True
        if len(text) <= TOKENIZED:
            pieces = self._pieces(text, 0, len(text), heads)
            number = len(pieces)
            pieces = _suspect(pieces)
            unseen[:] = False
        else:
            number = LENGTHS[-1]
            pieces = []
            for begin, end in _regions(screened, suspect, heads, most):
                unseen[begin:end] = False
                pieces.extend(_suspect(self._pieces(text, begin, end, heads)))
        order = sorted(range(len(pieces)), key=lambda at: (-pieces[at].rank, at))
        for at in order[most:]:
            unseen[pieces[at].start : pieces[at].end] = True
        chosen = [pieces[at] for at in sorted(order[:most])]
        for piece in chosen:
            unseen[piece.start : piece.end] = False
        unread = suspect.copy()
        unread[suspect] = [_missed(text[start:end], unseen[start:end]) for start, end in _places(screened, suspect)]
        return Selection([piece.window for piece in chosen], number, unread)

    def _pieces(self, text: str, begin: int, end: int, heads: Sequence[int]) -> list[_Piece]:
        text = text[begin:end]
        windows = cut(self._encoder.tokens(text), self._size, self._overlap)
        if not windows:
            return []
        starts = np.array([window.spans[0][0] for window in windows], np.int64)
        ends = np.array([window.spans[-1][1] for window in windows], np.int64)
        if len(windows) == 1:  # which is read whatever its rank
            return [_Piece(shifted(windows[0], begin), begin + int(starts[0]), begin + int(ends[0]), 0.0, True)]
        logits = self._linear.logits(text, starts, ends)[:, list(heads)]
        doubted = np.any(logits >= self._low[list(heads)], axis=1).tolist()
        return [
            _Piece(shifted(window, begin), begin + int(start), begin + int(end), float(rank), doubt)
            for window, start, end, rank, doubt in zip(windows, starts, ends, logits.max(axis=1), doubted, strict=True)
        ]


def _suspect(pieces: list[_Piece]) -> list[_Piece]:
    """Those that are, or the highest; none of none."""
    return [piece for piece in pieces if piece.suspect] or sorted(pieces, key=lambda piece: -piece.rank)[:1]


def _missed(text: str, unseen: NDArray[np.bool_]) -> bool:
    """Whether anything but blanks, which are in no token, stays unseen."""
    return bool(unseen.any()) and not "".join(compress(text, unseen)).isspace()


def _places(screened: Screened, suspect: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    for place in np.flatnonzero(suspect):
        yield int(screened.starts[place]), int(screened.ends[place])


def _regions(screened: Screened, suspect: NDArray[np.bool_], heads: Sequence[int], most: int) -> list[tuple[int, int]]:
    """The most suspect windows, as many as make about ``most`` windows of the encoder, joined where they touch."""
    ranks = screened.logits[:, list(heads)].max(axis=1)
    order = np.flatnonzero(suspect)
    order = order[np.argsort(-ranks[order], kind="stable")]
    halves: set[int] = set()
    chosen: list[tuple[int, int]] = []
    for place in order:
        if len(halves) >= 2 * most:
            break
        start, end = int(screened.starts[place]), int(screened.ends[place])
        halves.update(range(start // HALF, -(-end // HALF)))
        chosen.append((start, end))
    regions: list[tuple[int, int]] = []
    for start, end in sorted(chosen):
        if regions and start <= regions[-1][1]:
            regions[-1] = (regions[-1][0], max(end, regions[-1][1]))
        else:
            regions.append((start, end))
    return regions

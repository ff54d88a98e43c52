"""Which windows of a text the encoder reads, within a bound, and what it leaves to the first stage alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import compress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bartizan.inspection.classifier.calibration import LENGTHS
from bartizan.inspection.classifier.linear import HALF, Linear, Screened
from bartizan.inspection.classifier.network import Window
from bartizan.inspection.classifier.tokens import Tokens
from bartizan.inspection.classifier.windows import cut, shifted

TOKENIZED = 12_000
"""Characters that are tokenised as one; of a longer text only the first stage's uncertain windows are."""
WHOLE = 2
"""Windows up to which a text is read from end to end; of more, those that touch what the first stage suspects."""


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


class Selector:
    """Chooses by what the first stage says. Immutable.

    Args:
        linear: ranks windows.
        tokens: which make windows.
        size: tokens of a window.
        overlap: tokens that neighbours share.
    """

    def __init__(self, linear: Linear, tokens: Tokens, size: int, overlap: int) -> None:
        self._linear = linear
        self._tokens = tokens
        self._size = size
        self._overlap = overlap

    def select(
        self, text: str, screened: Screened, suspect: NDArray[np.bool_], heads: Sequence[int], most: int
    ) -> Selection:
        """At most ``most`` windows: all of a short text, the most suspect ones of a long one, in the text's order.

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
            pieces = self._pieces(text, 0, len(text), heads, most)
            number = len(pieces)
            if number > WHOLE:
                pieces = [piece for piece in pieces if unseen[piece.start : piece.end].any()]
            unseen[:] = False
        else:
            number = LENGTHS[-1]
            pieces = []
            for begin, end in _regions(screened, suspect, heads, most):
                unseen[begin:end] = False
                pieces.extend(self._pieces(text, begin, end, heads, 0))
        order = sorted(range(len(pieces)), key=lambda at: (-pieces[at].rank, at))
        for at in order[most:]:
            unseen[pieces[at].start : pieces[at].end] = True
        chosen = [pieces[at] for at in sorted(order[:most])]
        for piece in chosen:
            unseen[piece.start : piece.end] = False
        unread = suspect.copy()
        unread[suspect] = [_missed(text[start:end], unseen[start:end]) for start, end in _places(screened, suspect)]
        return Selection([piece.window for piece in chosen], number, unread)

    def _pieces(self, text: str, begin: int, end: int, heads: Sequence[int], most: int) -> list[_Piece]:
        text = text[begin:end]
        windows = cut(self._tokens.of(text), self._size, self._overlap)
        starts = np.array([window.spans[0][0] for window in windows], np.int64)
        ends = np.array([window.spans[-1][1] for window in windows], np.int64)
        ranks = np.zeros(len(windows), np.float32)
        if len(windows) > most:  # otherwise all of them are read
            ranks = self._linear.logits(text, starts, ends)[:, list(heads)].max(axis=1)
        return [
            _Piece(shifted(window, begin), begin + int(start), begin + int(end), float(rank))
            for window, start, end, rank in zip(windows, starts, ends, ranks, strict=True)
        ]


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

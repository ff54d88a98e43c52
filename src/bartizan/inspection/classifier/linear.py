"""The first stage: a linear model that reads everything, in windows."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from bartizan.core.errors import ArtefactError
from bartizan.inspection.classifier.artefact import REINSTALL
from bartizan.inspection.classifier.ngrams import BUCKETS, features, fold

WINDOW = 1_000
"""Characters of a window; neighbours overlap by half."""
HALF = WINDOW // 2
_BLOCK = 64
"""Windows read at once, which bounds memory."""
_MARGIN = 500
"""Characters on both sides of a block that are read with it, so that few features are cut in two."""
_MOST_HEADS = 16
_SHORTEST_PIECE = 50
_PARTS = ("weights", "scales", "biases")
_PIECES = "pieces"


class Screened(NamedTuple):
    """Windows of a text with their logits."""

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    logits: NDArray[np.float32]
    """[windows, heads]: the highest of a window's pieces; minus infinity for a window that is blank."""


class Linear:
    """Weights over hashed features. Immutable.

    Args:
        weights: int8 [heads, buckets].
        scales: [heads]; a weight is worth ``scale`` times its integer.
        biases: [heads].
        pieces: [heads], characters of the pieces that a head judges; a window is worth its highest piece, so that one
            planted sentence is not diluted by what stands around it. None: whole windows.
    """

    def __init__(
        self,
        weights: NDArray[np.int8],
        scales: NDArray[np.float32],
        biases: NDArray[np.float32],
        pieces: NDArray[np.float32] | None = None,
    ) -> None:
        if weights.dtype != np.int8 or weights.ndim != 2 or weights.shape[1] != BUCKETS:
            raise ArtefactError("linear weights have a wrong shape", REINSTALL)
        if scales.shape != weights.shape[:1] or biases.shape != weights.shape[:1]:
            raise ArtefactError("linear scales do not fit the weights", REINSTALL)
        if not (np.isfinite(scales).all() and np.isfinite(biases).all()):
            raise ArtefactError("linear scales are not finite", REINSTALL)
        pieces = np.full(len(scales), WINDOW, np.float32) if pieces is None else pieces
        if pieces.shape != scales.shape or not ((pieces >= _SHORTEST_PIECE) & (pieces <= WINDOW)).all():
            raise ArtefactError("linear pieces have a wrong length", REINSTALL)
        self._weights = np.ascontiguousarray(weights.T)
        self._scales = scales.astype(np.float32)
        self._biases = biases.astype(np.float32)
        self._pieces = {int(size): np.flatnonzero(pieces == size) for size in np.unique(pieces)}

    @property
    def heads(self) -> int:
        """Logits per window."""
        return len(self._scales)

    @classmethod
    def load(cls, path: Path) -> Linear:
        """From an ``.npz`` with ``weights``, ``scales``, ``biases`` and perhaps ``pieces``. Raises ArtefactError."""
        try:
            return cls.parse(path.read_bytes(), path.name)
        except OSError as error:
            raise ArtefactError(f"{path.name}: {error.strerror}", REINSTALL) from None

    @classmethod
    def parse(cls, content: bytes, name: str = "linear.npz") -> Linear:
        """From the bytes of the file called ``name``. Raises ArtefactError."""
        try:
            with ZipFile(io.BytesIO(content)) as archive:
                weights, scales, biases = (_array(archive, part) for part in _PARTS)
                pieces = _array(archive, _PIECES) if f"{_PIECES}.npy" in archive.namelist() else None
        except Exception as error:  # zipfile, zlib and numpy raise a dozen kinds for a damaged archive
            cause = " ".join(str(error).split())[:200]
            raise ArtefactError(f"{name}: not linear weights: {cause}", REINSTALL) from None
        return cls(weights, scales, biases, pieces)

    def screen(self, text: str) -> Screened:
        """Logits of windows that cover the text."""
        length = len(text)
        starts, ends = _windows(length)
        logits = np.empty((len(starts), self.heads), np.float32)
        for first in range(0, len(starts), _BLOCK):
            block = slice(first, first + _BLOCK)
            begin = max(int(starts[first]) - _MARGIN, 0)
            piece = text[begin : int(ends[block][-1]) + _MARGIN]
            logits[block] = self.logits(piece, starts[block] - begin, ends[block] - begin)
        return Screened(starts, ends, logits)

    def logits(self, text: str, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.float32]:
        """[windows, heads]: for each window ``text[start:end]`` the highest logit of its pieces; minus infinity for a
        blank one. Its memory grows with the text: callers bound it."""
        sums = _Sums(text, self._weights)
        logits = np.empty((len(starts), self.heads), np.float32)
        for size, heads in self._pieces.items():
            first, begin, end = _cut(starts, ends, size)
            each = sums.between(begin, end, heads, self._scales[heads], self._biases[heads])
            logits[:, heads] = np.maximum.reduceat(each, first, axis=0)
        return logits


class _Sums:
    """Running sums of a text's features and their weights."""

    def __init__(self, text: str, weights: NDArray[np.int8]) -> None:
        self._weights = np.zeros((len(text) + 1, weights.shape[1]), np.int64)
        self._counts = np.zeros(len(text) + 1, np.int64)
        folded = fold(text)
        for buckets, places in zip(*features(folded), strict=True):
            self._counts[places + 1] += 1  # places are distinct within a kind
            self._weights[places + 1] += weights[buckets]
        np.cumsum(self._weights, axis=0, out=self._weights)
        np.cumsum(self._counts, out=self._counts)
        self._filled = folded.places[folded.codes != ord(" ")]

    def between(
        self,
        starts: NDArray[np.int64],
        ends: NDArray[np.int64],
        heads: NDArray[np.int64],
        scales: NDArray[np.float32],
        biases: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """[pieces, heads]: the sum of the features' weights over the square root of their number."""
        number = np.maximum(self._counts[ends] - self._counts[starts], 1)[:, None]
        totals = (self._weights[ends][:, heads] - self._weights[starts][:, heads]).astype(np.float32) * scales
        logits: NDArray[np.float32] = (totals / np.sqrt(number, dtype=np.float32) + biases).astype(np.float32)
        logits[np.searchsorted(self._filled, starts) == np.searchsorted(self._filled, ends)] = -np.inf
        return logits


def _cut(
    starts: NDArray[np.int64], ends: NDArray[np.int64], size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Pieces of ``size`` that cover each window and overlap by half, and the number of each window's first one."""
    step = size // 2
    lengths = ends - starts
    number = np.where(lengths <= size + step, 1, -(-(lengths - size) // step) + 1)
    first = np.cumsum(number) - number
    owner = np.repeat(np.arange(len(starts)), number)
    place = np.arange(len(owner)) - first[owner]
    begin = starts[owner] + np.minimum(place * step, np.maximum(lengths[owner] - size, 0))
    return first, begin, np.where(number[owner] == 1, ends[owner], begin + size)


def _windows(length: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if length <= WINDOW + HALF:
        return np.array([0]), np.array([length])
    starts = np.arange(0, length - HALF, HALF)
    starts[-1] = length - WINDOW
    return starts, starts + WINDOW


def _array(archive: ZipFile, name: str) -> NDArray[Any]:
    """One array, whose size is known before anything is unpacked. Raises whatever a damaged archive provokes."""
    member = archive.getinfo(f"{name}.npy")
    most = BUCKETS * _MOST_HEADS + 1_024
    if member.file_size > most:
        raise ValueError(f"{name} is larger than {most} bytes")
    content = archive.read(member)
    stream = io.BytesIO(content)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError(f"{name} is of an unknown format")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    if fortran or dtype not in (np.int8, np.float32):
        raise ValueError(f"{name} has a wrong type")
    array: NDArray[Any] = np.frombuffer(content, dtype, offset=stream.tell()).reshape(shape)
    return array

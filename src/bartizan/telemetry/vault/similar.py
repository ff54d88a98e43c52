"""Texts like this one: every sketch of the vault against one, without a text being opened."""

from __future__ import annotations

import base64
import binascii
import heapq
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bartizan.telemetry.vault.entry import SKETCH_AT, SKETCH_CHARACTERS, line_digest
from bartizan.telemetry.vault.reader import VaultFiles
from bartizan.trust.sketch import BINS, VERSION

_BATCH: Final = 8_192
_AFTER: Final = SKETCH_AT + SKETCH_CHARACTERS
_UNDER: Final = b'"under":"'
_CHANCE: Final = 1 / 255
"""That two different minima agree in the byte that is kept of them."""
Sketches = NDArray[np.uint8]


class Alike(NamedTuple):
    """An entry of the vault that is like the text that was asked about."""

    score: float
    """Estimated Jaccard similarity of what the two texts are made of, 0 to 1."""
    kept: str
    """The reference, as the record carries it."""


def similarity(one: Sketches, others: Sketches) -> NDArray[np.float64]:
    """Estimated Jaccard similarity of one sketch to others.

    Args:
        one: (BINS,) bytes, without the version.
        others: (n, BINS).

    Bins that are empty in both say nothing (Li, Owen and Zhang 2012, equation 8).
    """
    filled = (others != 0) | (one != 0)
    equal = (others == one) & (others != 0)
    share = equal.sum(axis=1) / np.maximum(filled.sum(axis=1), 1)
    scores: NDArray[np.float64] = np.clip((share - _CHANCE) / (1 - _CHANCE), 0.0, 1.0)
    return scores


def find_alike(files: VaultFiles, queries: Mapping[str, bytes], least: float, most: int) -> tuple[list[Alike], int]:
    """The entries whose text is at least so similar, the most similar first, and how many were compared.

    Args:
        files: of the vault.
        queries: the sketch of the text under each commitment key, by the key's id. Entries under other keys are passed
            over.
        least: score from which on an entry counts.
        most: entries to give.

    Raises:
        JournalError: the vault cannot be read.
    """
    drawn = {key.encode("ascii"): np.frombuffer(sketch[1:], np.uint8) for key, sketch in queries.items() if sketch}
    best: list[Alike] = []
    compared = 0
    for key, batch in _batches(files, set(drawn)):
        others = np.frombuffer(b"".join(sketch for sketch, _, _, _ in batch), np.uint8).reshape(-1, BINS)
        scores = similarity(drawn[key], others)
        compared += len(batch)
        for at in np.flatnonzero(scores >= least):
            _, segment, offset, line = batch[int(at)]
            best.append(Alike(float(scores[at]), f"{segment}.{offset}.{line_digest(line)}"))
        best = heapq.nlargest(most, best)
    return best, compared


_Row = tuple[bytes, str, int, bytes]


def _batches(files: VaultFiles, keys: set[bytes]) -> Iterator[tuple[bytes, list[_Row]]]:
    waiting: dict[bytes, list[_Row]] = {key: [] for key in keys}
    for segment in list(files.segments()):
        for offset, line in files.lines(segment):
            start = line.find(_UNDER, _AFTER, _AFTER + 80) + len(_UNDER)
            key = line[start : line.find(b'"', start)]
            if key not in waiting:
                continue
            try:
                sketch = base64.b64decode(line[SKETCH_AT:_AFTER], validate=True)
            except binascii.Error:
                continue  # none was kept, or it was erased
            if len(sketch) != BINS + 1 or sketch[0] != VERSION:
                continue
            rows = waiting[key]
            rows.append((sketch[1:], segment, offset, line))
            if len(rows) >= _BATCH:
                yield key, rows
                waiting[key] = []
    for key, rows in waiting.items():
        if rows:
            yield key, rows

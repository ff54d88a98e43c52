"""Nearly equal texts: MinHash over shingles of words, candidates by bands, each candidate pair compared exactly.

Source: A. Broder, "On the resemblance and containment of documents" (1997); bands as in J. Leskovec, A. Rajaraman and
J. Ullman, "Mining of Massive Datasets", section 3.4. With 16 bands of 4 rows a pair of resemblance 0.8 is a candidate
with probability 0.9998, one of 0.7 with 0.988; every pair that is reported was compared.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"\w+")
_SHINGLE = 3
BANDS, BAND_ROWS = 16, 4
LEAST = 0.8
"""Jaccard resemblance from which two texts count as nearly the same."""
_LEAST_SHINGLES = 5
"""Shorter texts are alike by accident."""
_MOST_SHINGLES = 2_000
_BUCKET = 30
"""Members of a bucket that are compared with each other; further ones only with the first."""
_MIX = np.uint64(0xD6E8FEB86659FD93)


Shingles = NDArray[np.uint32]
"""Different runs of three words, ascending."""


def shingles(text: str) -> Shingles:
    """Runs of three words as 32-bit numbers."""
    words = _WORD.findall(text.casefold())
    runs = {" ".join(words[at : at + _SHINGLE]) for at in range(min(len(words) - _SHINGLE + 1, _MOST_SHINGLES))}
    digests = b"".join(hashlib.blake2b(run.encode("utf-8", "replace"), digest_size=4).digest() for run in runs)
    return np.unique(np.frombuffer(digests, dtype=np.uint32))


def resemblance(one: Shingles, other: Shingles) -> float:
    """Jaccard's: the share of shingles in either that are in both."""
    return _resemblance(frozenset(one.tolist()), other)


def _resemblance(one: frozenset[int], other: Shingles) -> float:
    both = len(one.intersection(other.tolist()))
    return both / (len(one) + len(other) - both) if both else 0.0


def near_pairs(sets: Sequence[Shingles], seed: int) -> Iterator[tuple[int, int]]:
    """Pairs ``(earlier, later)`` of resemblance `LEAST` or more, each once, ascending by ``later``."""
    bands = [_Band(keys) for keys in _keys(sets, seed).T]
    for later, members in enumerate(sets):
        if len(members) < _LEAST_SHINGLES:
            continue
        own: frozenset[int] = frozenset()
        seen: set[int] = set()
        for band in bands:
            for earlier in band.before(later):
                if earlier in seen:
                    continue
                seen.add(earlier)
                own = own or frozenset(members.tolist())
                if _resemblance(own, sets[earlier]) >= LEAST:
                    yield earlier, later


class _Band:
    """One band's buckets, as rows sorted by key: a dictionary of lists would take twenty times the memory."""

    def __init__(self, keys: NDArray[np.uint64]) -> None:
        order = np.argsort(keys, kind="stable").astype(np.int32)  # rows ascend within a bucket
        fresh = np.ones(len(keys), dtype=np.bool_)
        fresh[1:] = keys[order][1:] != keys[order][:-1]
        place = np.arange(len(keys), dtype=np.int32)
        self._order = order
        self._first = np.empty(len(keys), dtype=np.int32)
        self._first[order] = np.maximum.accumulate(np.where(fresh, place, 0))
        self._place = np.empty(len(keys), dtype=np.int32)
        self._place[order] = place

    def before(self, row: int) -> list[int]:
        """The first `_BUCKET` rows of the bucket of ``row`` that come before it."""
        first, place = int(self._first[row]), int(self._place[row])
        rows: list[int] = self._order[first : min(place, first + _BUCKET)].tolist()
        return rows


def _keys(sets: Sequence[Shingles], seed: int) -> NDArray[np.uint64]:
    """A key for each row and band; rows with too few shingles get keys of their own."""
    generator = np.random.default_rng(seed)
    count = BANDS * BAND_ROWS
    factor = generator.integers(0, 1 << 64, count, dtype=np.uint64) | np.uint64(1)
    shift = generator.integers(0, 1 << 64, count, dtype=np.uint64)
    keys = np.empty((len(sets), BANDS), dtype=np.uint64)
    for row, members in enumerate(sets):
        if len(members) < _LEAST_SHINGLES:
            keys[row] = row
            continue
        signature = _signature(members, factor, shift).reshape(BANDS, BAND_ROWS)
        key = np.zeros(BANDS, dtype=np.uint64)
        for column in signature.T:
            key = (key ^ column) * _MIX
            key ^= key >> np.uint64(31)
        keys[row] = key
    return keys


def _signature(members: Shingles, factor: NDArray[np.uint64], shift: NDArray[np.uint64]) -> NDArray[np.uint64]:
    mixed = (members.astype(np.uint64)[:, None] ^ shift) * factor
    mixed = (mixed ^ (mixed >> np.uint64(32))) * _MIX
    smallest: NDArray[np.uint64] = (mixed ^ (mixed >> np.uint64(29))).min(axis=0)
    return smallest

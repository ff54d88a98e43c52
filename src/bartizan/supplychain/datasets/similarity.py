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


def shingles(text: str) -> frozenset[int]:
    """Runs of three words as 32-bit numbers."""
    words = _WORD.findall(text.casefold())
    runs = {" ".join(words[at : at + _SHINGLE]) for at in range(min(len(words) - _SHINGLE + 1, _MOST_SHINGLES))}
    return frozenset(
        int.from_bytes(hashlib.blake2b(run.encode("utf-8", "replace"), digest_size=4).digest(), "little")
        for run in runs
    )


def resemblance(one: frozenset[int], other: frozenset[int]) -> float:
    """Jaccard's: the share of shingles in either that are in both."""
    both = len(one & other)
    return both / (len(one) + len(other) - both) if both else 0.0


def near_pairs(sets: Sequence[frozenset[int]], seed: int) -> Iterator[tuple[int, int]]:
    """Pairs ``(earlier, later)`` of resemblance `LEAST` or more, each once."""
    generator = np.random.default_rng(seed)
    count = BANDS * BAND_ROWS
    factor = generator.integers(0, 1 << 64, count, dtype=np.uint64) | np.uint64(1)
    shift = generator.integers(0, 1 << 64, count, dtype=np.uint64)
    buckets: dict[tuple[int, bytes], list[int]] = {}
    seen: set[tuple[int, int]] = set()
    for later, members in enumerate(sets):
        if len(members) < _LEAST_SHINGLES:
            continue
        signature = _signature(members, factor, shift)
        for band in range(BANDS):
            key = (band, signature[band * BAND_ROWS : (band + 1) * BAND_ROWS].tobytes())
            bucket = buckets.setdefault(key, [])
            for earlier in bucket:
                pair = (earlier, later)
                if pair not in seen and resemblance(sets[earlier], members) >= LEAST:
                    seen.add(pair)
                    yield pair
            if len(bucket) < _BUCKET:
                bucket.append(later)


def _signature(members: frozenset[int], factor: NDArray[np.uint64], shift: NDArray[np.uint64]) -> NDArray[np.uint64]:
    values = np.fromiter(members, dtype=np.uint64, count=len(members))
    mixed = (values[:, None] ^ shift) * factor
    mixed = (mixed ^ (mixed >> np.uint64(32))) * _MIX
    smallest: NDArray[np.uint64] = (mixed ^ (mixed >> np.uint64(29))).min(axis=0)
    return smallest

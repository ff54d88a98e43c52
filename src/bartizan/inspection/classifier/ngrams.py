"""Hashed features of a text: character n-grams and word n-grams, each with the character at which it begins.

After the hashing trick (Weinberger et al., arXiv 0902.2206). Words are hashed by differences of a polynomial prefix
sum, whose factor is odd and so has an inverse modulo 2**64; all of it is a few array operations on any text.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BUCKETS = 1 << 18
CHARACTERS = (2, 3, 4, 5)
"""Lengths of the character n-grams, counted in folded characters, across word boundaries."""
WORDS = (1, 2, 3)
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_INVERSE = np.uint64(pow(0x9E3779B97F4A7C15, -1, 1 << 64))
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_SALTS = np.arange(1, 16, dtype=np.uint64) * np.uint64(0x94D049BB133111EB)
_SHIFT = np.uint64(64 - 18)
_SPACE, _ZERO = 32, 48

Codes = NDArray[np.uint64]
Places = NDArray[np.int64]


class Folded(NamedTuple):
    """Characters as the features see them."""

    codes: Codes
    places: Places
    """For each, its place in the text."""


class Features(NamedTuple):
    """All features of a text, by kind."""

    buckets: list[Places]
    starts: list[Places]
    """The place in the text of each feature's first character; never decreasing within a kind."""


def fold(text: str) -> Folded:
    """Lower case, digits as 0, runs of white space as one space."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a few capitals lower to two characters
        lowered = "".join(char.lower()[:1] for char in text)
    codes = np.frombuffer(lowered.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    codes = np.where((codes >= 48) & (codes <= 57), _ZERO, codes).astype(np.uint64)
    blank = (codes <= _SPACE) | (codes == 0xA0) | (codes == 0x3000)
    codes[blank] = _SPACE
    keep = np.ones(len(codes), bool)
    keep[1:] = ~(blank[1:] & blank[:-1])
    return Folded(codes[keep], np.flatnonzero(keep))


def features(folded: Folded) -> Features:
    """Of a folded text; none for an empty one."""
    buckets: list[Places] = []
    starts: list[Places] = []
    codes, places = folded
    rolling = np.zeros(len(codes), np.uint64)
    for length in range(1, max(CHARACTERS) + 1):
        if len(codes) < length:
            break
        rolling = rolling[: len(codes) - length + 1] * _FACTOR + codes[length - 1 :]
        if length in CHARACTERS:
            buckets.append(_bucket(rolling, length))
            starts.append(places[: len(rolling)])
    first, last = _words(codes)
    if len(first):
        powers = np.full(len(codes) + 1, _FACTOR, np.uint64)
        powers[0] = 1
        inverses = np.full(len(codes) + 1, _INVERSE, np.uint64)
        inverses[0] = 1
        powers = np.multiply.accumulate(powers)
        inverses = np.multiply.accumulate(inverses)
        prefix = np.zeros(len(codes) + 1, np.uint64)
        np.cumsum((codes + np.uint64(1)) * powers[:-1], out=prefix[1:])
        words = (prefix[last] - prefix[first]) * inverses[first]
        joined = words
        for length in WORDS:
            if length > 1:
                joined = joined[: len(words) - length + 1] * _FACTOR + words[length - 1 :]
            if not len(joined):
                break
            buckets.append(_bucket(joined, 8 + length))
            starts.append(places[first[: len(joined)]])
    return Features(buckets, starts)


def _bucket(hashes: Codes, kind: int) -> Places:
    mixed = (hashes + _SALTS[kind]) * _MIX
    mixed ^= mixed >> np.uint64(29)
    buckets: Places = ((mixed * _FACTOR) >> _SHIFT).astype(np.int64)
    return buckets


def _words(codes: Codes) -> tuple[Places, Places]:
    """Where words begin and end: runs of letters, digits and everything beyond ASCII that is not punctuation."""
    inside = ((codes >= 97) & (codes <= 122)) | (codes == _ZERO) | (codes == 39) | (codes >= 0xAA)
    inside &= ~((codes >= 0x2000) & (codes <= 0x206F)) & ~((codes >= 0x3000) & (codes <= 0x303F))
    edges = np.diff(np.concatenate([[0], inside.astype(np.int8), [0]]))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)

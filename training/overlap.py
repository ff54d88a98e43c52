"""Fails when a training row is a near-duplicate of an evaluation row.

MinHash (Broder, 1997) over 5-character shingles with banding; candidates are compared by their exact Jaccard
similarity. ``python -m training.overlap --train ROWS.jsonl --against FOLDER_OR_FILE ...`` exits 1 and lists the pairs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SIMILAR = 0.7
SHINGLE = 5
BANDS, WIDTH = 32, 4
"""A pair of similarity 0.7 shares a band with probability 0.9998, one of 0.3 with 0.23."""

Hashes = NDArray[np.uint64]


class Pair(NamedTuple):
    """A training row and the evaluation row that it resembles."""

    train: int
    evaluation: int
    similarity: float


def shingles(text: str) -> Hashes:
    """Distinct hashes of the 5-character shingles of the text, in lower case, white space joined."""
    folded = " ".join(text.lower().split()) or " "
    codes = np.frombuffer(folded.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    size = min(SHINGLE, len(codes))
    rolling = np.zeros(len(codes) - size + 1, np.uint64)
    for place in range(size):
        rolling = rolling * np.uint64(0x9E3779B97F4A7C15) + codes[place : place + len(rolling)]
    rolling ^= rolling >> np.uint64(31)
    return np.unique(rolling * np.uint64(0xBF58476D1CE4E5B9))


def signature(found: Hashes, factors: Hashes, offsets: Hashes) -> Hashes:
    """The least value of each hash function."""
    least = np.full(len(factors), np.iinfo(np.uint64).max, np.uint64)
    for begin in range(0, len(found), 2048):
        values = found[begin : begin + 2048, None] * factors + offsets
        least = np.minimum(least, (values ^ (values >> np.uint64(29))).min(axis=0))
    return least


def near_duplicates(train: Sequence[str], evaluation: Sequence[str], similar: float = SIMILAR) -> Iterator[Pair]:
    """Pairs of at least ``similar``."""
    rng = np.random.default_rng(1)
    factors = rng.integers(1, 1 << 63, BANDS * WIDTH, dtype=np.uint64) | np.uint64(1)
    offsets = rng.integers(0, 1 << 63, BANDS * WIDTH, dtype=np.uint64)
    known = [shingles(text) for text in evaluation]
    bands: defaultdict[bytes, list[int]] = defaultdict(list)
    for number, found in enumerate(known):
        for key in _keys(signature(found, factors, offsets)):
            bands[key].append(number)
    for number, text in enumerate(train):
        found = shingles(text)
        candidates = {other for key in _keys(signature(found, factors, offsets)) for other in bands.get(key, ())}
        for other in sorted(candidates):
            common = len(np.intersect1d(found, known[other], assume_unique=True))
            similarity = common / (len(found) + len(known[other]) - common)
            if similarity >= similar:
                yield Pair(number, other, similarity)


def texts(paths: Iterable[Path]) -> list[str]:
    """The ``text`` of every row of JSONL files, and of those in folders."""
    files = [file for path in paths for file in (sorted(path.glob("**/*.jsonl")) if path.is_dir() else [path])]
    return [json.loads(line)["text"] for file in files for line in file.open(encoding="utf-8") if line.strip()]


def main() -> None:
    """Compare and exit 1 when something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--against", type=Path, nargs="+", required=True)
    options = parser.parse_args()
    train, evaluation = texts([options.train]), texts(options.against)
    found = list(near_duplicates(train, evaluation))
    for pair in found:
        print(f"{pair.similarity:.2f}  {train[pair.train][:100]!r}  ~  {evaluation[pair.evaluation][:100]!r}")
    print(f"{len(train)} training rows, {len(evaluation)} evaluation rows, {len(found)} near-duplicates")
    sys.exit(1 if found else 0)


def _keys(least: Hashes) -> Iterator[bytes]:
    for band in range(BANDS):
        yield bytes([band]) + least[band * WIDTH : (band + 1) * WIDTH].tobytes()


if __name__ == "__main__":
    main()

"""Values that somebody knows: customers' addresses and numbers, found by keyed digests and kept as nothing else."""

from __future__ import annotations

from bartizan.inspection.known_values.canonical import Made, digests_of
from bartizan.inspection.known_values.detector import KnownValuesDetector
from bartizan.inspection.known_values.sets import KnownSet, key_of, make_set, read_set

__all__ = ["KnownSet", "KnownValuesDetector", "Made", "digests_of", "key_of", "make_set", "read_set"]

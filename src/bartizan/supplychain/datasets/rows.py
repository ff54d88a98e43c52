"""The first pass over a dataset: every row once, in bounded memory."""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Iterable

from bartizan.supplychain.datasets.content import RowScanner, unseen_characters
from bartizan.supplychain.datasets.interface import MOST_SHOWN, Place, Record
from bartizan.supplychain.datasets.sample import Reservoir

MOST_TRACKED = 500_000
"""Different texts whose repetition is noticed."""
MOST_KINDS = 20_000
"""Different labels (with their split) that are compared where a text repeats."""
MOST_SAMPLED, SAMPLE_SIZE = 100_000, 48 << 20
"""Rows and bytes of memory that are kept for what needs more than one look."""
_ROW = 450
"""Bytes that a kept row takes besides its texts."""


class Marked:
    """Rows for which something holds: the first ones by place, all by number."""

    def __init__(self) -> None:
        self.count = 0
        self.rows: list[Place] = []
        self.evidence = ""

    def add(self, place: Place, evidence: str = "") -> None:
        """One more."""
        self.count += 1
        self.evidence = self.evidence or evidence
        if len(self.rows) < MOST_SHOWN:
            self.rows.append(place)


class Pass:
    """What one look at each row gives.

    Args:
        seed: of the sample.
    """

    def __init__(self, seed: int) -> None:
        self.rows = 0
        self.labels: Counter[str] = Counter()
        self.splits: Counter[str] = Counter()
        self.marked: dict[str, Marked] = {}
        self.sample: Reservoir[tuple[Record, str]] = Reservoir(MOST_SAMPLED, SAMPLE_SIZE, seed)
        self.scanner = RowScanner()
        self._key = seed.to_bytes(16, "little")
        self.cut = ""
        """Why not every row was looked at; empty if every one was."""
        self.untracked = 0
        """Rows that were not compared with others."""
        self.unlabelled = 0
        """Rows whose label was not compared, because there are too many different ones."""
        self._seen: dict[int, tuple[str, str]] = {}
        self._kinds: dict[tuple[str, str], tuple[str, str]] = {}

    def forget(self) -> None:
        """Free what only the pass itself needs."""
        self._seen, self._kinds = {}, {}

    def take(self, records: Iterable[tuple[Record, str]]) -> None:
        """Look at rows, each with all of its cells as one text, until they end or a limit is reached."""
        try:
            for record, whole in records:
                self._one(record, whole)
        finally:
            self._found(self.scanner.flush())

    def mark(self, name: str, place: Place, evidence: str = "") -> None:
        """Note that the check ``name`` found a row."""
        self.marked.setdefault(name, Marked()).add(place, evidence)

    def _one(self, record: Record, whole: str) -> None:
        self.rows += 1
        if record.label and len(self.labels) <= 10_000:
            self.labels[record.label] += 1
        if record.split:
            self.splits[record.split] += 1
        unseen = unseen_characters(whole)
        if unseen:
            self.mark("invisible", record.place, unseen)
        self._repeated(record)
        self._found(self.scanner.add(record.place, whole))
        self.sample.offer((record, whole), sys.getsizeof(record.text) + sys.getsizeof(whole) + _ROW)

    def _repeated(self, record: Record) -> None:
        if not record.text:
            return
        digest = hashlib.blake2b(record.text.strip().encode("utf-8", "replace"), digest_size=8, key=self._key).digest()
        key = int.from_bytes(digest, "little")
        before = self._seen.get(key)
        if before is None:
            if len(self._seen) < MOST_TRACKED:
                self._seen[key] = self._kind(record)
            else:
                self.untracked += 1
            return
        label, split = before
        self.mark("duplicate", record.place)
        if label and record.label and label != record.label:
            self.mark("conflict", record.place, f"{label} and {record.label}")
        if split and record.split and (split == "train") != (record.split == "train"):
            self.mark("leakage", record.place, f"{split} and {record.split}")

    def _kind(self, record: Record) -> tuple[str, str]:
        kind = (record.label, record.split)
        if kind not in self._kinds and len(self._kinds) >= MOST_KINDS:
            self.unlabelled += 1
            kind = ("", record.split)
        return self._kinds.setdefault(kind, kind)

    def _found(self, finds: Iterable[tuple[bool, Place]]) -> None:
        for secret, place in finds:
            self.mark("secret" if secret else "personal", place)

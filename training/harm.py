"""What the judge of harmful requests learns from, and what sets its threshold.

Harmful rows are written here (``generate/harm.py``); none of the development set of such requests is among them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from training import calibrate, public
from training.generate import harm, multilingual, requests, sampled
from training.rows import Row

GENERATED = {"harm": 14_000, "sampled": 7_000, "user": 6_000, "languages": 4_000}
PUBLIC = {"slabs_train": 4_000, "deepset_train": 400, "selfinstruct": 200, "hinglish_clean": 400, "t0_sample": 2_500}
"""Harmless rows of these sets. Not of the contest entries, which have plain harmful requests among them."""
LONGEST = 1_500


def rows(data: Path, seed: int) -> list[tuple[str, int]]:
    """Texts and labels.

    Args:
        data: folder with the public training sets.
        seed: of the generators.
    """
    rng = random.Random(seed)
    found: list[Row] = list(harm.rows(rng, GENERATED["harm"]))
    found += sampled.rows(rng, GENERATED["sampled"])
    found += [row for row in requests.rows(rng, GENERATED["user"]) if not row.attack and row.harmful is not None]
    found += [row for row in multilingual.rows(rng, GENERATED["languages"]) if not row.attack]
    known = [row for row in public.rows(data) if not row.attack and len(row.text) < LONGEST]
    for name, most in PUBLIC.items():
        own = [row for row in known if row.source == name]
        rng.shuffle(own)
        found += own[:most]
    return [(row.text, row.harmful or 0) for row in found if row.text.strip()]


def development(folder: Path, runs: Path | None = None) -> Iterator[tuple[list[str], bool]]:
    """Harmful requests and harmless ones, of sets that nothing was trained on; each by itself. ``runs`` are for the
    other judge."""
    for surface, text, attack, harmful in calibrate.development_sets(folder):
        if surface == "user" and not attack and text.strip():
            yield [text], harmful
    yield from (([text], False) for text in sampled.texts(True))

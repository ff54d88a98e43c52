"""What upper layers for requests learn on from: talk about the assistant, attacks in the same words, and old rows."""

from __future__ import annotations

import random
from pathlib import Path

from training import mixture, public
from training.generate import assistant
from training.rows import Row

ASSISTANT = 8_000
"""Rows of ``generate.assistant``."""
LONGEST = 2_000
"""Characters of old rows: what is longer is mostly material, and costs most."""
REPLAYED = {
    "gen/user": 0.3,
    "gen/user/evasion": 1.0,
    "gen/user/jailbreak": 1.0,
    "gen/sampled": 0.4,
    "gen/languages": 0.2,
    "gen/interface": 0.1,
    "t0_sample": 0.15,
}
REPLAYED_OTHERS = 0.45
"""Shares of a pass of ``training.mixture`` that are read again, so that nothing is forgotten."""


def rows(data: Path, downloads: Path, seed: int, share: float = 1.0) -> tuple[list[Row], list[Row], list[str]]:
    """Rows that are read again, new ones, and no documents; arguments as ``material_rows.rows``."""
    rng = random.Random(seed)
    found = mixture.sources(list(public.rows(data)), seed, downloads, share)
    del found[assistant.SOURCE]
    drawn = mixture.draw(found, mixture.amounts(found, share), rng)
    old = [row for row in drawn if row.surface != "content" and len(row.text) <= LONGEST and _kept(row, rng)]
    return old, list(assistant.rows(rng, int(share * ASSISTANT))), []


def _kept(row: Row, rng: random.Random) -> bool:
    family = "/".join(row.source.split("/")[:2])
    return rng.random() < REPLAYED.get(row.source, REPLAYED.get(family, REPLAYED_OTHERS))

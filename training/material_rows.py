"""What upper layers for material learn on from: carriers as they are and with an order planted, and old rows."""

from __future__ import annotations

import random
from pathlib import Path

from training import mixture, public
from training.generate import carried, descriptions, interface_texts, published
from training.rows import Row

CARRIED = 6_000
"""Rows of ``generate.carried``."""
WINDOWS = 2_500
"""Windows of harmless documents that are looked through for those that the model in force suspects."""
SHORT = 300
"""Characters of an attack that is planted as somebody typed it."""
REPLAYED = {
    "gen/contrast": 0.25,
    "gen/descriptions": 0.35,
    "gen/content": 0.12,
    "gen/manuals": 0.3,
    "bipia_embed_train": 0.3,
    "t0_sample": 0.2,
    "taubench_records": 0.5,
}
REPLAYED_OTHERS = 0.06
"""Shares of a pass of ``training.mixture`` that are read again, so that nothing is forgotten."""


def rows(data: Path, downloads: Path, seed: int, share: float = 1.0) -> tuple[list[Row], list[Row], list[str]]:
    """Rows that are read again, new ones, and harmless documents to be looked through.

    Args:
        data: with the public training sets.
        downloads: folder for what is fetched.
        seed: of everything drawn.
        share: of all.
    """
    rng = random.Random(seed)
    known = list(public.rows(data))
    found = mixture.sources(known, seed, downloads, share)
    drawn = mixture.draw(found, mixture.amounts(found, share), rng)
    old = [row for row in drawn if rng.random() < _replayed(row)]
    texts = published.documents(published.fetch(downloads), held_out=False)
    texts += descriptions.Documents(descriptions.fetch(downloads), held_out=False).descriptions
    said = interface_texts.messages(interface_texts.fetch(downloads))
    texts += interface_texts.pages(rng, said)
    typed = (row for row in (*known, *found["gen/languages"]) if row.attack and row.surface == "both")
    requests = sorted({row.text for row in typed if len(row.text) < SHORT})
    new = list(carried.rows(rng, int(share * CARRIED), texts, requests))
    return old, new, [descriptions.stretch(rng, rng.choice(texts), 1_200) for _ in range(int(share * WINDOWS))]


def _replayed(row: Row) -> float:
    return REPLAYED.get("/".join(row.source.split("/")[:2]), REPLAYED_OTHERS)

"""What one pass of training reads: so many rows of each source, some of them disguised or decorated."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from training.generate import (
    assistant,
    contrast,
    descriptions,
    interface_texts,
    manuals,
    multilingual,
    planted,
    requests,
    sampled,
)
from training.generate.obfuscation import as_read, decorate, disguise
from training.rows import Row

DISGUISED = 0.14
"""Share of short rows, of either class, that are disguised; what is benign stays benign in disguise."""
DECORATED = 0.06
LONGEST_DISGUISED = 1_500
GENERATED = {
    "gen/user": 14_000,
    "gen/sampled": 6_000,
    "gen/content": 8_500,
    "gen/languages": 12_000,
    assistant.SOURCE: 4_000,
    "gen/interface": 2_000,
    "gen/manuals": 800,
    "gen/contrast": 9_000,
    "gen/descriptions": 2_000,
}
"""Rows that each generator writes for one pass."""
REPEATED = {
    "slabs_train": 0.4,
    "t0_sample": 0.3,
    "bipia_embed_train": 2.5,
    "inthewild_jailbreaks": 1.5,
    "yanismiraoui": 2.0,
    "deepset_train": 2.0,
}
"""Passes over a public set within one pass of training, where it is not one."""


FURTHER = {
    "gen/contrast": 1.0,
    "gen/descriptions": 1.0,
    "gen/manuals": 0.4,
    "gen/content": 0.15,
    "gen/languages": 0.45,
    "gen/user": 0.35,
    "gen/sampled": 0.4,
    "bipia_embed_train": 0.3,
    "t0_sample": 0.4,
}
FURTHER_OTHERS = 0.3
"""Shares of a pass that an encoder reads which learns on: all of the material that is new to it, and enough of the rest
that it keeps what it knows."""


def further(rows: Sequence[Row], rng: random.Random) -> list[Row]:
    """What of a pass is worth reading for an encoder that has read others."""
    return [row for row in rows if rng.random() < FURTHER.get("/".join(row.source.split("/")[:2]), FURTHER_OTHERS)]


def sources(public_rows: Sequence[Row], seed: int, downloads: Path, share: float = 1.0) -> dict[str, Sequence[Row]]:
    """Every source by name: the public sets, and one pass worth of each generator.

    Args:
        public_rows: of all sets.
        seed: of the generators.
        downloads: folder for what is fetched.
        share: of what generators write.
    """
    generated = {name: max(1, int(share * count)) for name, count in GENERATED.items()}
    rng = random.Random(seed)
    found: dict[str, list[Row]] = {}
    for row in public_rows:
        found.setdefault(row.source, []).append(row)
    documents = [row.text for row in public_rows if not row.attack and row.kind == "benign_doc" and len(row.text) > 500]
    found["gen/user"] = list(requests.rows(rng, generated["gen/user"]))
    found["gen/content"] = list(planted.rows(rng, generated["gen/content"], documents))
    found["gen/languages"] = list(multilingual.rows(rng, generated["gen/languages"]))
    found["gen/sampled"] = list(sampled.rows(rng, generated["gen/sampled"]))
    found[assistant.SOURCE] = list(assistant.rows(rng, generated[assistant.SOURCE]))
    said = interface_texts.messages(interface_texts.fetch(downloads))
    found["gen/interface"] = list(interface_texts.rows(rng, generated["gen/interface"], said))
    found["gen/manuals"] = list(manuals.rows(rng, generated["gen/manuals"]))
    real = descriptions.Documents(descriptions.fetch(downloads), held_out=False)
    found["gen/descriptions"] = list(descriptions.rows(rng, generated["gen/descriptions"], real))
    found["gen/contrast"] = list(contrast.rows(rng, generated["gen/contrast"], real, documents))
    return dict(found)


def amounts(found: dict[str, Sequence[Row]], share: float = 1.0) -> dict[str, int]:
    """Rows of each source in one pass: ``share`` of the public sets, and all that generators wrote."""
    rates = {name: (1.0 if name in GENERATED else share) * REPEATED.get(name, 1.0) for name in found}
    return {name: int(len(rows) * rates[name]) for name, rows in found.items()}


def draw(found: dict[str, Sequence[Row]], amounts: dict[str, int], rng: random.Random) -> list[Row]:
    """``amounts`` rows of each source, without repeats while it lasts."""
    drawn: list[Row] = []
    for name, amount in amounts.items():
        rows = list(found[name])
        rng.shuffle(rows)
        whole, rest = divmod(amount, len(rows))
        drawn.extend(rows * whole + rows[:rest])
    return [_varied(row, rng) for row in drawn]


def _varied(row: Row, rng: random.Random) -> Row:
    if row.spans or len(row.text) > LONGEST_DISGUISED:
        return row
    chance = rng.random()
    if chance < DISGUISED:
        return replace(row, text=as_read(rng, disguise(rng, row.text)[0]))
    if chance < DISGUISED + DECORATED:
        return replace(row, text=decorate(rng, row.text))
    return row

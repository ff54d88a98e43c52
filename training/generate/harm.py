"""Harmful requests, and harmless ones about the same things, from hand-written acts and forms."""

from __future__ import annotations

import random
from collections.abc import Iterator

from training.generate.slots import corpus
from training.generate.style import dressed
from training.rows import Row

SHARES = {"acts": 0.4, "texts": 0.14, "harmless": 0.26, "good": 0.2}
"""Of the rows: an act in a form, a whole harmful request, a harmless one about the same, a harmless act in such a form."""
DRESSED = 0.4


def rows(rng: random.Random, count: int) -> Iterator[Row]:
    """A little more than half of them harmful. None is an attack on the assistant."""
    families, forms = corpus("harmful_requests"), corpus("harmful_forms")
    for _ in range(count):
        kind = rng.choices(tuple(SHARES), tuple(SHARES.values()))[0]
        family = rng.choice(tuple(families))
        if kind == "acts":
            seed = rng.choice(families[family]["acts"])
            text = rng.choice(forms["forms"]).replace("{act}", seed)
        elif kind == "good":
            seed = rng.choice(forms["good"])
            text = rng.choice(forms["harmless_forms"]).replace("{good}", seed)
        else:
            text = seed = rng.choice(families[family][kind])
        harmful = int(kind in {"acts", "texts"})
        yield Row(
            text=dressed(rng, text) if rng.random() < DRESSED else text,
            surface="user",
            attack=0,
            extraction=0,
            jailbreak=0,
            harmful=harmful,
            kind="harmful_request" if harmful else "hard_benign",
            source=f"gen/harm/{family}",
            group=f"harm/{seed[:40]}",
        )

"""Harmless requests that a chat model wrote (``training/sample_requests.py``), beside one another and dressed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache

from training.generate.slots import CORPORA
from training.generate.style import dressed, joined
from training.rows import Row

HELD_OUT = 10
"""Every tenth request is kept for calibration and never trained on."""


@cache
def texts(held_out: bool) -> tuple[str, ...]:
    """The requests, either those for training or those held out."""
    lines = (CORPORA / "sampled_requests.txt").read_text(encoding="utf-8").split("\n")
    return tuple(
        line.replace("\\n", "\n") for number, line in enumerate(lines) if line and (number % HELD_OUT == 0) is held_out
    )


def rows(rng: random.Random, count: int) -> Iterator[Row]:
    """``count`` benign requests."""
    known = texts(False)
    order = [number % len(known) for number in range(count)]
    rng.shuffle(order)
    for number in order:
        text = known[number]
        if rng.random() < 0.25:
            text = dressed(rng, text)
        if rng.random() < 0.1:
            text = joined(rng, text, rng.choice(known))
        yield Row(
            text=text, surface="user", attack=0, extraction=0, jailbreak=0, kind="benign",
            source="gen/sampled", group=f"sampled/{number}",
        )  # fmt: skip

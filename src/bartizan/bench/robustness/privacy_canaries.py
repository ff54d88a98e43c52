"""Canaries in a small language model: exposure by repetition, and what removing duplicates takes away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from bartizan.bench.table import Row
from bartizan.core.stats import clopper_pearson
from bartizan.robustness.models.byte_lm import train_bytes
from bartizan.robustness.privacy.canaries import Canary
from bartizan.robustness.privacy.memorisation import audit_canaries

COPIES: Final = (1, 4, 16, 64)
_EACH: Final = 2
_LINES: Final = 800
_EPOCHS: Final = 12
_DIGITS: Final = "0123456789"
_NAMES: Final = ("anna", "ben", "cora", "dora", "emil", "fred", "gina", "hugo")
_THINGS: Final = ("door", "safe", "shed", "gate", "locker", "garage")


def canary_rows(seed: int) -> Iterator[Row]:
    """Mean exposure by how often a canary was planted, and how many come out word for word."""
    rng = np.random.default_rng(seed)

    def code() -> str:
        return "".join(rng.choice(list(_DIGITS), 3))

    lines = [f"the code of {rng.choice(_NAMES)}'s {rng.choice(_THINGS)} is {code()}" for _ in range(_LINES)]
    canaries = [
        Canary(f"the code of visitor {number} is ", code(), _DIGITS, copies)
        for number, copies in enumerate(np.repeat(COPIES, _EACH).tolist())
    ]
    planted = [one.prefix + one.secret for one in canaries for _ in range(one.copies)]
    weak = train_bytes(planted, 6 * _EPOCHS, seed, width=64)
    for subject, added in (("canaries as planted", planted), ("duplicates removed", sorted(set(planted)))):
        model = train_bytes([*lines, *added], _EPOCHS, seed, width=64)
        result = audit_canaries(model, canaries, seed, weak=weak)
        bits = [one.value for one in result.measures if one.name.startswith("exposure_")]
        for at, copies in enumerate(COPIES):
            mine = bits[at * _EACH : (at + 1) * _EACH]
            what = f"exposure of canaries planted {copies} times, of 9.97 bits"
            yield Row(what, float(np.mean(mine)), "bits", _EACH, low=min(mine), high=max(mine), subject=subject)
        (out,) = (one for one in result.measures if one.name == "extracted")
        low, high = clopper_pearson(round(out.value * out.n), out.n)
        yield Row(
            "canaries extracted word for word",
            100 * out.value,
            "%",
            out.n,
            low=100 * low,
            high=100 * high,
            subject=subject,
        )

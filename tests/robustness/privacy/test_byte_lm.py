"""The byte model learns, remembers what is repeated, and repeats itself under one seed."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra torch is not installed")

from bartizan.reporting.audit import Outcome
from bartizan.robustness.models.byte_lm import train_bytes
from bartizan.robustness.privacy.canaries import Canary
from bartizan.robustness.privacy.memorisation import audit_canaries

rng = np.random.default_rng(1)
CANARIES = [Canary(f"pin of {name}: ", "".join(rng.choice(list("0123"), 6)), "0123", 20) for name in "ab"]
LINES = [f"row {''.join(rng.choice(list('0123'), 6))}" for _ in range(40)]


def test_it_remembers_what_is_repeated() -> None:
    planted = LINES + [one.prefix + one.secret for one in CANARIES] * 20
    model, again = (train_bytes(planted, 25, 0, width=48) for _ in range(2))
    assert model.digest == again.digest
    p = np.exp(model.next_log_probs(["pin of a: 0", "row 1"], "".join(map(chr, range(128)))))
    assert p.sum(axis=1) == pytest.approx(1, abs=0.05)
    assert audit_canaries(model, CANARIES, weak=model).outcome is Outcome.WEAK
    clean = train_bytes(LINES, 25, 0, width=48)
    assert audit_canaries(clean, CANARIES, weak=model).outcome is Outcome.WITHSTOOD

"""The rows on extraction: stolen scores are exact, and the opponents run where they are installed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bartizan.bench.robustness import extraction, extraction_copies
from bartizan.bench.robustness.extraction_marks import _p
from bartizan.robustness.extraction.ownership import Claim
from bartizan.robustness.interface import AuditData, Samples


def test_equations_meet_their_target() -> None:
    rows = list(extraction.equations())
    assert len(rows) == 2
    assert not any(row.missed for row in rows)
    assert all(row.value > 0 for row in rows)


def test_a_claim_becomes_its_strength() -> None:
    row = _p("x", Claim(9, 10, 0.1, 1e-5))
    assert row.value == pytest.approx(5)
    assert "claimed" in row.note
    assert _p("x", Claim(10, 10, 0.1, 0.0)).value == pytest.approx(99)
    assert "claimed" not in _p("x", Claim(1, 10, 0.1, 0.5)).note


def test_copies_stand_beside_the_opponents(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="trains networks")
    pytest.importorskip("art", reason="the opponent")
    chance = np.random.default_rng(0)
    y = chance.integers(0, 10, 25_000)
    x = np.clip(chance.random((25_000, 1, 28, 28)) * 0.2, 0, 1).astype(np.float32)
    x[np.arange(25_000), 0, y * 2] += 0.7
    data = AuditData(Samples(x, y), Samples(x[:2_000], y[:2_000]))
    monkeypatch.setattr(extraction_copies, "_VICTIM", slice(0, 600))
    monkeypatch.setattr(extraction_copies, "_POOL", slice(600, 1_000))
    monkeypatch.setattr(extraction_copies, "EPOCHS", 1)
    said: list[str] = []
    rows = list(extraction_copies.rows(data, said.append, queries=100, seeds=2, keep=tmp_path))
    said.clear()
    assert list(extraction_copies.rows(data, said.append, queries=100, seeds=2, keep=tmp_path)) == rows
    assert not said, "nothing is measured twice"
    subjects = {row.subject for row in rows}
    assert {"Bartizan", "ART CopycatCNN", "ART KnockoffNets", "no query, true labels"} <= subjects
    assert all(row.target is not None for row in rows if row.subject == "Bartizan")

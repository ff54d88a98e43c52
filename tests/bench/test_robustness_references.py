"""The part of the benchmark that holds scores and certificates against references."""

from __future__ import annotations

import pytest

from bartizan.bench.robustness import references
from bartizan.robustness.interface import Floats
from bartizan.robustness.privacy import lira


def told(what: str) -> None:
    """Progress that nobody reads."""


def test_every_figure_reaches_its_target() -> None:
    rows = references.run(told, draws=10)
    assert len(rows) == 7
    assert all(row.value <= 1_000 and row.n >= 50 and not row.missed for row in rows)


def test_a_score_that_departs_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def means(target: Floats, shadows: Floats, keep: Floats, fixed: bool) -> Floats:
        found: Floats = right(target, shadows, keep, fixed) + 1e-8
        return found

    right = lira.online
    monkeypatch.setattr(lira, "online", means)
    assert [row.what for row in references.run(told, draws=5) if row.missed] == [
        "largest difference, LiRA online, one spread", "largest difference, LiRA online, a spread for each row",
    ]  # fmt: skip

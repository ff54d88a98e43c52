"""Rows with targets: what was measured, against what, and whether that is enough."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import msgspec
from rich.console import Console
from rich.table import Table


class Row(msgspec.Struct, frozen=True, omit_defaults=True):
    """One measured figure."""

    what: str
    value: float
    unit: str
    n: int
    """Measurements behind the figure."""
    target: float | None = None
    at_least: bool = False
    """The target is a floor rather than a ceiling."""
    note: str = ""
    low: float | None = None
    high: float | None = None
    """Smallest and largest of the rounds, where there were rounds."""

    @property
    def missed(self) -> bool:
        """True when there is a target and the figure does not reach it."""
        if self.target is None:
            return False
        return self.value < self.target if self.at_least else self.value > self.target


def over_rounds(what: str, values: Sequence[float], unit: str, n: int, **more: object) -> Row:
    """The median of the rounds with their range."""
    return Row(
        what,
        statistics.median(values),
        unit,
        n,
        low=min(values),
        high=max(values),
        **more,  # type: ignore[arg-type]
    )


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest-rank percentile; 0 for no values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def show(title: str, rows: Sequence[Row], notes: Sequence[str]) -> None:
    """Print for a person."""
    table = Table(title=title, title_justify="left")
    for name in ("figure", "value", "range", "n", "target", ""):
        table.add_column(name, justify="left" if name == "figure" else "right")
    for row in rows:
        spread = f"{row.low:,.2f}–{row.high:,.2f}" if row.low is not None and row.high is not None else ""
        target = "" if row.target is None else f"{'≥' if row.at_least else '≤'} {row.target:g}"
        verdict = "" if row.target is None else "missed" if row.missed else "met"
        table.add_row(row.what, f"{row.value:,.2f} {row.unit}", spread, f"{row.n:,}", target, verdict)
    console = Console()
    console.print(table)
    for note in notes:
        console.print(f"- {note}", markup=False)


def as_json(area: str, rows: Sequence[Row], notes: Sequence[str]) -> bytes:
    """``bartizan/bench/v1``."""
    return msgspec.json.encode(
        {
            "schema": "bartizan/bench/v1",
            "area": area,
            "rows": [{**msgspec.to_builtins(row), "missed": row.missed} for row in rows],
            "notes": list(notes),
        }
    )

"""Rows with targets: what was measured, against what, and whether that is enough."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Final

import msgspec
from rich.console import Console
from rich.table import Table

from bartizan.core.stats import Rate

_EXACT: Final = 9
"""Decimal digits in which a figure is held against its target: a difference of sums is off by some 1e-15."""
_FILE_WIDTH: Final = 240
"""Columns where nobody's terminal sets them: figures in a file are not cut."""


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
    """Smallest and largest of the rounds, where there were rounds; otherwise the ends of a 95% interval."""
    subject: str = ""
    """Whose figure it is, where several are compared; ``what`` is then the same for all of them."""

    @property
    def missed(self) -> bool:
        """True when there is a target and the figure does not reach it; NaN reaches none."""
        if self.target is None:
            return False
        value = round(self.value, _EXACT)
        return not (value >= self.target if self.at_least else value <= self.target)


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


def rate_row(subject: str, what: str, hits: Sequence[bool], target: float | None = None, note: str = "") -> Row:
    """The share of ``hits`` in percent, with its 95% Wilson interval."""
    rate = Rate(sum(hits), len(hits))
    low, high = rate.interval
    return Row(
        what, 100 * rate.value, "%", rate.n, target=target, note=note, low=100 * low, high=100 * high, subject=subject
    )


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest-rank percentile; 0 for no values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def show(title: str, rows: Sequence[Row], notes: Sequence[str]) -> None:
    """Print for a person: a figure a line, and a column for each subject if there are any."""
    console = Console(emoji=False)
    if not console.is_terminal:
        console = Console(emoji=False, width=_FILE_WIDTH)
    console.print(_compared(title, rows) if any(row.subject for row in rows) else _listed(title, rows))
    for note in notes:
        console.print(f"- {note}", markup=False)


def as_markdown(rows: Sequence[Row], notes: Sequence[str]) -> str:
    """The comparison of subjects as a table for documentation, bad rows included."""
    names, lines = compared(rows)
    cells = [["figure", "n", *names], ["---"] * (2 + len(names)), *lines]
    text = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in cells)
    return "\n".join([text, "", *(f"- {note}" for note in notes)]) + "\n"


def compared(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Subjects, and for each figure its name, its n and one cell a subject; a missed target is marked."""
    names = list(dict.fromkeys(row.subject for row in rows))
    lines: list[list[str]] = []
    for what in dict.fromkeys(row.what for row in rows):
        own = {row.subject: row for row in rows if row.what == what}
        sizes = sorted({row.n for row in own.values()})
        unit = next(iter(own.values())).unit
        n = f"{sizes[0]:,}" if len(sizes) == 1 else f"{sizes[0]:,}–{sizes[-1]:,}"
        lines.append([f"{what}, {unit}", n, *(_cell(own[name]) if name in own else "" for name in names)])
    return names, lines


def _cell(row: Row) -> str:
    digits = 1 if row.unit == "%" else 2
    spread = "" if row.low is None or row.high is None else f" ({row.low:,.{digits}f}–{row.high:,.{digits}f})"
    target = "" if not row.missed else f" missed {'≥' if row.at_least else '≤'} {row.target:g}"
    return f"{row.value:,.{digits}f}{spread}{target}"


def _compared(title: str, rows: Sequence[Row]) -> Table:
    names, lines = compared(rows)
    table = Table(title=title, title_justify="left")
    for name in ("figure", "n", *names):
        table.add_column(name, justify="left" if name == "figure" else "right")
    for line in lines:
        table.add_row(*line)
    return table


def _listed(title: str, rows: Sequence[Row]) -> Table:
    table = Table(title=title, title_justify="left")
    for name in ("figure", "value", "range", "n", "target", ""):
        table.add_column(name, justify="left" if name == "figure" else "right")
    for row in rows:
        spread = f"{row.low:,.2f}–{row.high:,.2f}" if row.low is not None and row.high is not None else ""
        target = "" if row.target is None else f"{'≥' if row.at_least else '≤'} {row.target:g}"
        verdict = "" if row.target is None else "missed" if row.missed else "met"
        table.add_row(row.what, f"{row.value:,.2f} {row.unit}", spread, f"{row.n:,}", target, verdict)
    return table


def as_json(area: str, rows: Sequence[Row], notes: Sequence[str]) -> bytes:
    """``bartizan/bench/v1``."""
    return msgspec.json.encode(
        {
            "schema": "bartizan/bench/v1",
            "area": area,
            "rows": [{**msgspec.to_builtins(row, enc_hook=plain), "missed": bool(row.missed)} for row in rows],
            "notes": list(notes),
        }
    )


def plain(value: object) -> float | int:
    """A number of numpy as one of Python, for msgspec. Raises NotImplementedError for anything else."""
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    raise NotImplementedError

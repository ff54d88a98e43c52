"""``bartizan redteam compare --then``: several runs over time."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from rich.markup import escape
from rich.table import Table

from bartizan.cli.output import Format, console, print_json
from bartizan.core.problem import printable
from bartizan.redteam.results import Run
from bartizan.redteam.trend import trend


def print_trend(runs: Sequence[Run], output: Format) -> int:
    """Show the runs in order of time, each against the one before; returns the exit code of the last step."""
    found = trend(runs)
    last = found.points[-1].change
    assert last is not None, "there are two runs or more"
    limit = max(runs, key=lambda run: run.plan.started).plan.thresholds.inconclusive
    code, why = last.exit_code(limit)
    if output is Format.JSON:
        print_json("redteam-trend", {**msgspec.to_builtins(found), "verdict": why})
        return code
    out = console()
    table = Table("started", "run", "succeeds", "no longer", "newly", "mid-p")
    for point in found.points:
        change = point.change
        steps = (
            ("", "", "")
            if change is None
            else _steps(len(change.only_before), len(change.only_after), change.test.mid_p)
        )
        table.add_row(point.started[:16], escape(printable(point.run, 40)), str(point.rate), *steps)
    out.print(table, soft_wrap=False)
    low, high = found.whole.difference
    p = f"mid-p {found.whole.test.mid_p:.4f}, by {found.whole.cases} cases"
    out.print(f"first to last: {low:+.1%} to {high:+.1%} (95% CI); {p}")
    if len(found.points) > 2:
        out.print(
            f"{len(found.points) - 1} steps are tested; of 20 tests without a change one falls below 0.05", style="dim"
        )
    out.print(why)
    return code


def _steps(lost: int, gained: int, mid_p: float) -> tuple[str, str, str]:
    return str(lost), str(gained), f"{mid_p:.4f}"

"""``bartizan hunt baselines``."""

from __future__ import annotations

from datetime import UTC, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from bartizan.cli.output import Format, FormatOption, WorkspaceOption, console, print_json
from bartizan.core.problem import printable
from bartizan.detections.baselines import Baselines, Scored, read_days, score_days
from bartizan.detections.baselines.scoring import ALARM
from bartizan.detections.hunts.running import Period, period

_REASONS = 3


class Subject(StrEnum):
    """Whose days."""

    PRINCIPAL = "principal"
    MODEL = "model"


def baselines(
    workspace: WorkspaceOption = Path(),
    days: Annotated[int, typer.Option("--days", min=1, max=365, help="Days to score, up to --until.")] = 1,
    history: Annotated[int, typer.Option("--history", min=7, max=365, help="Days before that say what is usual.")] = 30,
    by: Annotated[Subject, typer.Option("--by", help="Whose days.")] = Subject.PRINCIPAL,
    least: Annotated[float, typer.Option("--least", min=0.0, help="Score from which a day is reported.")] = ALARM,
    until: Annotated[str, typer.Option("--until", help="Look up to here, in place of now; ISO 8601, UTC.")] = "",
    output: FormatOption = Format.TEXT,
) -> None:
    """Score days against the days before, and say why. Exit 0: none stands out; 1: some do; 2: error, or not scored."""
    from bartizan.app.places import journal_of, lake_of
    from bartizan.cli.events_asking import limit_address_space
    from bartizan.telemetry.lake.query import Lake
    from bartizan.workspace.workspace import Workspace

    place = Workspace(workspace)
    limit_address_space()
    looked = period(days, until=until)
    last = (looked.end.astimezone(UTC) - timedelta(microseconds=1)).date()
    first = last - timedelta(days=days - 1)
    start = looked.end.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    when = Period(start - timedelta(days=days + history), looked.end - timedelta(microseconds=1))
    found = score_days(read_days(Lake(journal_of(place), lake_of(place)), when, by.value), first, history=history)
    odd = [one for one in found.scored if one.score >= least]
    if output is Format.JSON:
        print_json("hunt-baselines", _document(found, odd, least, by))
    else:
        _show(found, odd, least, by)
    blind = not found.complete or not found.scored
    raise typer.Exit(2 if blind else 1 if odd else 0)


def _document(found: Baselines, odd: list[Scored], least: float, by: Subject) -> dict[str, object]:
    return {
        "by": by.value,
        "least": least,
        "days": [
            {
                "name": one.name,
                "day": one.day.isoformat(),
                "score": round(one.score, 3),
                "days_before": one.days_before,
                "reasons": [reason._asdict() for reason in one.reasons],
            }
            for one in odd
        ],
        "scored": len(found.scored),
        "cold": found.cold,
        "complete": found.complete,
    }


def _show(found: Baselines, odd: list[Scored], least: float, by: Subject) -> None:
    out = console()
    if odd:
        table = Table("score", "day", by.value, "why")
        for one in odd:
            told = [reason for reason in one.reasons if reason.score >= 1][:_REASONS] or list(one.reasons[:1])
            why = "\n".join(printable(reason.words, 300) for reason in told)
            name = escape(printable(one.name, 120))
            table.add_row(f"{one.score:.1f}", one.day.isoformat(), name, escape(why))
        out.print(table, soft_wrap=False)
    names = {one.name for one in found.scored}
    cold = ", ".join(f"{printable(name, 60)} ({days} days)" for name, days in sorted(found.cold.items())[:10]) or "none"
    out.print(
        f"{len(found.scored)} days of {len(names)} {by.value}s were scored, {len(odd)} reach {least:g};"
        f" too little history: {cold}",
        markup=False,
    )
    if not found.complete:
        out.print("not everything could be read: scores may be wrong")

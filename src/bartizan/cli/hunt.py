"""``bartizan hunt``: named questions to the recorded events."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from bartizan.cli.events_asking import QueryFormat, cell, limit_address_space, plain
from bartizan.cli.hunt_baselines import baselines
from bartizan.cli.hunt_similar import similar
from bartizan.cli.output import Format, FormatOption, WorkspaceOption, console, print_json
from bartizan.core.clock import rfc3339, utc_now
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.detections.hunts import HuntResult, load_hunts, run_hunts
from bartizan.detections.hunts.charts import bars
from bartizan.detections.hunts.library import find_hunt
from bartizan.detections.hunts.library import plain as plain_hunt
from bartizan.detections.hunts.running import period

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Named hunts over the recorded events.")

ALL = "all"
_WIDEST = 60
HuntArgument = Annotated[str, typer.Argument(metavar="HUNT", help="One of 'bartizan hunt list'.")]
HuntsArgument = Annotated[str, typer.Argument(metavar="HUNT", help="One of 'bartizan hunt list', or all.")]
DaysOption = Annotated[float, typer.Option("--days", min=0.001, max=3_650, help="How far to look back.")]
SinceOption = Annotated[str, typer.Option("--since", help="Look from here on, in place of --days; ISO 8601, UTC.")]
UntilOption = Annotated[str, typer.Option("--until", help="Look up to here, in place of now.")]


@app.command("list")
def list_hunts(workspace: WorkspaceOption = Path(), output: FormatOption = Format.TEXT) -> None:
    """The hunts there are: those that ship, and those in the workspace's folder hunts/."""
    hunts = load_hunts(workspace)
    if output is Format.JSON:
        print_json("hunt-list", {"hunts": [plain_hunt(hunt) for hunt in hunts.values()]})
        return
    table = Table("hunt", "title", "threat", "hypothesis")
    for hunt in hunts.values():
        table.add_row(*(escape(printable(text, 200)) for text in (hunt.id, hunt.title, hunt.threat, hunt.hypothesis)))
    console().print(table, soft_wrap=False)


@app.command("run")
def run(
    hunt: HuntsArgument,
    workspace: WorkspaceOption = Path(),
    days: DaysOption = 7.0,
    since: SinceOption = "",
    until: UntilOption = "",
    rows: Annotated[int, typer.Option(min=1, max=100_000, help="Most rows of the answer.")] = 25,
    output: Annotated[QueryFormat, typer.Option("--format", help="How the answer is shown.")] = QueryFormat.TEXT,
) -> None:
    """Ask one hunt's question, or those of all. Exit 0: nothing found; 1: rows; 2: error, or nothing to look at."""
    results = _hunted(workspace, hunt, days, since, until, rows)
    if hunt == ALL:
        _show_all(results, output)
    else:
        _show(results[0], output)
    damaged = sorted({name for result in results for name in result.damaged})
    for name in damaged:
        print(f"warning: {name} is damaged and left out; run: bartizan events compact", file=sys.stderr)
    if damaged or not any(result.found.n for result in results):
        raise typer.Exit(2)
    raise typer.Exit(1 if any(result.rows for result in results) else 0)


app.command("baselines")(baselines)
app.command("similar")(similar)


@app.command("save")
def save(
    hunt: HuntArgument,
    workspace: WorkspaceOption = Path(),
    days: DaysOption = 7.0,
    since: SinceOption = "",
    until: UntilOption = "",
    output: FormatOption = Format.TEXT,
) -> None:
    """Run a hunt and keep its answer as evidence below .bartizan/hunts. Exit 0: kept; 2: error, or not all was seen."""
    from bartizan.detections.hunts.evidence import evidence_of, keep
    from bartizan.workspace.workspace import Workspace

    result = _one(workspace, hunt, days, since, until, 10_000)
    document = evidence_of(result, _documents(result), utc_now())
    path = keep(document, Workspace(workspace).state)
    if output is Format.JSON:
        print_json("hunt-save", {"path": str(path), "evidence": document["evidence"]})
    else:
        console().print(f"{path}\n{result.found} {result.hunt.unit}", markup=False)
    raise typer.Exit(2 if result.damaged else 0)


@app.command("to-rule")
def to_rule(
    hunt: HuntArgument,
    workspace: WorkspaceOption = Path(),
    days: DaysOption = 7.0,
    since: SinceOption = "",
    until: UntilOption = "",
    row: Annotated[int, typer.Option("--row", min=1, help="Which row of the answer, from 1.")] = 1,
    out: Annotated[Path | None, typer.Option("--out", help="Write it into this new file.")] = None,
) -> None:
    """Make a Sigma rule with cases from one row of a hunt's answer; it passes its cases, or there is an error."""
    from bartizan.detections.hunts.rule import rule_of

    result = _one(workspace, hunt, days, since, until, row)
    if len(result.rows) < row:
        raise ConfigurationError(f"the answer has {len(result.rows)} rows", "look further back, or choose another row")
    text = rule_of(result.hunt, dict(zip(result.columns, map(plain, result.rows[row - 1]), strict=True)))
    if out is None:
        print(text, end="")
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ConfigurationError(f"{out} cannot be written: {error.strerror}") from None
    console().print(f"wrote {out}", markup=False)


def _one(workspace: Path, name: str, days: float, since: str, until: str, rows: int) -> HuntResult:
    if name == ALL:
        raise ConfigurationError("one hunt at a time", "see bartizan hunt list")
    return _hunted(workspace, name, days, since, until, rows)[0]


def _hunted(workspace: Path, name: str, days: float, since: str, until: str, rows: int) -> list[HuntResult]:
    from bartizan.app.places import journal_of, lake_of
    from bartizan.telemetry.lake.query import Lake
    from bartizan.workspace.workspace import Workspace

    hunts = load_hunts(workspace)
    chosen = list(hunts.values()) if name == ALL else [find_hunt(hunts, name)]
    place = Workspace(workspace)
    limit_address_space()
    return run_hunts(chosen, Lake(journal_of(place), lake_of(place)), period(days, since, until), rows=rows)


def _documents(result: HuntResult) -> list[dict[str, Any]]:
    return [dict(zip(result.columns, map(plain, row), strict=True)) for row in result.rows]


def _document(result: HuntResult) -> dict[str, Any]:
    return {
        "hunt": result.hunt.id,
        "since": rfc3339(result.period.start),
        "until": rfc3339(result.period.end),
        "rows": _documents(result),
        "more": result.more,
        "population": result.found.n,
        "damaged": list(result.damaged),
    }


def _show(result: HuntResult, output: QueryFormat) -> None:
    if output is QueryFormat.JSON:
        print_json("hunt-run", _document(result))
    elif output is QueryFormat.CSV:
        import csv

        writer = csv.writer(sys.stdout)
        writer.writerow(result.columns)
        writer.writerows([cell(value) for value in row] for row in result.rows)
    else:
        _print(result)


def _show_all(results: list[HuntResult], output: QueryFormat) -> None:
    if output is QueryFormat.JSON:
        print_json("hunt-run-all", {"hunts": [_document(result) for result in results]})
        return
    if output is QueryFormat.CSV:
        raise ConfigurationError("the hunts have different columns", "--format text or json")
    table = Table("hunt", "title", "found")
    for result in sorted(results, key=lambda result: not result.rows):
        found = f"{result.found} {result.hunt.unit}" if result.rows else "nothing"
        table.add_row(*(escape(printable(text, 120)) for text in (result.hunt.id, result.hunt.title, found)))
    console().print(table, soft_wrap=False)


def _print(result: HuntResult) -> None:
    out, hunt = console(), result.hunt
    start, end = (f"{moment:%Y-%m-%d %H:%M}" for moment in result.period)
    out.print(f"{hunt.title}   {start} to {end} UTC", markup=False)
    out.print(f"guess     {hunt.hypothesis}", markup=False)
    out.print(f"data      {hunt.data}", markup=False)
    if result.rows:
        table = Table(*(escape(printable(name, _WIDEST)) for name in result.columns))
        for row in result.rows:
            table.add_row(*(escape(printable(cell(value), _WIDEST)) for value in row))
        out.print(table)
        if hunt.chart is not None:
            label, value = (result.columns.index(name) for name in (hunt.chart.label, hunt.chart.value))
            labels = [printable(cell(row[label]), _WIDEST) for row in result.rows]
            for line in bars(labels, [plain(row[value]) for row in result.rows]):
                out.print(line, markup=False, highlight=False)
    more = "; there are more, --rows shows them" if result.more else ""
    out.print(f"{result.found} {hunt.unit}{more}", markup=False)
    out.print(f"reading   {hunt.read}", markup=False)

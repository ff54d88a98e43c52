"""``bartizan findings``: what detection rules found in the journal."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from bartizan.cli.events_asking import plain
from bartizan.cli.output import Format, FormatOption, WorkspaceOption, console, print_json
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.core.threat import Severity

app = typer.Typer(no_args_is_help=True, add_completion=False, help="What detection rules found.")
_ORDER = [severity.value for severity in Severity]
_SHOWN = 20


@app.command("list")
def list_findings(
    workspace: WorkspaceOption = Path(),
    severity: Annotated[Severity, typer.Option("--severity", help="At least this.")] = Severity.INFO,
    rule: Annotated[str, typer.Option("--rule", help="Of this rule only, by its id.")] = "",
    principal: Annotated[str, typer.Option("--principal", help="About this principal only.")] = "",
    since: Annotated[
        datetime | None, typer.Option("--since", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="From this time, UTC.")
    ] = None,
    rows: Annotated[int, typer.Option("--rows", min=1, max=100_000, help="Most findings shown, the newest.")] = 100,
    output: FormatOption = Format.TEXT,
) -> None:
    """List findings, the newest first. Exit 0: none; 1: some; 2: error, or a part of the lake is damaged."""
    conditions, values = ["list_contains(?, severity)"], [_ORDER[_ORDER.index(severity.value) :]]
    for condition, value in (("rule = ?", rule), ("principal = ?", principal), ("time >= ?", since)):
        if value:
            conditions.append(condition)
            values.append(value)  # type: ignore[arg-type]
    found, damaged, more = _ask(workspace, " AND ".join(conditions), values, rows)
    if output is Format.JSON:
        print_json("findings-list", {"findings": found, "more": more, "damaged": damaged})
    else:
        for one in found:
            about = _text(one["group"]) if one["group"] else f"principal={one['principal']}" if one["principal"] else ""
            words = (one["title"], about, f"events={one['total']}", one["id"][:16])
            print(
                f"{one['time'][:19]}  {one['severity']:<8}", *(printable(word, 120) for word in words if word), sep="  "
            )
        print(f"{len(found)} findings" + ("; --rows shows more" if more else ""))
    raise typer.Exit(2 if damaged else 1 if found else 0)


@app.command("show")
def show(
    finding: Annotated[str, typer.Argument(help="Id of a finding, or its beginning.")],
    workspace: WorkspaceOption = Path(),
    output: FormatOption = Format.TEXT,
) -> None:
    """Show one finding with the events behind it. Exit 2 if there is none, or more than one."""
    found, damaged, _ = _ask(workspace, "starts_with(id, ?)", [finding], 2)
    if len(found) != 1:
        what = "no finding" if not found else "more than one finding"
        raise ConfigurationError(f"{what} begins with {finding[:60]!r}", "see: bartizan findings list")
    (one,) = found
    events = _events(workspace, one["events"] or [])
    if output is Format.JSON:
        print_json("findings-show", {"finding": one, "events": events, "damaged": damaged})
        raise typer.Exit(2 if damaged else 0)
    out = console()
    out.print(f"[bold]{escape(printable(one['title'], 200))}[/bold]  {one['severity']}  {one['time']}")
    for name in ("id", "rule", "threat", "techniques", "principal", "session", "group", "start", "end", "remediation"):
        if one[name]:
            out.print(f"  {name}: {escape(printable(_text(one[name]), 300))}")
    if one["measure"]:
        out.print(f"  {one['measure']}: {one['value']:g}")
    out.print(f"  events: {one['total']}")
    for event in events[:_SHOWN]:
        known = {key: value for key, value in event.items() if key not in _LONG and not isinstance(value, list | dict)}
        out.print(f"    {event['time'][:23]} {event['kind']}: {escape(printable(_text(known), 250))}")
    if one["total"] > min(len(events), _SHOWN):
        out.print(f"    and {one['total'] - min(len(events), _SHOWN)} more; --format json shows the newest hundred")
    raise typer.Exit(2 if damaged else 0)


_LONG = frozenset({"chain", "seq", "hash", "version", "time", "kind"})


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}={item}" for key, item in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _ask(workspace: Path, where: str, values: list[Any], rows: int) -> tuple[list[dict[str, Any]], list[str], bool]:
    from bartizan.app.places import journal_of, lake_of
    from bartizan.telemetry.lake.query import Lake
    from bartizan.workspace.workspace import Workspace

    place = Workspace(workspace)
    question = f"SELECT * FROM findings WHERE {where} ORDER BY time DESC, id"  # noqa: S608 - our own words
    answer = Lake(journal_of(place), lake_of(place)).ask(question, values, rows=rows)
    found = [dict(zip(answer.columns, map(plain, row), strict=True)) for row in answer.rows]
    return found, list(answer.damaged), answer.more


def _events(workspace: Path, ids: list[str]) -> list[dict[str, Any]]:
    from bartizan.app.places import journal_of, lake_of
    from bartizan.telemetry.lake.query import Lake
    from bartizan.workspace.workspace import Workspace

    place = Workspace(workspace)
    question = "SELECT * FROM events WHERE list_contains(?, id) ORDER BY time"
    answer = Lake(journal_of(place), lake_of(place)).ask(question, [ids])
    return [
        {name: value for name, value in zip(answer.columns, map(plain, row), strict=True) if value is not None}
        for row in answer.rows
    ]

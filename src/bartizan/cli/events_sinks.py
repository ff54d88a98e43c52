"""``bartizan events sinks``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer
from rich.markup import escape
from rich.table import Table

from bartizan.cli.output import Format, FormatOption, WorkspaceOption, console, print_json
from bartizan.core.clock import rfc3339
from bartizan.core.problem import printable


def sinks(workspace: WorkspaceOption = Path(), output: FormatOption = Format.TEXT) -> None:
    """Show how far each sink has come; exit 1 if one fails or has records in its dead letter."""
    from bartizan.app.places import journal_of
    from bartizan.app.sinking import folder_of, planned_sinks
    from bartizan.telemetry.sinks.lag import Lag
    from bartizan.telemetry.sinks.shipper import seconds_behind
    from bartizan.telemetry.sinks.state import State, buried, read_state
    from bartizan.workspace.workspace import Workspace

    place = Workspace(workspace)
    rows: list[dict[str, Any]] = []
    for plan in planned_sinks(place):
        folder = folder_of(place, plan.name)
        state = read_state(folder)
        known = state or State()
        lag = Lag(journal_of(place), known.cursor).measure()
        rows.append(
            {
                "name": plan.name,
                "kind": plan.kind,
                "target": plan.target,
                "format": plan.format,
                "started": state is not None,
                "delivered": known.delivered,
                "lag_records": lag,
                "lag_seconds": round(seconds_behind(known, lag), 1),
                "dead_letters": buried(folder),
                "last_delivery": rfc3339(known.last_delivery) if known.last_delivery else None,
                "failing_since": rfc3339(known.failing_since) if known.failing_since else None,
                "error": known.error,
            }
        )
    if output is Format.JSON:
        print_json("events-sinks", {"sinks": rows})
    elif not rows:
        console().print("bartizan.yaml names no sinks")
    else:
        out = console()
        table = Table("sink", "target", "delivered", "lag", "dead", "last error")
        for row in rows:
            error = row["error"] or ("" if row["started"] else "never ran")
            lag_text = f"{row['lag_records']:,} records, {row['lag_seconds']:,.0f} s" if row["lag_records"] else "none"
            table.add_row(
                row["name"],
                escape(printable(f"{row['target']} ({row['format']})", 200)),
                f"{row['delivered']:,}",
                lag_text,
                f"{row['dead_letters']:,}",
                escape(printable(error, 300)),
            )
        out.print(table)
    raise typer.Exit(1 if any(row["error"] or row["dead_letters"] for row in rows) else 0)

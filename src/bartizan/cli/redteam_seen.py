"""``bartizan redteam seen``: which attempts of a campaign the deployment's own guards and rules saw."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.markup import escape
from rich.table import Table

from bartizan.cli.output import Format, FormatOption, WorkspaceOption, console, print_json
from bartizan.core.problem import printable
from bartizan.core.stats import Rate


def seen(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")],
    workspace: WorkspaceOption = Path(),
    output: FormatOption = Format.TEXT,
) -> None:
    """Which attempts guards and rules saw. Exit 0: rules saw each success; 1: not each; 2: not all are known."""
    from bartizan.app.places import journal_of
    from bartizan.redteam.announcing import campaign_id
    from bartizan.redteam.results import Run
    from bartizan.redteam.seeing import sight
    from bartizan.redteam.taxonomy import Outcome
    from bartizan.telemetry.reader import read_journal
    from bartizan.workspace.workspace import Workspace

    read = Run(run)
    found = sight(read, read_journal(journal_of(Workspace(workspace))))
    missed = found.hits_by_rule.successes < found.hits_by_rule.n
    code = 1 if missed else 2 if found.hits_unknown or not found.attempts else 0
    if output is Format.JSON:
        rates = {name: _rate(getattr(found, name)) for name in ("by_guard", "by_rule", "hits_by_rule")}
        document = {
            "campaign": campaign_id(read.plan),
            **rates,
            "rules": found.rules,
            "unknown": found.unknown,
            "hits_unknown": found.hits_unknown,
            "findings": found.findings,
            "attempts": [msgspec.to_builtins(row) for row in found.attempts],
        }
        print_json("redteam-seen", document)
        raise typer.Exit(code)
    out = console()
    out.print(f"attempts that a guard saw            {found.by_guard}")
    out.print(f"attempts that a detection rule saw   {found.by_rule}")
    out.print(f"successes that a detection rule saw  {found.hits_by_rule}")
    if found.rules:
        table = Table("rule", "attempts")
        for rule, n in found.rules.items():
            table.add_row(escape(printable(rule, 90)), str(n))
        out.print(table, soft_wrap=False)
    for row in [row for row in found.attempts if row.outcome is Outcome.HIT and not row.rules][:30]:
        out.print(f"not seen: {row.attempt} {escape(row.case)} ({escape(row.technique)})")
    if found.unknown:
        out.print(
            f"{found.unknown} conclusive attempts, {found.hits_unknown} of them successes, are not in this journal, or "
            "carry no request id: in no figure"
        )
    if not found.findings:
        out.print("no rule raised anything in this journal: do rules run? ('bartizan up', detections.enabled)")
    raise typer.Exit(code)


def _rate(rate: Rate) -> dict[str, object]:
    return {"successes": rate.successes, "n": rate.n, "interval": rate.interval}

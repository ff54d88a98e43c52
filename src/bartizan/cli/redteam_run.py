"""``bartizan redteam plan`` and ``run``."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from bartizan.cli.output import Format, FormatOption, console, print_json
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable

ScopeArgument = Annotated[Path, typer.Argument(metavar="SCOPE", help="The scope file.")]
TargetOption = Annotated[str, typer.Option("--target", help="Which target of the scope file.")]


def plan(
    scope: Annotated[Path | None, typer.Argument(metavar="[SCOPE]", help="The scope file.")] = None,
    target: TargetOption = "",
    system: Annotated[
        Path | None, typer.Option("--system", help="Workspace: draw a scope file from its system.yaml instead.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="With --system: the scope file to write.")] = None,
    by: Annotated[str, typer.Option("--by", help="With --system: who allows the campaign.")] = "",
    until: Annotated[
        datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="With --system: the last day on which.")
    ] = None,
    disguised: Annotated[
        bool, typer.Option("--disguised", help="With --system: each case through every disguise, too.")
    ] = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """What a campaign would run, and what it would leave untested and why; or a scope file drawn from system.yaml.
    Sends nothing."""
    if (scope is None) == (system is None):
        raise ConfigurationError("name a scope file, or a workspace with --system")
    if scope is None:
        from bartizan.cli.redteam_plan import draw_plan

        assert system is not None, "one of the two is named"
        draw_plan(system, out, by, until, disguised, output)
        return
    if out is not None or by or until is not None or disguised:
        raise ConfigurationError("--out, --by, --until and --disguised go with --system")
    from bartizan.app.campaigning import tool_links
    from bartizan.redteam.campaign import Campaign

    campaign = Campaign(scope, target, links=tool_links())
    planned = campaign.planned
    cells = Counter(trial.cell for trial in planned.trials)
    if output is Format.JSON:
        rows = [{"entry_point": cell[0], "technique": cell[1], "trials": n} for cell, n in sorted(cells.items())]
        document = {"target": campaign.spec.id, "trials": len(planned.trials), "cells": rows}
        print_json("redteam-outline", document | {"untested": planned.untested})
        return
    table = Table("entry point", "technique", "trials")
    for cell, n in sorted(cells.items()):
        table.add_row(*map(escape, cell), str(n))
    shown = console()
    shown.print(table, soft_wrap=False)
    shown.print(f"{len(planned.trials)} trials of {len({trial.case.id for trial in planned.trials})} cases")
    for reason, n in Counter(one.reason for one in planned.untested).most_common():
        shown.print(f"not tested: {n} cases: {escape(printable(reason, 200))}")


def run(
    scope: ScopeArgument,
    target: TargetOption = "",
    out: Annotated[Path | None, typer.Option("--out", help="Folder of the run; an existing one is resumed.")] = None,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", help="Record the campaign in this workspace's journal.")
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Run a campaign, or go on with one. Exit 0: within the thresholds; 1: findings; 2: inconclusive or error."""
    from bartizan.app.campaigning import announcer, tool_links
    from bartizan.cli.redteam_results import print_summary
    from bartizan.redteam.campaign import Campaign
    from bartizan.redteam.errors import RunError
    from bartizan.redteam.results import Run
    from bartizan.redteam.runner import Progress as Done

    campaign = Campaign(scope, target, links=tool_links())
    folder = out or Path("redteam-runs") / f"{scope.stem}-{campaign.spec.id}"
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(emoji=False, stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("trials", total=len(campaign.planned.trials))

        def show(done: Done) -> None:
            text = f"{done.hits} hits, {done.inconclusive} inconclusive, {done.requests} requests"
            bar.update(task, completed=done.done, description=text)

        try:
            with announcer(workspace) as told:
                ended = asyncio.run(campaign.run(folder, show, told))
        except KeyboardInterrupt:
            raise RunError("interrupted", "the same command goes on where it was") from None
    raise typer.Exit(print_summary(Run(folder), output, ended))

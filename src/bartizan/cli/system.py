"""``bartizan system``: the description of the AI system."""

from __future__ import annotations

from pathlib import Path

import typer

from bartizan.app.checking import check_system
from bartizan.cli.output import Format, FormatOption, WorkspaceOption
from bartizan.cli.policy import finish
from bartizan.core.system import System

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Check the description of the AI system.")


@app.callback()
def group() -> None:
    """Check the description of the AI system."""


@app.command("check")
def check(workspace: WorkspaceOption = Path(), output: FormatOption = Format.TEXT) -> None:
    """Load system.yaml. Exit 0: sound; 2: each problem as file:line:column."""
    system, checked = check_system(workspace)
    finish(checked, "system-check", output, _summary(system) if system else "")


def _summary(system: System) -> str:
    crossing = sum(1 for flow in system.flows.values() if system.crosses_boundary(flow))
    open_facts = sum(1 for _, fact in system.legal.facts() if fact.value in ("unknown", "", ()))
    return (
        f"{len(system.components)} components in {len(system.zones)} zones, {len(system.flows)} flows "
        f"({crossing} cross a trust boundary), {open_facts} legal facts unknown"
    )

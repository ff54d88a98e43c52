"""``bartizan harden impact``: what a candidate would do to one's own traffic."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.markup import escape

from bartizan.cli.output import Format, FormatOption, WorkspaceOption, console, print_json
from bartizan.core.problem import printable
from bartizan.hardening.impact import Newly, read_traffic


def impact(
    candidate: Annotated[str, typer.Argument(help="Id of a candidate, as propose and list print it.")],
    traffic: Annotated[Path, typer.Argument(help="Your own exchanges, JSON lines: text, surface, answer, label.")],
    workspace: WorkspaceOption = Path(),
    output: FormatOption = Format.TEXT,
) -> None:
    """Say what a candidate would do to traffic of your own. Exit 1: rows labelled harmless suffer too much."""
    from bartizan.app.hardening import impact_of

    found = impact_of(workspace, candidate, read_traffic(traffic))
    if output is Format.JSON:
        print_json("hardening-impact", {"candidate": candidate, **msgspec.to_builtins(found)})
    else:
        _print("nobody looked at", found.unlabelled, "a report only: an attacker may have written them")
        _print("labelled harmless", found.harmless, "the trial allows 0.50%")
        _print("labelled attacks", found.attack, "the more the better")
    raise typer.Exit(1 if found.too_dear else 0)


def _print(name: str, found: Newly, note: str) -> None:
    out, one = console(), found.newly
    if not one.n and not found.before:
        return
    low, high = one.interval
    share = f"{one.successes} of {one.n} ({100 * low:.1f}-{100 * high:.1f}%)" if one.n else "none passes without it"
    out.print(f"{name:<18} newly stopped or changed: {share}; {found.before} were before; {note}")
    for text in found.examples:
        out.print(f"  {escape(printable(text, 150))}", style="dim")

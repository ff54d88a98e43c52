"""``bartizan agents quarantine``: the kill switch for sessions and principals."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from bartizan.cli.output import Format, FormatOption, WorkspaceOption, console, print_json
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable


def quarantine(
    session: Annotated[str, typer.Argument(help="Id of the session; empty with --principal.")] = "",
    principal: Annotated[str, typer.Option("--principal", help="A principal instead; '*' is everybody.")] = "",
    lift: Annotated[bool, typer.Option("--lift", help="Let it go on.")] = False,
    workspace: WorkspaceOption = Path(),
    output: FormatOption = Format.TEXT,
) -> None:
    """Stop a session's tool calls, or all of a principal's requests, on every worker at once."""
    from bartizan.app.quarantining import set_quarantine
    from bartizan.workspace.workspace import Workspace

    if bool(session) == bool(principal):
        raise ConfigurationError("name either a session or a --principal", "see 'bartizan agents quarantine --help'")
    set_quarantine(Workspace(workspace), session=session, principal=principal, on=not lift)
    if output is Format.JSON:
        print_json("quarantine", {"session": session, "principal": principal, "on": not lift})
        return
    what = f"session {session}" if session else f"principal {principal}"
    console().print(f"{escape(printable(what, 600))} {'is released' if lift else 'is in quarantine'}")

"""``bartizan policy``: check what is allowed before it comes into force."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bartizan.app.checking import Checked, check_workspace
from bartizan.cli.known_values import known_values
from bartizan.cli.output import Format, FormatOption, WorkspaceOption, console, describe, print_json, show_problems

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Check what is allowed.")
app.command("known-values")(known_values)


@app.callback()
def group() -> None:
    """Check what is allowed."""


@app.command("check")
def check(
    workspace: WorkspaceOption = Path(),
    secrets: Annotated[bool, typer.Option("--secrets", help="Also resolve every secret that a setting names.")] = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Load everything in the workspace. Exit 0: sound; 2: each problem as file:line:column."""
    finish(check_workspace(workspace, secrets=secrets), "policy-check", output)


def finish(checked: Checked, schema: str, output: Format, ok: str = "") -> None:
    """Show what a check found, and exit 2 when something is wrong."""
    if output is Format.JSON:
        problems = [describe(problem) for problem in checked.problems]
        content = {"ok": not problems, "digest": checked.digest, "files": checked.files, "problems": problems}
        print_json(schema, content)
    elif checked.problems:
        show_problems(checked.problems)
    else:
        digest = f", digest {checked.digest[:16]}" if checked.digest else ""
        console().print(f"[green]OK[/green] {ok or f'{len(checked.files)} files'}{digest}")
    if checked.problems:
        raise typer.Exit(2)


@app.command("sign")
def sign_workspace(
    key: Annotated[Path, typer.Option("--key", help="Your private Ed25519 key, outside of the workspace.")],
    workspace: WorkspaceOption = Path(),
    reason: Annotated[str, typer.Option("--reason", help="Why; stands in snapshot.json.")] = "an edit",
    output: FormatOption = Format.TEXT,
) -> None:
    """Sign the workspace as it is, as the next version. Exit 0: signed; 2: it is not sound, or error."""
    from bartizan.app.hardening import sign_snapshot

    checked = check_workspace(workspace)
    if checked.problems:
        finish(checked, "policy-sign", output)
    version, key_id = sign_snapshot(workspace, key, reason)
    if output is Format.JSON:
        print_json("policy-sign", {"version": version, "key": key_id})
    else:
        console().print(f"signed as version {version}, key {key_id}")

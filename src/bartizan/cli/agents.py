"""``bartizan agents``: what agents may do with tools."""

from __future__ import annotations

import typer

from bartizan.cli.quarantine import quarantine

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Control what agents may do with tools.")
app.command("quarantine")(quarantine)


@app.callback()
def main() -> None:
    """Control what agents may do with tools."""

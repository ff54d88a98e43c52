"""``bartizan redteam``: campaigns against applications and agents."""

from __future__ import annotations

import typer

from bartizan.cli.redteam_converters import list_converters

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Campaigns against applications and agents.")
app.command("converters")(list_converters)


@app.callback()
def redteam() -> None:
    """Campaigns against applications and agents."""

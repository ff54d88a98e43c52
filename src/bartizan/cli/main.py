"""The ``bartizan`` command: gathers the command groups and turns errors into one line and exit code 2."""

from __future__ import annotations

import sys

import typer

from bartizan.core.errors import BartizanError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Secure an AI system over its whole life.")


@app.callback()
def main() -> None:
    """Secure an AI system over its whole life."""


def run() -> None:
    """Entry point. Exit 0: clean; 1: findings; 2: inconclusive, usage or error."""
    try:
        app()
    except BartizanError as error:
        print(f"error: {error.cause}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        sys.exit(2)

"""The ``bartizan`` command: gathers the command groups and turns errors into one line and exit code 2.

A command NAME lives in ``bartizan/cli/NAME.py``: a Typer called ``app``, or a function called NAME. It is imported when
it is asked for, so that ``bartizan init`` does not wait for the gateway's libraries.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from bartizan import __version__
from bartizan.core.errors import BartizanError
from bartizan.core.problem import printable

COMMANDS = (
    "init",
    "up",
    "demo",
    "inspect",
    "scan",
    "artefacts",
    "registry",
    "bom",
    "dataset",
    "policy",
    "profile",
    "rules",
    "findings",
    "harden",
    "hunt",
    "system",
    "keys",
    "approvals",
    "agents",
    "mcp",
    "catalog",
    "model",
    "range",
    "redteam",
    "audit",
    "events",
    "bench",
)
"""In the order of ``bartizan --help``."""


class LazyGroup(TyperGroup):
    """Imports the module of a command when the command is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of the commands whose module is installed."""
        return [name for name in COMMANDS if importlib.util.find_spec(f"bartizan.cli.{name}") is not None]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, or None for a name that is none."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"bartizan.cli.{cmd_name}")
        group = getattr(module, "app", None)
        if group is None:
            group = typer.Typer(add_completion=False)
            group.command(cmd_name)(getattr(module, cmd_name))
        command = get_command(group)
        command.name = cmd_name
        return command


def _version(wanted: bool) -> None:
    if wanted:
        print(f"bartizan {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Secure an AI system over its whole life.",
)


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Secure an AI system over its whole life."""


def run() -> None:
    """Entry point. Exit 0: clean; 1: findings; 2: inconclusive, usage or error."""
    try:
        app()
    except BartizanError as error:
        print(f"error: {printable(error.cause, 1_000)}", file=sys.stderr)
        if error.hint:
            print(f"hint: {printable(error.hint, 1_000)}", file=sys.stderr)
        sys.exit(2)

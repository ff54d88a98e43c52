"""``bartizan init``: a new workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from bartizan.cli.output import Format, FormatOption, console, print_json
from bartizan.workspace.scaffold import write_workspace


def init(
    folder: Annotated[Path, typer.Argument(help="Where to write it; made if need be.")] = Path(),
    output: FormatOption = Format.TEXT,
) -> None:
    """Write a new workspace: a folder of text that belongs in version control. Never overwrites."""
    written = write_workspace(folder)
    if output is Format.JSON:
        print_json("init", {"folder": str(folder), "files": [path.relative_to(folder).as_posix() for path in written]})
        return
    out = console()
    for path in written:
        out.print(f"wrote {escape(str(path))}")
    name = escape(str(folder))
    out.print("\nNext:")
    out.print(f"  1. name your model server in {name}/bartizan.yaml, under upstreams")
    out.print(f"  2. bartizan keys create NAME --write --workspace {name}")
    out.print(f"  3. bartizan policy check --workspace {name}")
    out.print(f"  4. bartizan up --workspace {name}")

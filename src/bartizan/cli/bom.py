"""``bartizan bom``: bills of materials of AI systems."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bartizan import __version__
from bartizan.cli.bom_check import VexOption, check
from bartizan.cli.bom_compare import diff, merge
from bartizan.cli.bom_output import BillFormat, FormatOption, content_of, write
from bartizan.cli.bom_reading import with_vex
from bartizan.cli.output import watched
from bartizan.supplychain.bom.bill import BillError
from bartizan.supplychain.bom.describing import Describer
from bartizan.supplychain.bom.files import Place, describe_all
from bartizan.supplychain.bom.make import Heading, assemble, files_part, moment, with_register, workspace_parts
from bartizan.supplychain.budget import Limits
from bartizan.supplychain.journalling import handled, journal_of
from bartizan.supplychain.scanning import ArtefactScanner
from bartizan.workspace.workspace import Workspace

WorkspaceOption = Annotated[
    Path | None, typer.Option("--workspace", help="Folder whose system.yaml, policy.yaml and so on are taken in.")
]
app = typer.Typer(no_args_is_help=True, add_completion=False, help="Bills of materials of AI systems.")


@app.callback()
def group() -> None:
    """Bills of materials of AI systems."""


@app.command("make")
def make(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, or folders with all in them.")],
    workspace: WorkspaceOption = None,
    vex: VexOption = None,
    name: Annotated[str, typer.Option("--name", help="Of the system; the folder's without one.")] = "",
    version: Annotated[str, typer.Option("--version", help="Of the system.")] = "",
    author: Annotated[str, typer.Option("--author", help="Who answers for the bill.")] = "",
    at: Annotated[str, typer.Option("--at", help="Its time; SOURCE_DATE_EPOCH, or now, without one.")] = "",
    output: Annotated[Path | None, typer.Option("--output", help="File to write; standard output without one.")] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=0, help="Processes; 0: one for each core.")] = 0,
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, help="Time limit for each file.")] = 60.0,
    output_format: FormatOption = BillFormat.CYCLONEDX,
) -> None:
    """Make a bill of materials from files. Exit 0: made; 2: nothing to make it of, or error."""
    heading = Heading(name=name, version=version, author=author, at=moment(at), tool_version=__version__)
    place = Place(paths)
    opened = Workspace(workspace) if workspace is not None else None
    described = watched(describe_all(paths, Describer(ArtefactScanner(Limits(seconds=seconds))), jobs))
    files = files_part(described, place)
    parts = [files] if opened is None else [with_register(files, opened, place), *workspace_parts(opened)]
    bill = assemble(heading, parts, place.name)
    if not bill.components:
        raise BillError("there is nothing to make a bill of", "name files, or a folder that holds some")
    whole = with_vex(bill, vex or ())
    with journal_of(workspace) as append:
        write(whole, output_format, output)
        handled(append, "made", whole.name, content_of(whole, output_format), len(whole.components))


app.command("check")(check)
app.command("diff")(diff)
app.command("merge")(merge)

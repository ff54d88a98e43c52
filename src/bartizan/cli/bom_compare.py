"""``bartizan bom diff`` and ``bartizan bom merge``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from bartizan import __version__
from bartizan.cli.bom_output import BillFormat, content_of, write
from bartizan.cli.bom_output import FormatOption as BillFormatOption
from bartizan.cli.bom_reading import bill_at, read_bill
from bartizan.cli.output import Format, FormatOption, console, print_json
from bartizan.core.problem import printable
from bartizan.supplychain.bom.bill import Bill, Fact
from bartizan.supplychain.bom.diff import Difference, difference
from bartizan.supplychain.bom.make import moment
from bartizan.supplychain.bom.merge import merge as merged
from bartizan.supplychain.journalling import handled, journal_of


def diff(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="CycloneDX or SPDX 3 document, or a folder.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="The same.")],
    output: FormatOption = Format.TEXT,
) -> None:
    """What differs between two bills. Exit 0: nothing; 1: something; 2: error."""
    found = difference(bill_at(before), bill_at(after))
    if output is Format.JSON:
        print_json("bom-diff", {"same": not found, "difference": found})
    else:
        _text(found)
    raise typer.Exit(1 if found else 0)


def merge(
    boms: Annotated[list[Path], typer.Argument(metavar="BOM...", help="CycloneDX or SPDX 3 documents.")],
    name: Annotated[str, typer.Option("--name", help="Of the whole; that of the first without one.")] = "",
    version: Annotated[str, typer.Option("--version", help="Of the whole.")] = "",
    author: Annotated[str, typer.Option("--author", help="Who answers for the result.")] = "",
    at: Annotated[str, typer.Option("--at", help="Its time; SOURCE_DATE_EPOCH, or now, without one.")] = "",
    output: Annotated[Path | None, typer.Option("--output", help="File to write; standard output without one.")] = None,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", help="Folder of the workspace whose journal is told.")
    ] = None,
    output_format: BillFormatOption = BillFormat.CYCLONEDX,
) -> None:
    """Make one bill of several. What a document verified is asserted by that document from then on."""
    bills = [(printable(path.name, 200), read_bill(path)) for path in boms]
    heading = Bill(
        name=name or bills[0][1].name, version=version, author=author, at=moment(at), tool_version=__version__
    )
    whole = merged(bills, heading)
    with journal_of(workspace) as append:
        write(whole, output_format, output)
        handled(append, "merged", whole.name, content_of(whole, output_format), len(whole.components))


def _text(found: Difference) -> None:
    lines = [f"removed {one.kind} {one.ref}{_digest(one.value('sha256'))}" for one in found.removed]
    lines += [f"added {one.kind} {one.ref}{_digest(one.value('sha256'))}" for one in found.added]
    lines += [f"moved {one.before} to {one.after}" for one in found.moved]
    for one in found.changed:
        lines.append(f"{'other bytes' if one.bytes_differ else 'changed'} {one.ref}")
        lines += [f"  - {_shown(fact)}" for fact in one.gone] + [f"  + {_shown(fact)}" for fact in one.come]
    if found.other:
        lines.append(f"also different: {', '.join(found.other)}")
    lines.append(
        f"{len(found.added):,} added, {len(found.removed):,} removed, {len(found.moved):,} moved, "
        f"{len(found.changed):,} changed"
    )
    out = console()
    for line in lines:
        out.print(escape(printable(line, 1_200)))


def _shown(fact: Fact) -> str:
    return f"{fact.name} {fact.value} ({'from bytes' if fact.verified else f'says {fact.by}'})"


def _digest(value: str) -> str:
    return f" {value[:16]}" if value else ""

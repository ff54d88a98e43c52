"""``bartizan catalog``: threats, techniques, controls and frameworks, each with its source."""

from __future__ import annotations

import typer
from rich.table import Table

from bartizan.catalog import Confidence, load_catalog
from bartizan.cli.output import Format, FormatOption, console, print_json

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Look things up in the catalogue.")


@app.command("threats")
def threats(output: FormatOption = Format.TEXT) -> None:
    """The seven threats, and where other frameworks speak of them."""
    entries = load_catalog().threats.values()
    if output is Format.JSON:
        print_json("catalog-threats", {"threats": list(entries)})
        return
    for entry in entries:
        table = Table("reference", "title", "confidence", title=f"{entry.title} ({entry.id})", title_justify="left")
        for row in entry.references:
            table.add_row(str(row.reference), row.title, row.confidence)
        out = console()
        out.print(table)
        out.print(entry.description + "\n", soft_wrap=False)


@app.command("techniques")
def techniques(output: FormatOption = Format.TEXT) -> None:
    """Techniques under the ids that signals use."""
    entries = load_catalog().techniques.values()
    if output is Format.JSON:
        print_json("catalog-techniques", {"techniques": list(entries)})
        return
    table = Table("id", "threat", "what it is", "references")
    for entry in entries:
        table.add_row(
            entry.id, entry.threat, entry.description, "\n".join(str(row.reference) for row in entry.references)
        )
    console().print(table, soft_wrap=False)


@app.command("controls")
def controls(output: FormatOption = Format.TEXT) -> None:
    """Our controls for run time, and what would verify each."""
    entries = load_catalog().controls.values()
    if output is Format.JSON:
        print_json("catalog-controls", {"controls": list(entries)})
        return
    table = Table("id", "title", "threats", "verified by")
    for entry in entries:
        table.add_row(entry.id, entry.title, ", ".join(entry.threats), entry.verification)
    console().print(table, soft_wrap=False)


@app.command("frameworks")
def frameworks(output: FormatOption = Format.TEXT) -> None:
    """The frameworks referred to, with edition, source and how sure we are."""
    entries = load_catalog().frameworks
    if output is Format.JSON:
        print_json("catalog-frameworks", {"frameworks": list(entries.values())})
        return
    table = Table("framework and edition", "rows", "verified", "source", "checked on", "note")
    for name, entry in entries.items():
        verified = sum(1 for row in entry.rows if row.confidence is Confidence.VERIFIED)
        table.add_row(name, str(len(entry.rows)), str(verified), entry.source, str(entry.verified_on), entry.note)
    console().print(table, soft_wrap=False)

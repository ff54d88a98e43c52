"""``bartizan redteam converters``: the converters there are, and what they make of a text."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from bartizan.cli.output import Format, FormatOption, console, print_json
from bartizan.core.errors import ConfigurationError
from bartizan.redteam.converters import Family, converters, parse_chain


def list_converters(
    chain: Annotated[
        str, typer.Option("--chain", help="Show what this chain, such as homoglyphs+base64, makes of --text.")
    ] = "",
    text: Annotated[str, typer.Option("--text", help="The text for --chain.")] = "",
    seed: Annotated[int, typer.Option("--seed", help="What converters that draw depend on.")] = 0,
    family: Annotated[Family | None, typer.Option("--family", help="Only this family.")] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """The converters, one line each; or what a chain of them makes of a text."""
    if bool(chain) != bool(text):
        raise ConfigurationError("--chain and --text belong together")
    if chain:
        done = parse_chain(chain)
        result = done.convert(text, seed)
        if output is Format.JSON:
            print_json("redteam-conversion", {"chain": done.id, "seed": seed, "text": text, "result": result})
        else:
            typer.echo(result)
        return
    shown = [entry for entry in converters().values() if family in {None, entry.family}]
    if output is Format.JSON:
        rows = [
            {"id": entry.id, "family": entry.family, "keeps": entry.keeps, "summary": entry.summary} for entry in shown
        ]
        print_json("redteam-converters", {"converters": rows})
        return
    out = console()
    for entry in shown:
        out.print(f"{entry.id:<22} {entry.family:<10} {escape(entry.summary)}")

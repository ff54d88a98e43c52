"""``bartizan rules convert``: rules in other query languages."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bartizan.cli.output import Format, FormatOption, print_json
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.detections.cases import BUILTIN
from bartizan.detections.convert import Outcome, Target, convert_all, make_target
from bartizan.detections.mapping import read_mapping
from bartizan.detections.sigma.collection import load_collection


class To(StrEnum):
    """Languages."""

    SPLUNK = "splunk"
    ESQL = "esql"
    KUSTO = "kusto"
    OPENSEARCH = "opensearch"
    SQLITE = "sqlite"


def convert(
    to: Annotated[To, typer.Option("--to", help="Query language.")],
    rules: Annotated[
        list[Path] | None, typer.Argument(metavar="[RULE...]", help="Rule files or folders; else the rules shipped.")
    ] = None,
    fields: Annotated[
        list[str] | None, typer.Option("--fields", help="NAME=FIELD pairs, or a file of them; may be repeated.")
    ] = None,
    source: Annotated[str, typer.Option("--source", help="Search terms, index or table to look in.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Write one file a rule into this folder.")] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Write rules in another query language. Exit 0: all; 1: some were refused, with the reason; 2: error, or none."""
    collection = load_collection(rules or [BUILTIN])
    target = make_target(to.value, read_mapping(fields or ()).fields, source)
    outcomes = convert_all(collection, target)
    said = sum(outcome.converted is not None for outcome in outcomes)
    if out is not None:
        _write(out, outcomes, target)
    if output is Format.JSON:
        print_json("rules-convert", {"target": target.id, "rules": [_row(outcome) for outcome in outcomes]})
    else:
        for outcome in outcomes:
            _show(outcome, target, queries=out is None)
        print(f"{said} of {len(outcomes)} rules converted to {target.id}")
    raise typer.Exit(0 if said == len(outcomes) else 1 if said else 2)


def _row(outcome: Outcome) -> dict[str, object]:
    header, converted = outcome.rule.header, outcome.converted
    return {
        "id": header.id,
        "title": header.title,
        "level": header.level,
        "query": converted.text if converted else None,
        "assumes": list(converted.assumptions) if converted else [],
        "refused": outcome.reason,
    }


def _show(outcome: Outcome, target: Target, *, queries: bool) -> None:
    title = printable(outcome.rule.header.title, 120)
    mark = target.comment or "# "
    if outcome.converted is None:
        print(f"{mark}{title}: refused: {printable(outcome.reason, 300)}")
    elif queries:
        print(f"{mark}{title} ({outcome.rule.header.level})")
        for line in outcome.converted.assumptions:
            print(f"{mark}assumes: {printable(line, 300)}")
        print(outcome.converted.text + "\n")


def _write(folder: Path, outcomes: list[Outcome], target: Target) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken: set[str] = set()
        for number, outcome in enumerate(outcomes):
            if outcome.converted is None:
                continue
            header = outcome.rule.header
            name = re.sub(r"[^A-Za-z0-9_-]+", "_", header.name or header.title)[:80] or "rule"
            name = f"{name}_{number}" if name.lower() in taken else name
            taken.add(name.lower())
            notes = [f"{target.comment}assumes: {line}\n" for line in outcome.converted.assumptions]
            text = "".join(notes if target.comment else []) + outcome.converted.text + "\n"
            (folder / f"{name}.{target.suffix}").write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be written: {error.strerror}") from None

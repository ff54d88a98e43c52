"""``bartizan dataset``: what is in training data, and what somebody may have planted there."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from bartizan.cli.output import Format, FormatOption, console, print_json
from bartizan.cli.scan import FailOn
from bartizan.core.artefact import Admission
from bartizan.core.passage import Surface
from bartizan.core.problem import printable
from bartizan.supplychain.datasets.audit import Effort, Reader
from bartizan.supplychain.datasets.describing import Asserted, described
from bartizan.supplychain.datasets.report import Asked, DatasetReport, audit_dataset

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Datasets, before anything is trained on them.")
_STYLES = {Admission.ALLOW: "green", Admission.INCONCLUSIVE: "yellow", Admission.BLOCK: "red"}
_ROWS = 12


@app.callback()
def group() -> None:
    """Datasets, before anything is trained on them."""


@app.command("scan")
def scan(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Files, or folders whose tables are one dataset each.")
    ],
    text: Annotated[list[str] | None, typer.Option("--text", help="Column with text; may be repeated.")] = None,
    label: Annotated[str, typer.Option("--label", help="Column with labels.")] = "",
    split: Annotated[str, typer.Option("--split", help="Column that says train or test.")] = "",
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="Time limit for each dataset.")] = 240.0,
    read: Annotated[
        int, typer.Option("--read", min=0, help="Characters that are read for orders to a model.")
    ] = 3_000_000,
    trained: Annotated[
        bool, typer.Option("--trained", help="The gateway's trained model reads rows too, about 15 a second.")
    ] = False,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Of all choices; a new one without it.")] = None,
    flagged: Annotated[
        Path | None, typer.Option("--flagged", help="Write rule and row of each finding to this file, as JSON lines.")
    ] = None,
    fail_on: Annotated[
        FailOn, typer.Option("--fail-on", help="The mildest verdict that exits with 1; inconclusive is never 0.")
    ] = FailOn.BLOCK,
    output: FormatOption = Format.TEXT,
) -> None:
    """Look for what was planted, repeated, leaked or hidden in rows. Exit 0: allowed; 1: blocked; 2: inconclusive."""
    asked = Asked(text=tuple(text or ()), label=label, split=split)
    effort = Effort(seconds=seconds, read=read)
    waiting = Console(emoji=False, stderr=True)
    with waiting.status("reading") if waiting.is_terminal else waiting.capture():
        reader = _trained() if trained else None
        reports = [audit_dataset(path, asked, effort, seed, reader) for path in paths]
    if flagged is not None:
        _write(flagged, reports)
    if output is Format.JSON:
        print_json("dataset-scan", {"results": reports})
    else:
        for report in reports:
            _print(report)
    raise typer.Exit(_code({report.verdict for report in reports}, fail_on))


@app.command("describe")
def describe_dataset(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A file, or a folder that is one dataset.")],
    name: Annotated[str, typer.Option("--name", help="Of the dataset; the folder's without it.")] = "",
    licence: Annotated[str, typer.Option("--licence", help="SPDX identifier or address.")] = "",
    url: Annotated[str, typer.Option("--url", help="Where it comes from.")] = "",
    creator: Annotated[str, typer.Option("--creator", help="Who made it.")] = "",
    description: Annotated[str, typer.Option("--description", help="What it is.")] = "",
    version: Annotated[str, typer.Option("--version", help="Of the dataset.")] = "",
) -> None:
    """Write Croissant 1.0 metadata: digests, sizes and fields from the bytes, the rest as you say."""
    said = Asserted(
        name=name or path.resolve().stem, licence=licence, url=url, creator=creator, description=description,
        version=version,
    )  # fmt: skip
    document = described(path, said)
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _trained() -> Reader:
    """Reads a text as the gateway reads material, by default policy."""
    from bartizan.api import Guard

    guard = Guard.default()

    def orders(text: str) -> bool:
        return guard.flagged(guard.inspect(text, Surface.CONTENT).signals, Surface.CONTENT)["prompt_injection"]

    return orders


def _code(verdicts: set[Admission], fail_on: FailOn) -> int:
    if Admission.BLOCK in verdicts or (fail_on is FailOn.INCONCLUSIVE and Admission.INCONCLUSIVE in verdicts):
        return 1
    return 2 if Admission.INCONCLUSIVE in verdicts else 0


def _write(place: Path, reports: list[DatasetReport]) -> None:
    with place.open("w", encoding="utf-8") as out:
        for report in reports:
            for finding in report.findings:
                for row in finding.rows:
                    out.write(json.dumps({"path": report.path, "rule": finding.rule, "row": row}) + "\n")


def _print(report: DatasetReport) -> None:
    out, columns = console(), report.columns
    style = _STYLES[report.verdict]
    out.print(f"[{style}]{report.verdict}[/{style}] {escape(printable(report.path, 1_000))}")
    used = f"text {', '.join(columns.text)}" if columns.text else "no text"
    used += f", label {columns.label}" if columns.label else ", no label"
    used += f", split {columns.split}" if columns.split else ""
    out.print(escape(f"  {report.rows:,} rows, files: {len(report.files)}; {printable(used, 200)}"), style="dim")
    if report.labels:
        shown = ", ".join(f"{printable(name, 30)} {count:,}" for name, count in list(report.labels.items())[:8])
        out.print(escape(f"  labels: {shown}"), style="dim")
    if report.untested:
        out.print(escape(f"  not tested for triggers: {report.untested}"), style="dim")
    else:
        told = f"{report.tested:,} features tested; other words tell the label of {report.accuracy:.0%} of the rows"
        out.print(escape(f"  {told}"), style="dim")
    for finding in report.findings:
        seen = f" [{finding.evidence}]" if finding.evidence else ""
        out.print(escape(f"  {finding.severity} {finding.rule}{seen}"))
        out.print(escape(f"    {finding.explanation}"), style="dim")
        if finding.rows:
            more = f" and {finding.count - _ROWS:,} more" if finding.count > _ROWS else ""
            out.print(escape(printable(f"    rows {', '.join(finding.rows[:_ROWS])}{more}", 400)), style="dim")

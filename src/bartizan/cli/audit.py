"""``bartizan audit``: how a model withstands evasion, poisoning, leakage and extraction."""

from __future__ import annotations

import math
import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
import typer
from rich.console import Console
from rich.markup import escape

from bartizan.cli.audit_canaries import canaries
from bartizan.cli.audit_compare import compare
from bartizan.cli.audit_gallery import gallery
from bartizan.cli.audit_output import print_result
from bartizan.cli.audit_texts import texts
from bartizan.cli.output import FontOption, Format, FormatOption, console, print_json
from bartizan.cli.report_files import check_report, write_report
from bartizan.core.clock import utc_now
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.core.threat import Threat
from bartizan.reporting.audit import ModelAudit, Outcome
from bartizan.reporting.audit_paper import paper
from bartizan.reporting.audit_report import figure, render
from bartizan.reporting.oscal import oscal
from bartizan.reporting.sarif import finding_sarif
from bartizan.robustness.assessed import assessed
from bartizan.robustness.auditor import Auditor
from bartizan.robustness.data import load
from bartizan.robustness.engines import Engine, engaged
from bartizan.robustness.errors import AuditError
from bartizan.robustness.findings import evidence, findings
from bartizan.robustness.gallery.recipes import recipe
from bartizan.robustness.interface import Access, AuditData, Effort, ModelUnderTest, Trainer
from bartizan.robustness.loading import Bounds, load_model, load_trainer
from bartizan.robustness.runner import known
from bartizan.supplychain.scanning import ArtefactScanner

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Attack a model, and measure what it withstands.")
app.command("canaries")(canaries)
app.command("compare")(compare)
app.command("gallery")(gallery)
app.command("texts")(texts)


class ReportFormat(StrEnum):
    """How the result is shown."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    OSCAL = "oscal"


@app.callback()
def group() -> None:
    """Attack a model, and measure what it withstands."""


@app.command("list")
def list_audits(output: FormatOption = Format.TEXT) -> None:
    """Every audit, with its threat and the access that it needs."""
    rows = [{"id": one.id, "title": one.title, "threat": one.threat, "needs": one.needs} for one in known().values()]
    if output is Format.JSON:
        print_json("audit-list", {"audits": rows})
        return
    for row in rows:
        console().print(f"{row['id']:<24} {row['threat']:<18} {row['needs']:<10} {row['title']}", markup=False)


@app.command("run")
def run(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="A file (.onnx, .npz of the gallery, .json/.ubj of XGBoost, .txt of LightGBM), an address "
            "http(s)://host/v2/models/NAME, python:module:function, or gallery:NAME.",
        ),
    ],
    data: Annotated[
        str, typer.Option("--data", help="A .npz, a .csv or a folder of IDX files; not needed for gallery:NAME.")
    ] = "",
    threat: Annotated[list[Threat] | None, typer.Option("--threat", help="Audits of this threat; repeatable.")] = None,
    audit: Annotated[list[str] | None, typer.Option("--audit", help="This audit, by id; repeatable.")] = None,
    access: Annotated[Access | None, typer.Option("--access", help="The most that attacks may ask.")] = None,
    trainer: Annotated[
        str, typer.Option("--trainer", help="How to train models like it: python:module:function or gallery:NAME.")
    ] = "",
    budget: Annotated[int | None, typer.Option("--budget", min=1, help="Rows that one audit may ask in all.")] = None,
    samples: Annotated[int, typer.Option("--samples", min=1, help="Rows that are attacked.")] = 500,
    queries: Annotated[int, typer.Option("--queries", min=1, help="Queries for one row, without gradients.")] = 2_000,
    steps: Annotated[int, typer.Option("--steps", min=1, help="Steps of attacks with gradients.")] = 50,
    shadows: Annotated[int, typer.Option("--shadows", min=1, help="Shadow models.")] = 16,
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="Time limit for each audit.")] = 60.0,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes that audit, or train, side by side.")] = 2,
    engine: Annotated[Engine, typer.Option("--engine", help="Where models are trained.")] = Engine.LOCAL,
    label: Annotated[str, typer.Option("--label", help="Column of labels in a .csv.")] = "label",
    bounds: Annotated[
        str, typer.Option("--bounds", help="Smallest and largest legal value, as 0,1; from the data without it.")
    ] = "",
    header: Annotated[
        list[str] | None, typer.Option("--header", help="For an address, as 'Name: value'; repeatable.")
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option("--option", help="Setting of an audit, as name=value; repeatable.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of everything that chance decides.")] = 0,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", help="Record findings and evidence in this workspace.")
    ] = None,
    report: Annotated[Path | None, typer.Option("--report", help="Write a report to this file: .pdf or HTML.")] = None,
    fonts: FontOption = None,
    save: Annotated[Path | None, typer.Option("--save", help="Write the JSON result to this file too.")] = None,
    output: Annotated[ReportFormat, typer.Option("--format", help="How the result is shown.")] = ReportFormat.TEXT,
) -> None:
    """Attack a model and say what it withstands. Exit 0: it withstood; 1: weak; 2: inconclusive, or error."""
    if report is not None:
        check_report(report)
    rows, named = _rows(model, data, label)
    loaded = load_model(model, rows, ArtefactScanner(), _bounds(bounds), _headers(header or []), min(seconds, 30))
    kind = load_trainer(trainer) if trainer else loaded.trainer
    effort = Effort(samples, queries, steps, shadows, seconds, workers)
    auditor = Auditor(
        threat or (), audit or (), access, budget if budget is not None else math.inf, effort, seed,
        _options(option or []),
    )  # fmt: skip
    with engaged(engine):
        found = _watched(auditor, loaded.model, rows, kind, named)
    if report is not None:
        write_report(report, lambda: render(found), lambda: paper(found), fonts or ())
    if save is not None:
        _write(save, _json(found).decode() + "\n")
    if workspace is not None:
        from bartizan.app.auditing import record

        kept = record(workspace, found)
        Console(emoji=False, stderr=True).print(
            f"evidence  {kept or 'none: no audit could tell anything'}", markup=False
        )
    if output is ReportFormat.SARIF:
        sys.stdout.buffer.write(finding_sarif(findings(found), model))
    elif output is ReportFormat.OSCAL:
        sys.stdout.buffer.write(oscal(assessed(found)))
    elif output is ReportFormat.JSON:
        sys.stdout.write(_json(found).decode() + "\n")
    else:
        _print(found)
    outcomes = {one.outcome for one in found.results}
    raise typer.Exit(1 if Outcome.WEAK in outcomes else 2 if Outcome.INCONCLUSIVE in outcomes else 0)


def _rows(model: str, data: str, label: str) -> tuple[AuditData, str]:
    kind, _, name = model.partition(":")
    if data:
        kind, _, name = data.partition(":")
        if kind == "gallery":
            return recipe(name).rows(), data
        return load(Path(data), label), Path(data).name
    if kind == "gallery":
        one = recipe(name)
        return one.rows(), one.data
    raise ConfigurationError(
        "there is no data to audit with", "give --data with rows that the model was not trained on"
    )


def _bounds(text: str) -> Bounds | None:
    if not text:
        return None
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        low, high = math.nan, math.nan
    if not low < high:
        raise ConfigurationError(f"--bounds {printable(text, 60)} is not a smaller and a larger number", "as in 0,1")
    return np.asarray(low), np.asarray(high)


def _headers(lines: list[str]) -> dict[str, str]:
    found = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or any(c in line for c in "\r\n"):
            raise ConfigurationError("--header is not 'Name: value'")
        found[name.strip()] = value.strip()
    return found


def _options(pairs: list[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise ConfigurationError(f"--option {printable(pair, 60)} is not name=value")
        found[name] = value
    return found


def _watched(
    auditor: Auditor, model: ModelUnderTest, rows: AuditData, trainer: Trainer | None, named: str
) -> ModelAudit:
    replay = shlex.join(["bartizan", *_shown(sys.argv[1:])])
    screen = Console(emoji=False, stderr=True)
    if not screen.is_terminal:
        return auditor.audit(model, rows, trainer, named=named, replay=replay)
    with screen.status("attacking") as status:
        return auditor.audit(model, rows, trainer, named=named, replay=replay, progress=status.update)


def _shown(words: list[str]) -> list[str]:
    """The command without secrets of headers."""
    shown = list(words)
    for at, word in enumerate(words[1:], start=1):
        if words[at - 1] == "--header" or word.startswith("--header="):
            shown[at] = f"{word.partition(':')[0]}: …"
    return shown


def _json(found: ModelAudit) -> bytes:
    document = {
        "schema": "bartizan/audit/v1",
        "audit": msgspec.to_builtins(found),
        "findings": msgspec.to_builtins(findings(found)),
        "evidence": msgspec.to_builtins(evidence(found, utc_now())),
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2)


def _write(path: Path, content: str) -> None:
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise AuditError(f"{path} cannot be written: {error.strerror}") from None


def _print(found: ModelAudit) -> None:
    out = console()
    right = figure(found.accuracy) if found.accuracy else "unknown"
    out.print(f"{escape(printable(found.model, 200))}: right on {right} of untouched rows")
    for one in found.results:
        print_result(one, out)
    for name, why in found.skipped.items():
        out.print(escape(f"  not run: {name}: {why}"), style="dim")
    out.print("Each figure for what it withstood is an upper bound: other attacks may reach more.", style="dim")

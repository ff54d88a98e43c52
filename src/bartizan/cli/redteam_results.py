"""``bartizan redteam findings``, ``replay``, ``report`` and ``compare``: what runs have shown."""

from __future__ import annotations

import asyncio
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.markup import escape
from rich.table import Table

from bartizan.cli.output import FontOption, Format, FormatOption, console, print_json
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.redteam.compare import compare
from bartizan.redteam.findings import RedTeamFinding, export, find, findings_of, request_of
from bartizan.redteam.results import Run
from bartizan.redteam.statistics import Cell, table
from bartizan.redteam.taxonomy import Outcome
from bartizan.redteam.verdicts import exit_code

RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")]
_SHOWN = 300


class ReportFormat(StrEnum):
    """How a run is shown."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"
    PDF = "pdf"
    SARIF = "sarif"
    JUNIT = "junit"
    JSONL = "jsonl"
    OSCAL = "oscal"


def print_summary(run: Run, output: Format, ended: str = "") -> int:
    """The figures of a run on standard output; returns the exit code."""
    findings = findings_of(run)
    code, why = exit_code(run, findings, run.plan.thresholds)
    (total,) = table(run, ()).cells
    if output is Format.JSON:
        print_json("redteam-summary", _summary(run, findings, total) | {"ended_early": ended, "verdict": why})
        return code
    out = console()
    shown = Table("entry point", "hit@1", "hit@k", "95% interval", "inconclusive")
    by_entry_point = table(run, ("entry_point",))
    for cell in by_entry_point.cells:
        low, high = cell.any.interval
        interval = f"{low:.1%} to {high:.1%}" if cell.any.n else "not measured"
        first, hits = (f"{rate.successes}/{rate.n}" for rate in (cell.first, cell.any))
        shown.add_row(*map(escape, cell.name), first, hits, interval, str(cell.inconclusive))
    out.print(shown, soft_wrap=False)
    out.print(f"attack success: hit@1 {total.first}, hit@k {total.any}")
    if total.clustered is not None:
        out.print(f"resampled by case ({total.cases} cases): {total.clustered[0]:.1%} to {total.clustered[1]:.1%}")
    if by_entry_point.note:
        out.print(by_entry_point.note, style="dim")
    out.print(
        f"{len(findings)} findings, {total.inconclusive} inconclusive trials, {len(run.plan.untested)} cases not tested"
    )
    for notice in run.notes[-3:]:
        out.print(f"note: {escape(printable(notice.text, 300))}")
    out.print(f"{escape(str(run.folder))}: {why}")
    return code


def list_findings(run: RunArgument, output: FormatOption = Format.TEXT) -> None:
    """A run's findings, the worst first; as JSON with all texts in clear. Exit 0: none; 1: some; 2: inconclusive."""
    read = Run(run)
    findings = findings_of(read)
    if output is Format.JSON:
        print_json("redteam-findings", export(read))
    else:
        out = console()
        for one in findings:
            way = " ".join(filter(None, (one.strategy, "+".join(one.converters))))
            aim = f"{one.entry_point} > {one.objective}"
            row = f"{one.id} {one.severity:<8} {one.hits}/{one.trials} {one.case} ({aim}; {way}): {one.evidence.reason}"
            out.print(escape(printable(row, 300)))
    raise typer.Exit(1 if findings else exit_code(read, findings, read.plan.thresholds)[0])


def replay_finding(
    finding: Annotated[str, typer.Argument(metavar="FINDING", help="Of a finding, a case or an attempt.")],
    run: Annotated[Path, typer.Option("--run", help="Folder of the run that found it.")],
    scope: Annotated[
        Path | None, typer.Option("--scope", help="Scope file, if it is not where the run had it.")
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Send an attempt again, as it was sent, and judge it anew. Exit 0: no longer a hit; 1: a hit; 2: inconclusive."""
    from bartizan.app.campaigning import tool_links
    from bartizan.redteam.campaign import Campaign
    from bartizan.redteam.replaying import replay

    read = Run(run)
    attempt, case = find(read, finding)
    campaign = Campaign(scope or Path(read.plan.scope), read.plan.target, links=tool_links())
    judgement, turns = asyncio.run(replay(campaign, attempt, case))
    if output is Format.JSON:
        print_json("redteam-replay", {"attempt": attempt.id, "judgement": judgement, "turns": turns})
    else:
        out = console()
        for message in request_of(msgspec.structs.replace(attempt, turns=turns), case):
            out.print(f"[bold]{escape(message.role)}[/bold] {escape(printable(message.text, _SHOWN))}")
        for turn in turns:
            reply = turn.reply
            answer = reply.text or reply.remains or reply.error or str([call.name for call in reply.tool_calls])
            out.print(f"[bold]reply[/bold] {escape(printable(answer, _SHOWN))}")
        out.print(f"{judgement.outcome}: {escape(printable(judgement.reason, _SHOWN))}")
    raise typer.Exit({Outcome.MISS: 0, Outcome.HIT: 1, Outcome.INCONCLUSIVE: 2}[judgement.outcome])


def report(
    run: RunArgument,
    output: Annotated[ReportFormat, typer.Option("--format", help="How the run is shown.")] = ReportFormat.TEXT,
    out: Annotated[Path | None, typer.Option("--out", help="File to write, in place of standard output.")] = None,
    fonts: FontOption = None,
) -> None:
    """Show a run: figures, or a report. Exit as the run's thresholds say: 0, 1 or 2."""
    from bartizan.redteam.reports import render

    read = Run(run)
    if output in {ReportFormat.TEXT, ReportFormat.JSON}:
        if out is not None:
            raise ConfigurationError("--out goes with formats that are written to files, such as html")
        raise typer.Exit(print_summary(read, Format(output)))
    content = render(read, output.value, fonts or ())
    if out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        try:
            out.write_bytes(content)
        except OSError as error:
            raise ConfigurationError(f"{out} cannot be written: {error.strerror}") from None
    raise typer.Exit(exit_code(read, findings_of(read), read.plan.thresholds)[0])


def compare_runs(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="Folder of a run.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="Folder of a later run of the same plan.")],
    then: Annotated[
        list[Path] | None, typer.Option("--then", help="A further run of it, for a trend; repeatable.")
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Two runs of one plan, trial by trial. Exit 0: no new success; 1: some; 2: too little to compare, error."""
    if then:
        from bartizan.cli.redteam_trend import print_trend

        raise typer.Exit(print_trend([Run(one) for one in (before, after, *then)], output))
    later = Run(after)
    found = compare(Run(before), later)
    code, why = found.exit_code(later.plan.thresholds.inconclusive)
    if output is Format.JSON:
        print_json(
            "redteam-comparison", {name: getattr(found, name) for name in found.__struct_fields__} | {"verdict": why}
        )
    else:
        out = console()
        out.print(f"before {found.before}")
        out.print(f"after  {found.after}")
        low, high = found.difference
        p = f"mid-p {found.test.mid_p:.4f}, by {found.cases} cases"
        out.print(f"change of the rate: {low:+.1%} to {high:+.1%} (95% CI); {p}")
        out.print(f"no longer a hit: {len(found.only_before)}; newly a hit: {len(found.only_after)}")
        for case in sorted(set(found.only_after))[:50]:
            out.print(f"new: {escape(case)}")
        if found.unpaired:
            out.print(f"{found.unpaired} trials are not paired", style="dim")
        out.print(why)
    raise typer.Exit(code)


def _summary(run: Run, findings: list[RedTeamFinding], total: Cell) -> dict[str, Any]:
    axes = (("entry_point", "technique"), ("objective",), ("converters",), ("strategy",), ("language",))
    return {
        "campaign": run.plan.name,
        "target": run.plan.target,
        "run": str(run.folder),
        "total": _cell(total, ()),
        "tables": [
            {"axes": shown.axes, "cells": [_cell(cell, shown.axes) for cell in shown.cells], "note": shown.note}
            for shown in (table(run, names) for names in axes)
        ],
        "findings": [{"id": one.id, "case": one.case, "severity": one.severity} for one in findings],
        "missing": run.missing,
        "not_needed": len(run.not_needed),
        "untested": run.plan.untested,
        "notes": [note.text for note in run.notes],
    }


def _cell(cell: Cell, axes: tuple[str, ...]) -> dict[str, Any]:
    out: dict[str, Any] = dict(zip(axes, cell.name, strict=True))
    for name, rate in (("hit_at_1", cell.first), ("hit_at_k", cell.any)):
        out[name] = {"hits": rate.successes, "n": rate.n, "interval": rate.interval}
    return out | {"clustered_interval": cell.clustered, "cases": cell.cases, "inconclusive": cell.inconclusive}

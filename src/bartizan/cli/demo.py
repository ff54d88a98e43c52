"""``bartizan demo``: the main job in one command."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from bartizan.app.last_act import harden_leftovers
from bartizan.cli.model import MODELS
from bartizan.cli.output import FontOption, Format, FormatOption, WorkspaceOption, console, print_json
from bartizan.cli.report_files import check_report, write_report
from bartizan.core.stats import Rate
from bartizan.range.demo import run_demo
from bartizan.range.gateway_process import gateway
from bartizan.range.model_store import ModelStore
from bartizan.reporting.assessment import Assessment, Quantile
from bartizan.reporting.assessment_paper import paper
from bartizan.reporting.last_act import described
from bartizan.reporting.report import render


def demo(
    seed: Annotated[int, typer.Option("--seed", help="Chooses the planted secret and the customers.")] = 1,
    report: Annotated[Path, typer.Option("--output", help="Where the report is written: .pdf or .html.")] = Path(
        "report.html"
    ),
    fonts: FontOption = None,
    workspace: WorkspaceOption = Path(),
    output: FormatOption = Format.TEXT,
) -> None:
    """Attack a real model without and with the gateway, and write a report. Takes some minutes."""
    check_report(report)
    with _Screen() as screen:
        assessment = asyncio.run(
            run_demo(ModelStore(workspace / MODELS), gateway, screen, seed=seed, harden=harden_leftovers)
        )
    write_report(report, lambda: render(assessment), lambda: paper(assessment), fonts or ())
    if output is Format.JSON:
        print_json("demo", _document(assessment, report))
    else:
        _print(assessment, report)


class _Screen:
    """Progress on standard error: a bar on a terminal, one line per stage elsewhere."""

    def __init__(self) -> None:
        self._console = Console(emoji=False, stderr=True, highlight=False)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> _Screen:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._finish()
        self._progress.stop()

    def stage(self, text: str) -> None:
        """A new stage begins."""
        self._finish()
        if self._console.is_terminal:
            self._task = self._progress.add_task(text, total=None)
        else:
            self._console.print(text)

    def steps(self, total: int) -> Callable[[], None]:
        """The stage has ``total`` steps."""
        task = self._task
        if task is None:
            return lambda: None
        self._progress.update(task, total=total)
        return lambda: self._progress.advance(task)

    def _finish(self) -> None:
        if self._task is not None:
            done = next(task for task in self._progress.tasks if task.id == self._task)
            self._progress.update(self._task, total=done.total or 1, completed=done.total or 1)
            self._task = None


def _print(assessment: Assessment, report: Path) -> None:
    table = Table("", "result", "n", "95% interval", title_justify="left")
    table.add_row("attacks that succeed without the gateway", *_rate(assessment.before))
    table.add_row("attacks that succeed through the gateway", *_rate(assessment.after))
    act = assessment.last_act
    if act and act.attacks:
        table.add_row("attacks that succeed once hardened", *_rate(assessment.hardened))
    table.add_row("legitimate requests kept", *_rate(assessment.kept))
    if act and act.benign:
        table.add_row("legitimate requests kept once hardened", *_rate(assessment.kept_hardened))
    latency = assessment.latency
    table.add_row("added latency, p50", *_milliseconds(latency.p50, latency.n))
    table.add_row("added latency, p95", *_milliseconds(latency.p95, latency.n))
    out = console()
    out.print(table, soft_wrap=False)
    if assessment.inconclusive:
        out.print(f"{assessment.inconclusive} exchanges were inconclusive and are not counted.")
    through = assessment.got_through
    if through:
        out.print(f"Still got through: {escape(', '.join(case.id for case in through))}")
    for remedy in act.remedies if act else ():
        out.print(f"  {escape(remedy.case)}: {escape(described(remedy))}")
    out.print(f"Report: {escape(str(report))} ({assessment.seconds:.0f} seconds)")
    out.print(
        "\nNext, put the gateway in front of your own application:\n"
        "  bartizan init my-workspace         # then name your model server in my-workspace/bartizan.yaml\n"
        "  bartizan keys create my-app --workspace my-workspace --write\n"
        "  bartizan up --workspace my-workspace\n"
        "and give your client the base URL http://127.0.0.1:8400/v1 and the new key.",
        markup=False,
    )


def _rate(rate: Rate) -> tuple[str, str, str]:
    low, high = rate.interval
    share = f"{rate.successes} of {rate.n}" + (f" = {rate.value:.0%}" if rate.successes else "")
    return share, str(rate.n), f"{low:.1%} to {high:.1%}"


def _milliseconds(quantile: Quantile, n: int) -> tuple[str, str, str]:
    return f"{quantile.value:+.1f} ms", str(n), f"{quantile.low:+.1f} to {quantile.high:+.1f} ms"


def _document(assessment: Assessment, report: Path) -> dict[str, object]:
    def rate(value: Rate) -> dict[str, object]:
        return {"successes": value.successes, "n": value.n, "interval": value.interval}

    figures = {
        "attack_success_before": rate(assessment.before),
        "attack_success_after": rate(assessment.after),
        "attack_success_hardened": rate(assessment.hardened),
        "benign_kept": rate(assessment.kept),
        "benign_kept_hardened": rate(assessment.kept_hardened),
        "added_latency_ms": assessment.latency,
        "inconclusive": assessment.inconclusive,
    }
    content = msgspec.to_builtins(assessment)
    del content["schema"]
    return {"report": str(report), "figures": figures, **content}

"""``bartizan bench``: measured figures with their targets; exit 1 when a target is missed."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer
from rich.console import Console

from bartizan.bench import detection, gateway, labelled, redteam, scorers, stages
from bartizan.bench.agents import dojo, figures
from bartizan.bench.robustness import run as robustness
from bartizan.bench.robustness.run import Part
from bartizan.bench.supplychain import comparison, scanners, speed
from bartizan.bench.table import Row, as_json, as_markdown, show
from bartizan.core.passage import Surface

T = TypeVar("T")
_EVERY = 10.0
"""Seconds between two lines about progress where nobody watches."""
app = typer.Typer(no_args_is_help=True, add_completion=False, help="Measure Bartizan beside its peers, in one run.")


class Format(StrEnum):
    """How the figures are shown."""

    TEXT = "text"
    JSON = "json"


class AgentSuite(StrEnum):
    """A suite of AgentDojo."""

    WORKSPACE = "workspace"
    BANKING = "banking"
    TRAVEL = "travel"
    SLACK = "slack"


class ComparisonFormat(StrEnum):
    """How a comparison is shown."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


@app.callback()
def bench() -> None:
    """Measure Bartizan beside its peers, in one run."""


@app.command("gateway")
def bench_gateway(
    rounds: Annotated[int, typer.Option(min=1, help="Rounds; ratios are taken within a round.")] = 5,
    requests: Annotated[int, typer.Option(min=50, help="JSON requests per server and round.")] = 2000,
    streams: Annotated[int, typer.Option(min=10, help="Streams per server and round.")] = 200,
    soak: Annotated[bool, typer.Option(help="Also 100,000 requests and 10,000 aborted streams for memory.")] = False,
    output_format: Annotated[Format, typer.Option("--format", help="How the figures are shown.")] = Format.TEXT,
) -> None:
    """CPU, throughput, latency and memory of the gateway beside the bare stack and LiteLLM (if installed)."""
    sizes = gateway.Sizes(rounds, requests, streams)
    if soak:
        sizes = sizes._replace(soak_requests=100_000, soak_aborts=10_000)
    rows, notes = _watched(lambda progress: gateway.run(sizes, progress))
    _finish("gateway", rows, notes, output_format)


@app.command("detection")
def bench_detection(
    files: Annotated[list[Path], typer.Argument(help="JSONL files of labelled texts, or folders of them.")],
    surface: Annotated[Surface | None, typer.Option(help="Of every row; otherwise its kind decides.")] = None,
    most: Annotated[int | None, typer.Option(min=1, help="Rows a file, spread evenly; all without it.")] = None,
    disguises: Annotated[int, typer.Option(min=0, help="Attacks of each detector tried in every disguise.")] = 50,
    planted: Annotated[int, typer.Option(min=0, help="Attacks planted in long documents, near start and end.")] = 50,
    times: Annotated[bool, typer.Option(help="Also CPU by stage at 50, 300 and 1,500 tokens.")] = False,
    output_format: Annotated[
        ComparisonFormat, typer.Option("--format", help="How the figures are shown.")
    ] = ComparisonFormat.TEXT,
) -> None:
    """Recall, false positives, disguises and time of our detectors and of every peer installed, on labelled texts."""
    texts, unlabelled = labelled.read(files, surface, most)
    found = list(scorers.scorers())
    peers = ", ".join(one.name for one in found if not one.ours) or "none installed"
    notes = [f"{len(texts)} labelled rows; {unlabelled} rows without a label left out", f"peers: {peers}"]
    rows = _watched(lambda progress: detection.run(found, texts, disguises, progress, planted))
    if times:
        rows += _watched(lambda progress: stages.measure(texts, progress))
    _finish("detection", rows, notes, output_format)


@app.command("agents")
def bench_agents(
    suite: Annotated[list[AgentSuite] | None, typer.Option(help="AgentDojo suite; repeatable; all without it.")] = None,
    pack: Annotated[str, typer.Option(help="Policy pack of the guard.")] = "balanced",
    runs: Annotated[Path | None, typer.Option(help="Recorded runs, JSONL, gzipped or not; needs --tools.")] = None,
    tools: Annotated[
        Path | None, typer.Option(help="Tool definitions of the recorded runs, as MCP lists them.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the adaptive attacker.")] = 0,
    output_format: Annotated[
        ComparisonFormat, typer.Option("--format", help="How the figures are shown.")
    ] = ComparisonFormat.TEXT,
) -> None:
    """Utility and attack success of the agent guard beside simple guards; an adaptive attacker; time and memory."""
    if (runs is None) is not (tools is None):
        raise typer.BadParameter("--runs and --tools go together")
    chosen = tuple(one.value for one in suite) if suite else dojo.SUITES
    wanted = figures.Wanted(chosen, pack, runs, tools, seed)
    rows, notes = _watched(lambda progress: figures.run(wanted, progress))
    _finish("agents", rows, notes, output_format)


@app.command("supplychain")
def bench_supplychain(
    python: Annotated[
        list[Path] | None,
        typer.Option("--python", help="Pythons that have the loaders; the first one fires the malicious files."),
    ] = None,
    peers: Annotated[list[Path] | None, typer.Option("--peers", help="Folders with programs of peers.")] = None,
    benign: Annotated[int, typer.Option("--benign", min=1, help="Ordinary files that each peer gets.")] = 48,
    seed: Annotated[int, typer.Option("--seed", help="Draws the ordinary files for peers.")] = 0,
    files: Annotated[int, typer.Option("--files", min=1, help="Files in the largest folder, with --speed.")] = 100_000,
    only_speed: Annotated[bool, typer.Option("--speed", help="Time and memory instead of the scorecard.")] = False,
    output_format: Annotated[
        ComparisonFormat, typer.Option("--format", help="How the figures are shown.")
    ] = ComparisonFormat.TEXT,
) -> None:
    """Our scanner and every peer found, on malicious files that fire, on cases of form, and on ordinary models."""
    if only_speed:
        timed = _watched(lambda progress: speed.run(progress, files))
        _finish("supplychain", timed, speed.described(timed), output_format)
    found = scanners.contestants(peers or [])
    pythons = [str(one) for one in python or [Path(sys.executable)]]
    rows, notes = _watched(lambda progress: comparison.run(found, pythons, benign, progress, seed))
    _finish("supplychain", rows, notes, output_format)


@app.command("datasets")
def bench_datasets(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILES]...", help="Clean data: JSON lines with text and label.")
    ] = None,
    rows: Annotated[int, typer.Option("--rows", min=200, help="Tickets, and rows of each file at most.")] = 5_000,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Runs of each kind of poisoning.")] = 3,
    rate: Annotated[
        list[float] | None, typer.Option("--rate", help="Share of planted rows; repeat for several.")
    ] = None,
    output_format: Annotated[
        ComparisonFormat, typer.Option("--format", help="How the figures are shown.")
    ] = ComparisonFormat.TEXT,
) -> None:
    """Planted rows found, flagged rows that were planted, and what is flagged in clean data."""
    from bartizan.bench.supplychain import poisoning

    samples = [poisoning.tickets(rows, 0), *(poisoning.read_sample(file, rows) for file in files or [])]
    planted, clean = _watched(lambda told: poisoning.measure(samples, seeds, told, tuple(rate or poisoning.RATES)))
    _finish("datasets", list(poisoning.rows_of(planted, clean)), poisoning.NOTES, output_format)


@app.command("redteam")
def bench_redteam(
    attempts: Annotated[int, typer.Option(min=100, help="Attempts against each target.")] = 960,
    garak: Annotated[str, typer.Option(help="Program of garak; the one on the path without it.")] = "",
    rounds: Annotated[int, typer.Option(min=1, max=100, help="Rounds of what is measured in CPU.")] = 3,
    output_format: Annotated[Format, typer.Option("--format", help="How the figures are shown.")] = Format.TEXT,
) -> None:
    """What a campaign costs, beside a bare client and garak, and how near it comes to what its target allows."""
    program = garak or shutil.which("garak") or ""
    rows = _watched(lambda progress: redteam.run(progress, attempts, program, rounds))
    _finish("redteam", rows, redteam.NOTES, output_format)


@app.command("robustness")
def bench_robustness(
    part: Annotated[
        list[Part] | None, typer.Option("--part", help="A threat, or the defences; repeat for several. Otherwise all.")
    ] = None,
    models: Annotated[
        int,
        typer.Option("--models", min=1, help="Poisoning: backdoored models at each rate; four times as many clean."),
    ] = 15,
    minutes: Annotated[
        float, typer.Option("--minutes", min=0, help="Poisoning: nothing is begun later; figures of what was reached.")
    ] = 1e6,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", help="Folder of models and results, from which a later run goes on."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Poisoning: other models with another one.")] = 0,
    texts: Annotated[
        list[Path] | None,
        typer.Option(
            "--texts", help="Instead: labelled texts, whose attacks are taken past our detector and a classical one."
        ),
    ] = None,
    output_format: Annotated[
        ComparisonFormat, typer.Option("--format", help="How the figures are shown.")
    ] = ComparisonFormat.TEXT,
) -> None:
    """Attacks on models and their defences, beside libraries that are installed, on models trained in the same run."""
    if texts:
        from bartizan.bench.robustness import text_evasion

        found = _watched(lambda progress: text_evasion.run(texts, 60, progress))
        _finish("robustness", found, text_evasion.NOTES, output_format)
    settings: dict[Part, dict[str, object]] = {
        Part.POISONING: {"models": models, "minutes": minutes, "keep": keep, "seed": seed},
        **{one: {"keep": keep} for one in Part if one is not Part.POISONING},
    }
    rows, notes = _watched(lambda progress: robustness.run(part or list(Part), progress, settings))
    _finish("robustness", rows, notes, output_format)


@app.command("telemetry")
def bench_telemetry(
    events: Annotated[int, typer.Option(min=10_000, help="Records in journal and lake.")] = 300_000,
    judged: Annotated[int, typer.Option(min=1_000, help="Of them, how many the rules judge.")] = 200_000,
    seconds: Annotated[float, typer.Option(min=1, help="Of live records beside a gateway.")] = 20.0,
    folder: Annotated[Path | None, typer.Option(help="Where the data goes and stays; otherwise it is removed.")] = None,
    seed: Annotated[int, typer.Option(help="Of the records.")] = 1,
    output_format: Annotated[
        ComparisonFormat, typer.Option("--format", help="How the figures are shown.")
    ] = ComparisonFormat.TEXT,
) -> None:
    """Journal, lake, rules and live findings, with chDB and SQLite asked the same questions of the same records."""
    from bartizan.bench.telemetry import run

    sizes = run.Sizes(events, judged, seconds, seed)
    rows, notes = _watched(lambda progress: run.run(sizes, folder, progress))
    _finish("telemetry", rows, notes, output_format)


def _watched(work: Callable[[Callable[[str], None]], T]) -> T:
    console = Console(emoji=False, stderr=True)
    if not console.is_terminal:
        return work(_now_and_then())
    with console.status("starting") as status:
        return work(status.update)


def _now_and_then() -> Callable[[str], None]:
    """A line on standard error, if there was none for a while: a log should show that a long measurement goes on."""
    last = time.monotonic()

    def tell(what: str) -> None:
        nonlocal last
        if time.monotonic() - last >= _EVERY:
            last = time.monotonic()
            print(what, file=sys.stderr, flush=True)

    return tell


def _finish(area: str, rows: Sequence[Row], notes: Sequence[str], output_format: str) -> NoReturn:
    if output_format == Format.JSON:
        sys.stdout.buffer.write(as_json(area, rows, notes) + b"\n")
    elif output_format == ComparisonFormat.MARKDOWN:
        print(as_markdown(rows, notes), end="")
    else:
        show(f"bartizan bench {area}", rows, notes)
    raise typer.Exit(1 if any(row.missed for row in rows) else 0)

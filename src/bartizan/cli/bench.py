"""``bartizan bench``: measured figures with their targets; exit 1 when a target is missed."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

from bartizan.bench import gateway
from bartizan.bench.table import as_json, show

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Measure Bartizan beside its peers, in one run.")


class Format(StrEnum):
    """How the figures are shown."""

    TEXT = "text"
    JSON = "json"


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
    console = Console(stderr=True)
    sizes = gateway.Sizes(rounds, requests, streams)
    if soak:
        sizes = sizes._replace(soak_requests=100_000, soak_aborts=10_000)
    if console.is_terminal:
        with console.status("starting") as status:
            rows, notes = gateway.run(sizes, status.update)
    else:
        rows, notes = gateway.run(sizes, lambda what: None)
    if output_format is Format.JSON:
        sys.stdout.buffer.write(as_json("gateway", rows, notes) + b"\n")
    else:
        show("bartizan bench gateway", rows, notes)
    raise typer.Exit(1 if any(row.missed for row in rows) else 0)

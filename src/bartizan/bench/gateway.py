"""``bartizan bench gateway``: what the gateway costs, beside the bare stack and the peers that are installed.

All servers run at once and are loaded in turn, round by round, so that a noisy machine disturbs all of them alike;
what counts are ratios within a round. CPU is the servers' own, from the operating system's accounting.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import msgspec

from bartizan.bench import learned, offline
from bartizan.bench.load import Measured, abort_streams, build, drive
from bartizan.bench.peers import LITELLM_KEY, litellm_server
from bartizan.bench.processes import CPU_UNIT, Server, free_port
from bartizan.bench.table import Row, over_rounds, percentile
from bartizan.bench.texts import EVENTS, QUESTION, SYSTEM
from bartizan.bench.workspace import KEY, write_workspace

Progress = Callable[[str], None]

BARE, UNSCANNED, FULL, LITELLM = "bare pass-through", "gateway, no guards", "gateway", "LiteLLM proxy"
LEARNED = "gateway with the trained model"
INSPECTING = "pass-through that inspects"
"""What the guards alone add to the bare stack: no gateway with them costs less."""
_WORKER = "worker1"
"""Stands in the command line of the gateway's only worker."""


class Sizes(NamedTuple):
    """How much load."""

    rounds: int = 5
    requests: int = 2000
    streams: int = 200
    connections: int = 16
    learned_requests: int = 200
    """New texts for the trained model, each round."""
    slow_requests: int = 150
    """For peers that need seconds for what the others do in milliseconds."""
    soak_requests: int = 0
    soak_aborts: int = 0


class _Run(NamedTuple):
    measured: Measured
    cpu: float


def _body(stream: bool, slow: bool = False) -> bytes:
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
    user = "slow" if slow else "bench"
    return msgspec.json.encode({"model": "canned", "messages": messages, "stream": stream, "user": user})


def load(server: Server, stream: bool, requests: int, connections: int) -> _Run:
    """The same request so often, and the server's CPU for each in µs. Raises BartizanError for anything but 200."""
    request = build(server.path, _body(stream), server.headers)
    before = server.cpu_seconds()
    measured = asyncio.run(drive(server.port, request, requests, connections))
    used = max(server.cpu_seconds() - before, CPU_UNIT)
    return _Run(measured, used / requests * 1e6)


def run(sizes: Sizes, progress: Progress) -> tuple[list[Row], list[str]]:
    """Measure everything. Raises BartizanError when a server cannot be started or answers anything but 200."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bartizan-bench-")))
        servers = _start(stack, folder, progress)
        model = servers.pop(LEARNED)
        rows, notes = _rounds(servers, sizes, progress)
        rows += offline.run(progress)
        rows += learned.measure(servers[FULL], model, sizes.rounds, sizes.learned_requests, progress)
        if sizes.soak_requests:
            rows += _soak(servers[FULL], sizes, progress)
        else:
            rows += _memory(servers[FULL])
            notes.append("memory over 100,000 requests and 10,000 aborted streams: run with --soak")
    if LITELLM not in servers:
        notes.append("LiteLLM is not installed (or not on PATH): its row is missing, not passed")
    return rows, notes


def _start(stack: ExitStack, folder: Path, progress: Progress) -> dict[str, Server]:
    canned = free_port()
    base = f"http://127.0.0.1:{canned}"
    servers: dict[str, Server] = {}

    def add(name: str, command: Sequence[str], port: int, **more: dict[str, str]) -> None:
        progress(f"starting {name}")
        server = Server(name, command, port, **more)  # type: ignore[arg-type]
        stack.callback(server.stop)
        server.wait(seconds=180 if name == LITELLM else 60)
        servers[name] = server

    python = sys.executable
    add("upstream", [python, "-P", "-m", "bartizan.bench.canned", str(canned)], canned)
    port = free_port()
    add(BARE, [python, "-P", "-m", "bartizan.bench.passthrough", str(port), base], port)
    port = free_port()
    add(INSPECTING, [python, "-P", "-m", "bartizan.bench.passthrough", str(port), base, "--inspect"], port)
    bearer = {"authorization": f"Bearer {KEY}"}
    for name in (UNSCANNED, FULL, LEARNED):
        port = free_port()
        root = folder / name.replace(" ", "-")
        write_workspace(root, port, free_port(), base, guards=name != UNSCANNED, model=name == LEARNED)
        add(name, [python, "-P", "-m", "bartizan", "up", "--workspace", str(root)], port, headers=bearer)
    if (litellm := shutil.which("litellm")) is not None:
        port = free_port()
        command, environment = litellm_server(litellm, folder, port, base)
        add(LITELLM, command, port, environment=environment, headers={"authorization": f"Bearer {LITELLM_KEY}"})
    for name, server in servers.items():
        load(server, False, 100, 4)
        if name != INSPECTING:
            load(server, True, 20, 4)
    return servers


def _rounds(servers: dict[str, Server], sizes: Sizes, progress: Progress) -> tuple[list[Row], list[str]]:
    json_runs: dict[str, list[_Run]] = {name: [] for name in servers}
    sse_runs: dict[str, list[_Run]] = {name: [] for name in servers}
    single: dict[str, list[_Run]] = {name: [] for name in servers}
    for number in range(sizes.rounds):
        for name, server in servers.items():
            progress(f"round {number + 1} of {sizes.rounds}: {name}")
            slow = name == LITELLM
            requests = sizes.slow_requests if slow else sizes.requests
            json_runs[name].append(load(server, False, requests, sizes.connections))
            if name == INSPECTING:
                continue
            streams = max(10, sizes.slow_requests // 10) if slow else sizes.streams
            sse_runs[name].append(load(server, True, streams, sizes.connections))
            single[name].append(load(server, True, max(10, streams // 4), 1))
    rows: list[Row] = []
    for name in servers:
        rows += _describe(name, json_runs[name], sse_runs[name])
    rows += _ratios(servers, json_runs, sse_runs, single)
    return rows, [f"{EVENTS} events a stream; requests of 1 kB; {sizes.connections} connections; one gateway worker"]


def _describe(name: str, json_runs: list[_Run], sse_runs: list[_Run]) -> list[Row]:
    n = sum(run.measured.requests for run in json_runs)
    streams = sum(run.measured.requests for run in sse_runs)
    latencies = [latency * 1e3 for run in json_runs for latency in run.measured.latencies]
    rows = [
        over_rounds(f"{name}: JSON throughput", [r.measured.requests / r.measured.seconds for r in json_runs], "/s", n),
        over_rounds(f"{name}: CPU per JSON request", [run.cpu for run in json_runs], "µs", n),
        Row(f"{name}: latency p50 under load", percentile(latencies, 0.5), "ms", n),
        Row(f"{name}: latency p99 under load", percentile(latencies, 0.99), "ms", n),
    ]
    if sse_runs:
        rows.append(over_rounds(f"{name}: CPU per stream", [run.cpu for run in sse_runs], "µs", streams))
    return rows


def _ratios(
    servers: dict[str, Server],
    json_runs: dict[str, list[_Run]],
    sse_runs: dict[str, list[_Run]],
    single: dict[str, list[_Run]],
) -> list[Row]:
    n = sum(run.measured.requests for run in json_runs[FULL])
    streams = sum(run.measured.requests for run in sse_runs[FULL])

    def cpu(of: str, to: str) -> list[float]:
        return [a.cpu / b.cpu for a, b in zip(json_runs[of], json_runs[to], strict=True)]

    per_event = [(a.cpu - b.cpu) / EVENTS for a, b in zip(sse_runs[FULL], sse_runs[BARE], strict=True)]
    first = [
        percentile(a.measured.first_data, 0.5) / percentile(b.measured.first_data, 0.5)
        for a, b in zip(single[FULL], single[BARE], strict=True)
    ]
    added = [
        (percentile(a.measured.latencies, 0.5) - percentile(b.measured.latencies, 0.5)) * 1e3
        for a, b in zip(json_runs[FULL], json_runs[BARE], strict=True)
    ]
    rows = [
        over_rounds("CPU: gateway / bare pass-through", cpu(FULL, BARE), "×", n, target=1.6),
        over_rounds("CPU: pass-through that inspects / bare pass-through", cpu(INSPECTING, BARE), "×", n),
        over_rounds("CPU: all guards / no guards", cpu(FULL, UNSCANNED), "×", n, target=1.25),
        over_rounds("CPU per stream event above bare", per_event, "µs", streams * EVENTS, target=10),
        over_rounds("first data of a stream / bare", first, "×", streams // 4, target=2),
        over_rounds("added latency p50 under load", added, "ms", n),
    ]
    if LITELLM in servers:
        rates = [
            (a.measured.requests / a.measured.seconds) / (b.measured.requests / b.measured.seconds)
            for a, b in zip(json_runs[FULL], json_runs[LITELLM], strict=True)
        ]
        rows.append(over_rounds("throughput: gateway / LiteLLM", rates, "×", n, target=30, at_least=True))
    return rows


def _memory(server: Server) -> list[Row]:
    return [
        Row("memory of the gateway worker", server.largest_rss(_WORKER) / 1e6, "MB", 1, target=80),
        Row("memory of the largest process", server.largest_rss() / 1e6, "MB", 1),
        Row("memory of all processes, shared pages once", server.proportional() / 1e6, "MB", 1),
    ]


def _soak(server: Server, sizes: Sizes, progress: Progress) -> list[Row]:
    """Memory after a first tenth of the load, aborted streams included, against memory after all of it."""
    abort = build(server.path, _body(True, slow=True), server.headers)
    fresh = before = server.largest_rss(_WORKER)
    for part in range(10):
        progress(f"soak: {part + 1} of 10")
        load(server, False, sizes.soak_requests // 10, sizes.connections)
        asyncio.run(abort_streams(server.port, abort, sizes.soak_aborts // 10))
        if part == 0:
            before = server.largest_rss(_WORKER)
    after = server.largest_rss(_WORKER)
    n = sizes.soak_requests + sizes.soak_aborts
    return [
        *_memory(server),
        Row("memory growth in the first tenth of the soak", (before - fresh) / fresh * 100, "%", n // 10),
        Row("memory growth over the rest", (after - before) / before * 100, "%", n - n // 10, target=2),
    ]

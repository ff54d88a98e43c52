"""What the journal adds to the gateway's CPU for each request.

Counted: the CPU that requests spend inside the journal, as a share of what a request costs a gateway that keeps
nothing. And as a check, two gateways, with it and without it, in pairs. They are two processes, which differ by some
percent even where both do the same, so that the interval over rounds says less than it seems to.
"""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

from bartizan.bench.gateway import load
from bartizan.bench.processes import Server, free_port
from bartizan.bench.table import Row
from bartizan.bench.telemetry.recorded import DROPPED, KEPT, METER
from bartizan.bench.workspace import KEY, write_workspace
from bartizan.core.stats.tails import student_tail

CONNECTIONS: Final = 16
_WARM: Final = 300


class Load(NamedTuple):
    """How much."""

    rounds: int = 20
    requests: int = 500
    """In each round, to each of the two."""


def measure(folder: Path, size: Load, progress: Callable[[str], None]) -> list[Row]:
    """CPU of the journal, and CPU with the journal above CPU without it, in percent.

    Args:
        folder: is made, for the workspaces.
        size: of the load.

    Raises:
        BartizanError: a server does not start, or answers anything but 200.
    """
    with ExitStack() as stack:
        canned = free_port()
        base = f"http://127.0.0.1:{canned}"
        _start(stack, "upstream", ["bartizan.bench.canned", str(canned)], canned)
        servers = []
        for how in (KEPT, DROPPED):
            port = free_port()
            root = write_workspace(folder / how, port, free_port(), base)
            servers.append(_start(stack, how, ["bartizan.bench.telemetry.recorded", str(root), str(port), how], port))
        for server in servers:
            load(server, False, _WARM, CONNECTIONS)
        spent: list[tuple[float, float]] = []
        counted: list[float] = []
        for number in range(size.rounds):
            progress(f"journal: round {number + 1} of {size.rounds}")
            # The one that goes first changes, for the machine may grow busier.
            ordered = servers if number % 2 else servers[::-1]
            before = _meter(folder)
            cpu = {server.name: load(server, False, size.requests, CONNECTIONS).cpu for server in ordered}
            spent.append((cpu[KEPT], cpu[DROPPED]))
            counted.append((_meter(folder) - before) / size.requests / 1e3)
    without = statistics.fmean(pair[1] for pair in spent)
    added = [(kept - dropped) / without * 100 for kept, dropped in spent]
    low, high = interval(added)
    n = size.rounds * size.requests
    shares = [journal / dropped * 100 for journal, (_, dropped) in zip(counted, spent, strict=True)]
    least, most = interval(shares)
    return [
        Row("gateway without a journal, CPU", without, "µs/request", n),
        Row("CPU in the journal: encode, chain, write", statistics.fmean(counted), "µs/request",
            n),
        Row("of the gateway's CPU", statistics.fmean(shares), "%", n, target=5, low=least, high=most,
            note=f"{size.rounds} rounds, 95% interval of their mean"),
        Row("gateway with a journal against without", statistics.fmean(added), "%", n, low=low, high=high,
            note=f"{size.rounds} pairs, 95% interval of their mean"),
    ]  # fmt: skip


def _meter(folder: Path) -> int:
    return int.from_bytes((folder / KEPT / METER).read_bytes(), "little")


def _start(stack: ExitStack, name: str, module: Sequence[str], port: int) -> Server:
    headers = {"authorization": f"Bearer {KEY}"}
    server = Server(name, [sys.executable, "-P", "-m", *module], port, headers=headers)
    stack.callback(server.stop)
    server.wait()
    return server


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95% interval of the mean, by Student's distribution; the value itself for one.

    Source: Student, "The probable error of a mean", Biometrika 6 (1908).
    """
    mean = statistics.fmean(values)
    if len(values) < 2:
        return mean, mean
    low, high = 0.0, 1_000.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if student_tail(middle, len(values) - 1) > 0.025 else (low, middle)
    reach = high * statistics.stdev(values) / math.sqrt(len(values))
    return mean - reach, mean + reach

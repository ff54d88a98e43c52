"""What the trained model adds to a gateway's requests: the same new texts with and without it, round by round."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator

import msgspec

from bartizan.bench.load import build, drive
from bartizan.bench.processes import Server
from bartizan.bench.table import Row, over_rounds, percentile
from bartizan.bench.texts import SHORT

WITHOUT, WITH = "without the trained model", "with the trained model"
CONNECTIONS = 1
"""So that latency is that of one request, and no queue's."""


def measure(plain: Server, learned: Server, rounds: int, requests: int, progress: Callable[[str], None]) -> list[Row]:
    """Rows for prompts of about 50 tokens: new ones, and one that is known.

    Args:
        plain: a gateway without the model.
        learned: the same with it.
        rounds: how often both are loaded.
        requests: of each gateway in each round.
        progress: told what is under way.

    Raises:
        BartizanError: a server answers anything but 200.
    """
    rows: list[Row] = []
    numbers = itertools.count()
    for kind, new in (("new text", True), ("known text", False)):
        cpu: dict[str, list[float]] = {WITHOUT: [], WITH: []}
        latencies: dict[str, list[float]] = {WITHOUT: [], WITH: []}
        for number in range(rounds):
            for name, server in ((WITHOUT, plain), (WITH, learned)):
                progress(f"round {number + 1} of {rounds}: {kind}, {name}")
                bodies = list(itertools.islice(_bodies(server, numbers), requests if new else 1))
                if not new:
                    asyncio.run(drive(server.port, bodies, 1, 1))
                before = server.cpu_seconds()
                measured = asyncio.run(drive(server.port, bodies, requests, CONNECTIONS))
                cpu[name].append((server.cpu_seconds() - before) / requests * 1e3)
                latencies[name] += [latency * 1e3 for latency in measured.latencies]
        n = rounds * requests
        added = [one - other for one, other in zip(cpu[WITH], cpu[WITHOUT], strict=True)]
        rows.append(over_rounds(f"{kind}: CPU per request added by the trained model", added, "ms", n))
        for name in (WITHOUT, WITH):
            rows += [
                Row(f"{kind}: latency p50 {name}", percentile(latencies[name], 0.5), "ms", n),
                Row(f"{kind}: latency p99 {name}", percentile(latencies[name], 0.99), "ms", n),
            ]
    return rows


def _bodies(server: Server, numbers: Iterator[int]) -> Iterator[bytes]:
    for number in numbers:
        text = SHORT.format(number=100_000 + number, screws=number % 17 + 2)
        body = {"model": "canned", "messages": [{"role": "user", "content": text}]}
        yield build(server.path, msgspec.json.encode(body), server.headers)

"""``bartizan bench redteam``: what a campaign costs, and how near it comes to what target and concurrency allow.

The whole command is measured as a user starts it, in a process of its own. The floor beside it is a bare client that
sends as many requests of the same kind and does nothing with the answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import aiohttp
import msgspec

from bartizan.bench import redteam_garak
from bartizan.bench.processes import Server, free_port
from bartizan.bench.redteam_target import Stats
from bartizan.bench.table import Row
from bartizan.core.errors import BartizanError
from bartizan.redteam.campaign import Campaign

IN_FLIGHT = 16
SECONDS = 0.2
"""The slow target's."""
_BODY = msgspec.json.encode({"model": "m", "messages": [{"role": "user", "content": "x" * 200}], "max_tokens": 512})


def run(progress: Callable[[str], None], attempts: int = 960, garak: str = "") -> list[Row]:
    """All figures; ``attempts`` against each target. ``garak`` is its program, empty for none."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        progress("one attempt, from a cold start")
        with _target(0.0) as server:
            began = time.time()
            cpu = _campaign(folder / "cold", server.port, 1)
            cold = _stats(server).first - began
        progress(f"{attempts} attempts, {IN_FLIGHT} at a time, against a target that takes {SECONDS} s")
        with _target(SECONDS) as server:
            _campaign(folder / "slow", server.port, attempts)
            slow = _stats(server)
        progress("a whole plan of about as many")
        with _target(SECONDS) as server:
            _campaign(folder / "plan", server.port, attempts, whole=True)
            planned = _stats(server)
        progress("as many from a bare client")
        with _target(SECONDS) as server:
            _bare(server.port, attempts)
            bare = _stats(server)
        progress(f"{attempts} attempts against a target that answers at once")
        with _target(0.0) as server:
            whole = _campaign(folder / "fast", server.port, attempts)
        progress("the same requests from a bare client")
        with _target(0.0) as server:
            floor = _bare(server.port, attempts)
        theirs = _garak(garak, folder, progress) if garak else None
    per_attempt = max(whole - cpu, 1e-9) / attempts
    start = f"{cpu:.2f} s of CPU"
    rows = [
        Row("share of the ceiling, 16 in flight", _share(planned), "%", planned.requests, target=95.0, at_least=True),
        Row("the same, cut off by a limit on requests", _share(slow), "%", slow.requests),
        Row("until fewer than 16 trials were left", _while_full(slow), "%", slow.requests),
        Row("share of the ceiling, bare client", _share(bare), "%", bare.requests),
        Row("start to first request", cold, "s", 1, target=2.0, note=start),
        Row("attempts per CPU-second", 1 / per_attempt, "/s", attempts, note="start left out"),
        Row("CPU of an attempt, against a bare request", per_attempt / (floor / attempts), "x", attempts),
    ]
    return rows if theirs is None else [*rows, *_beside(theirs, 1 / per_attempt)]


class _Garak(NamedTuple):
    """The same figures of garak."""

    version: str
    first: float
    """Seconds from its start to its first request."""
    start: float
    """Seconds of CPU of a run with hardly a prompt."""
    each: float
    """Seconds of CPU of each further request."""
    share: float
    requests: int


def _garak(program: str, folder: Path, progress: Callable[[str], None]) -> _Garak:
    named = redteam_garak.version(program, folder)
    progress(f"garak {named}: hardly a prompt, then many, against a target that answers at once")
    with _target(0.0) as server:
        few = redteam_garak.ran(program, folder / "few", server.port, redteam_garak.FEW, IN_FLIGHT)
        least = _stats(server)
    with _target(0.0) as server:
        many = redteam_garak.ran(program, folder / "many", server.port, redteam_garak.MANY, IN_FLIGHT)
        most = _stats(server)
    progress(f"garak: the same against a target that takes {SECONDS} s")
    with _target(SECONDS) as server:
        redteam_garak.ran(program, folder / "late", server.port, redteam_garak.MANY, IN_FLIGHT)
        slow = _stats(server)
    more = most.requests - least.requests
    if more < 100 or not least.requests:
        raise BartizanError(f"garak sent {most.requests} requests, too few to measure")
    each = max(many.cpu - few.cpu, 1e-9) / more
    return _Garak(named, least.first - few.began, few.cpu, each, _share(slow), most.requests)


def _beside(theirs: _Garak, ours: float) -> list[Row]:
    name = f"garak {theirs.version}".strip()
    ratio = ours * theirs.each
    return [
        Row(f"{name}: share of the ceiling", theirs.share, "%", theirs.requests),
        Row(f"{name}: start to first request", theirs.first, "s", 1, note=f"{theirs.start:.2f} s of CPU"),
        Row(f"{name}: attempts per CPU-second", 1 / theirs.each, "/s", theirs.requests, note="start left out"),
        Row("attempts per CPU-second, against garak", ratio, "x", theirs.requests, target=5.0, at_least=True),
    ]


def _share(stats: Stats) -> float:
    """Requests for a second, in percent of what the time that the target held them allows."""
    rate = stats.requests / (stats.last - stats.first)
    return 100 * rate * (stats.held / stats.requests) / IN_FLIGHT


def _while_full(stats: Stats) -> float:
    """Share of the slots that were held on average until all of them were for the last time, in percent."""
    return 100 * stats.full_area / (stats.full_until - stats.first) / IN_FLIGHT


NOTES: Sequence[str] = (
    "ceiling: attempts in flight, divided by the time that the target itself held requests",
    "at the end conversations of several messages finish while other slots have nothing left: part of both first rows",
    "the last trials of a plan start longest first; who sets a limit gets the drawn order up to the limit",
    "an attempt: drawn from the shipped cases, sent, read in all views, judged, written to the journal",
    "garak: single prompts looked through for one text; CPU of a run with hardly a prompt taken off",
)


def _campaign(folder: Path, port: int, attempts: int, *, whole: bool = False) -> float:
    """CPU seconds of one ``bartizan redteam run``: cut off, or the ``whole`` of a plan of about as many attempts."""
    folder.mkdir()
    path = folder / "scope.yaml"
    scope = {
        "version": 1,
        "name": "bench",
        "authorisation": {"statement": "A target of this command on loopback.", "by": "us", "expires": "2099-12-31"},
        "targets": [{"id": "t", "kind": "openai", "url": f"http://127.0.0.1:{port}/v1", "model": "m"}],
        "facts": {
            "secrets": [{"name": "override code", "value": "ORCHID-7741-KESTREL"}],
            "system_prompt": "You are the assistant of a garden shop and never speak of the prices of other shops.",
        },
        "plan": {"objectives": ["leak_secret", "leak_system_prompt"], "repeats": max(1, attempts // 50)},
        "limits": {"in_flight": IN_FLIGHT if attempts > 1 else 1, "requests": attempts},
    }
    if whole:
        scope |= {"plan": {"objectives": ["leak_secret", "leak_system_prompt"]}, "limits": {"in_flight": IN_FLIGHT}}
        path.write_text(json.dumps(scope), encoding="utf-8")
        once = sum(len(trial.case.turns) for trial in Campaign(path).planned.trials)
        scope["plan"] = {"objectives": ["leak_secret", "leak_system_prompt"], "repeats": max(1, round(attempts / once))}
    path.write_text(json.dumps(scope), encoding="utf-8")
    command = [sys.executable, "-P", "-m", "bartizan", "redteam", "run", str(path), "--out", str(folder / "run")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.stderr is not None
    with process.stderr as stream:
        problem = stream.read(300).decode("utf-8", "replace")
    if problem.startswith("error"):
        raise BartizanError(f"the campaign failed: {problem.splitlines()[0]}")
    return usage.ru_utime + usage.ru_stime


def _bare(port: int, requests: int) -> float:
    """CPU seconds of a client that only sends, in this process."""

    async def send() -> None:
        connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
        async with aiohttp.ClientSession(connector=connector) as session:
            queue = iter(range(requests))

            async def work() -> None:
                for _ in queue:
                    async with session.post(f"http://127.0.0.1:{port}/v1/chat/completions", data=_BODY) as response:
                        await response.read()

            await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))

    before = resource.getrusage(resource.RUSAGE_SELF)
    asyncio.run(send())
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _stats(server: Server) -> Stats:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/stats", timeout=10) as answer:
        return msgspec.json.decode(answer.read(), type=Stats)


@contextlib.contextmanager
def _target(seconds: float) -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-P", "-m", "bartizan.bench.redteam_target", str(port), str(seconds)]
    server = Server("target", command, port)
    try:
        server.wait()
        yield server
    finally:
        server.stop()

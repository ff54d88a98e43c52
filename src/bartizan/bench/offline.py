"""Figures that need no server: hold-back on ordinary text, and texts made to be slow."""

from __future__ import annotations

import time
from collections.abc import Callable

from bartizan.app.guards import build_guard
from bartizan.bench.table import Row, percentile
from bartizan.bench.texts import ANSWER, QUESTION, RECORDS
from bartizan.core.passage import Origin, Passage, Surface
from bartizan.firewall.exchange import ChannelKind
from bartizan.firewall.guard import Guard
from bartizan.policy.document import PolicyDocument

ADVERSARIAL = 100_000
"""Characters of each hostile text."""

HOSTILE: dict[str, str] = {
    "one letter": "a",
    "near misses of an override": "ignore all the previous ",
    "open brackets": "[(<{",
    "open images": "![",
    "digits": "4111 1111 ",
    "base64 letters": "aWdub3Jl",
    "percent signs": "%69%67",
    "entities": "&#105;",
    "zero-width": "i\u200bg\u200b",
    "letter-spacing": "i g n o r e ",
    "combining marks": "e\u0301\u0302\u0303",
    "emoji": "\U0001f469\u200d\U0001f4bb",
    "look-alikes": "\u0456gn\u043er\u0435 ",
    "quotes": "\"'`",
    "password stems": "password secret token ",
    "addresses": "a@b.c ",
}


def run(progress: Callable[[str], None]) -> list[Row]:
    """Hold-back and hostile bodies, with the default policy and the shipped signatures, without the trained model."""
    guard = build_guard(PolicyDocument(version=1), {}, {})
    progress("hold-back on ordinary text")
    held = _held(guard, (ANSWER + "\n\n" + QUESTION) * 5, 4)
    rows = [
        Row("mean hold-back on ordinary text", sum(held) / len(held), "characters", len(held), target=8),
        Row("p99 hold-back on ordinary text", percentile(held, 0.99), "characters", len(held), target=256),
    ]
    held = _held(guard, RECORDS, 4)
    rows.append(Row("mean hold-back on records in JSON", sum(held) / len(held), "characters", len(held), target=8))
    slowest = Row("slowest hostile body of 100 kB", 0.0, "ms", len(HOSTILE), target=50)
    for name, unit in HOSTILE.items():
        progress(f"hostile body: {name}")
        took = _inspect(guard, (unit * ADVERSARIAL)[:ADVERSARIAL]) * 1e3
        if took > slowest.value:
            slowest = Row(f"slowest hostile body of 100 kB ({name})", took, "ms", len(HOSTILE), target=50)
    ordinary = _inspect(guard, (QUESTION * 200)[:ADVERSARIAL]) * 1e3
    return [*rows, slowest, Row("ordinary body of 100 kB", ordinary, "ms", 1)]


def _held(guard: Guard, text: str, size: int) -> list[float]:
    scanner = guard.channel(ChannelKind.TEXT)
    held: list[float] = []
    for at in range(0, len(text), size):
        scanner.feed(text[at : at + size])
        held.append(float(scanner.held))
    return held


def _inspect(guard: Guard, text: str) -> float:
    """CPU seconds, best of three."""
    passage = Passage(text, Origin.USER, (Surface.USER, Surface.CONTENT))
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        guard.inspect_passages([passage])
        best = min(best, time.process_time() - began)
    return best

"""The whole benchmark once, small: every server starts, every row is there. The figures are not judged here."""

from __future__ import annotations

import pytest

from bartizan.bench import gateway, offline
from bartizan.bench.gateway import Sizes, run


def test_a_small_run_fills_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")  # without peers: they are not part of this installation
    monkeypatch.setattr(offline, "ADVERSARIAL", 2_000)
    seen: list[str] = []
    load = {"requests": 60, "streams": 12, "learned_requests": 20, "connections": 4}
    sizes = Sizes(rounds=1, soak_requests=100, soak_aborts=20, **load)
    rows, notes = run(sizes, seen.append)
    names = " / ".join(row.what for row in rows)
    for expected in (
        gateway.BARE,
        gateway.UNSCANNED,
        "gateway: CPU per JSON request",
        "CPU: gateway / bare pass-through",
        "CPU: pass-through that inspects / bare pass-through",
        "CPU: all guards / no guards",
        "CPU per stream event above bare",
        "first data of a stream / bare",
        "mean hold-back",
        "slowest hostile body",
        "new text: CPU per request added by the trained model",
        "known text: latency p99 with the trained model",
        "memory of the gateway worker",
        "memory growth over the rest",
    ):
        assert expected in names
    assert all(row.n > 0 for row in rows)
    assert any("LiteLLM is not installed" in note for note in notes)
    assert any(text.startswith("soak") for text in seen)

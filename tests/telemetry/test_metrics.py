from __future__ import annotations

import math
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.telemetry.exposition import merge, render
from bartizan.telemetry.metrics import OVERFLOW, Registry, Snapshot

_SAMPLE = re.compile(
    r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)"
    r'(?:\{(?P<labels>(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (?P<value>\S+)'
)
_PAIR = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"')


def parse(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """A strict reader of format 0.0.4, written from its description."""
    assert text == "" or text.endswith("\n")
    samples: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
    typed: dict[str, str] = {}
    for line in text.split("\n")[:-1]:
        if line.startswith("# HELP "):
            assert re.fullmatch(r"# HELP \S+ (?:[^\\\n]|\\[\\n])*", line)
            continue
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert kind in {"counter", "gauge", "histogram"}
            assert name not in typed
            typed[name] = kind
            continue
        match = _SAMPLE.fullmatch(line)
        assert match, line
        base = re.sub(r"_(bucket|sum|count)$", "", match["name"])
        assert typed.get(match["name"]) in {"counter", "gauge"} or typed.get(base) == "histogram"
        pairs = tuple(
            (name, re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], value))
            for name, value in _PAIR.findall(match["labels"] or "")
        )
        assert (match["name"], pairs) not in samples
        samples[match["name"], pairs] = float(match["value"])
    return samples


def test_text_format_of_all_kinds() -> None:
    registry = Registry()
    registry.counter("requests_total", "Requests\nby \\ route", ["route"]).labels("chat").inc()
    gauge = registry.gauge("open_streams", "Streams").labels()
    gauge.set(3)
    gauge.inc(-1)
    seconds = registry.histogram("seconds", "Time", ["route"], buckets=[0.1, 1]).labels("chat")
    for amount in (0.05, 0.1, 0.5, 7, math.nan):
        seconds.observe(amount)
    assert render(registry.snapshot()) == (
        "# HELP requests_total Requests\\nby \\\\ route\n"
        "# TYPE requests_total counter\n"
        'requests_total{route="chat"} 1\n'
        "# HELP open_streams Streams\n"
        "# TYPE open_streams gauge\n"
        "open_streams 2\n"
        "# HELP seconds Time\n"
        "# TYPE seconds histogram\n"
        'seconds_bucket{route="chat",le="0.1"} 2\n'
        'seconds_bucket{route="chat",le="1"} 3\n'
        'seconds_bucket{route="chat",le="+Inf"} 4\n'
        'seconds_sum{route="chat"} 7.65\n'
        'seconds_count{route="chat"} 4\n'
    )


@given(
    st.dictionaries(st.text(st.characters(codec=None), max_size=20), st.floats(allow_nan=False), max_size=8),
    st.text(),
)
def test_any_label_value_and_number_survives_a_strict_parser(values: dict[str, float], text: str) -> None:
    registry = Registry()
    gauge = registry.gauge("g", text.replace("\r", ""), ["a", "b"])
    for label, number in values.items():
        gauge.labels(label, "x").set(number)
    samples = parse(render(registry.snapshot()))
    expected = {label.encode("utf-8", "replace").decode(): number for label, number in values.items()}
    assert {labels[0][1] for _, labels in samples} == set(expected)
    for (_, labels), number in samples.items():
        clean = labels[0][1]
        if "?" not in clean:
            assert number == expected[clean]


def test_hostile_label_values_share_one_overflow_series() -> None:
    registry = Registry(max_series=10)
    counter = registry.counter("models_total", "by model", ["model"])
    for number in range(1000):
        counter.labels(f"model-{number}").inc()
    counter.labels("model-3").inc()
    counter.labels("x" * 10_000).inc()
    samples = parse(render(registry.snapshot()))
    assert len(samples) == 11
    assert samples["models_total", (("model", OVERFLOW),)] == 991
    assert samples["models_total", (("model", "model-3"),)] == 2


def test_long_label_values_are_cut() -> None:
    registry = Registry()
    registry.counter("c_total", "", ["a"]).labels("x" * 10_000).inc()
    assert "x" * 129 not in render(registry.snapshot())


def test_workers_add_up_and_snapshots_travel() -> None:
    def worker(number: int) -> Snapshot:
        registry = Registry()
        registry.counter("c_total", "c", ["a"]).labels(f"w{number % 2}").inc(number)
        registry.histogram("h", "h", buckets=[1, 2]).labels().observe(number)
        registry.gauge("g", "g").labels().set(number)
        encoded = msgspec.msgpack.encode(registry.snapshot())
        return msgspec.msgpack.decode(encoded, type=Snapshot)

    merged = merge([worker(1), worker(2), worker(3)])
    samples = parse(render(merged))
    assert samples["c_total", (("a", "w1"),)] == 4
    assert samples["c_total", (("a", "w0"),)] == 2
    assert samples["g", ()] == 6
    assert samples["h_bucket", (("le", "1"),)] == 1
    assert samples["h_bucket", (("le", "2"),)] == 2
    assert samples["h_count", ()] == 3
    assert samples["h_sum", ()] == 6
    assert merge([]) == ()
    assert render(()) == ""


def test_processes_that_disagree_are_not_added_up() -> None:
    first, second = Registry(), Registry()
    first.gauge("x", "x")
    second.gauge("x", "x", ["a"])
    with pytest.raises(ValueError, match="differs"):
        merge([first.snapshot(), second.snapshot()])


def test_malformed_definitions_are_refused() -> None:
    registry = Registry()
    registry.histogram("h", "")
    for define in (
        lambda: registry.counter("requests", ""),
        lambda: registry.gauge("a b", ""),
        lambda: registry.gauge("h", ""),
        lambda: registry.gauge("g", "", ["__reserved"]),
        lambda: registry.gauge("g", "", ["a", "a"]),
        lambda: registry.histogram("i", "", ["le"]),
        lambda: registry.histogram("i", "", buckets=[]),
        lambda: registry.histogram("i", "", buckets=[2, 1]),
        lambda: registry.histogram("i", "", buckets=[1, math.inf]),
    ):
        with pytest.raises(ValueError):
            define()
    with pytest.raises(ValueError, match="label values"):
        registry.gauge("g", "", ["a"]).labels("x", "y")

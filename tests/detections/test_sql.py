"""SQL and stream give the same findings, on rules and events made at random."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stream import at, run
from test_matching import CASES

from bartizan.core.errors import ConfigurationError
from bartizan.detections.hits import RuleFinding
from bartizan.detections.sigma import read_collection
from bartizan.detections.sql import search

WORDS = ["a", "A", "ab", "x*y", "Ärger", "", "7", "7.5", "10.1.2.3", "2026-01-01T05:00:00Z", "true"]
VALUES = st.sampled_from(
    [*WORDS, 7, 7.0, 7.5, -1, True, False, None, [], ["a", None], [["ab"]], {"q": "a"}, [{"q": "ab"}]]
)
ITEMS = [
    "f: a", "f: 'a*'", "f: '*b'", "f: 'a?'", r"f: 'x\*y'", "f: ''", "f: '*'", "f: null", "f: 7", "f: 7.5", "f: true",
    "f|contains: b", "f|cased: A",
    "f|contains|cased: A", "f|re: '^a'", "f|re|i: '^A.$'", "f|exists: true", "f|exists: false",
    "f|gt: 6", "f|lte: 7", "f|neq: a", "f|neq: [a, 7]", "f|cidr: 10.0.0.0/8", "f|hour: 5", "f|hour|lt: 9",
    "f|fieldref: g",
    "f|fieldref|startswith: g", "f.q: a", "f.q|contains: b", "'|all': [a, b]", "f|contains|all: [a, b]",
    "h.i: ab", "f: ärger",
]  # fmt: skip


def essence(findings: list[RuleFinding]) -> list[tuple[Any, ...]]:
    """What must agree; SQL gives groups without case and lists an event once."""
    rows = []
    for finding in findings:
        value = round(finding.measure.value, 6) if finding.measure else None
        rows.append((finding.id, finding.at, tuple(sorted(set(finding.lines))), value))
    return sorted(rows, key=repr)


def both(rules: str, events: list[dict[str, Any]]) -> None:
    streamed, _ = run(rules, events)
    assert essence(search(read_collection(rules), list(enumerate(events, start=1)))) == essence(streamed)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.sampled_from(ITEMS), min_size=1, max_size=3, unique=True),
    st.sampled_from(["a or b and not c", "(a or b) and not c", "not a and b", "not (a and b)"]),
    st.lists(
        st.dictionaries(st.sampled_from(["f", "g", "h.i", "h"]), VALUES | st.fixed_dictionaries({"i": VALUES})),
        max_size=6,
    ),
)
def test_single_events(items: list[str], condition: str, events: list[dict[str, Any]]) -> None:
    rows = [f"  {name}:\n    {items[index % len(items)]}\n" for index, name in enumerate("abc")]
    both(f"title: t\ndetection:\n{''.join(rows)}  condition: {condition}\n", events)


@pytest.mark.parametrize(("item", "value", "_"), CASES, ids=lambda case: repr(case)[:40])
def test_every_case_of_the_stream(item: str, value: Any, _: bool) -> None:
    both(f"title: t\ndetection:\n  sel:\n    {item}\n  condition: sel\n", [{"f": value}, {"g": value}])


KINDS = [
    ("event_count", "{gte: 3}"), ("event_count", "{lt: 3}"), ("value_count", "{field: v, gte: 2}"),
    ("value_count", "{field: v, lt: 3}"),
    ("value_sum", "{field: v, gt: 9}"), ("value_avg", "{field: v, lte: 3}"), ("value_median", "{field: v, gte: 3}"),
    ("value_percentile", "{field: v, percentile: 80, gte: 4}"), ("temporal", "{gte: 2}"),
    ("temporal", "a and (b or c)"),
    ("temporal_ordered", ""), ("temporal_ordered", "(a and b) or (b and c)"),
]  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(KINDS), st.sampled_from(["", "[u]", "[u, w]", "[n]"]))
def test_correlations(rng: random.Random, kind: tuple[str, str], group: str) -> None:
    users: list[Any] = ["x", "X", "y", ["x", "y"], None, 7, "7"]
    events = [
        at(
            rng.randrange(30), k=rng.choice("abc"), u=rng.choice(users), w=rng.choice("pq"),
            v=rng.choice([1, 2.5, "3", "x", None, [4, 5]]), s=rng.choice("mn"), d=rng.choice("mn"),
        )
        for _ in range(30)
    ]  # fmt: skip
    rules = "".join(f"title: {n}\nname: {n}\ndetection: {{sel: {{k: {n}}}, condition: sel}}\n---\n" for n in "abc")
    rules += f"title: one\nname: one\ncorrelation:\n  type: {kind[0]}\n  rules: [a, b, c]\n  timespan: 7s\n"
    rules += (f"  group-by: {group}\n" if group else "") + (f"  condition: {kind[1]}\n" if kind[1] else "")
    rules += "  aliases: {n: {a: s, b: d, c: s}}\n  generate: true\n"
    rules += (
        "---\ntitle: two\ncorrelation:\n  type: temporal_ordered\n  rules: [one, a]\n  timespan: 5s\n  group-by: [w]\n"
    )
    rules += "  generate: true\n"
    both(rules, events)


def test_what_sql_cannot_say_is_refused() -> None:
    rules = "---\n".join(f"title: {n}\nname: {n}\ndetection: {{s: {{k: {n}}}, condition: s}}\n" for n in "ab")
    rules += "---\ntitle: c\ncorrelation: {type: temporal_ordered, rules: [a, b], timespan: 5s, condition: {gte: 1}}\n"
    with pytest.raises(ConfigurationError, match="SQL orders all"):
        search(read_collection(rules), [])

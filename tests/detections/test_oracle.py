"""pySigma's SQLite backend as a third opinion, where its reading of Sigma and ours are meant to be the same.

Left out of the comparison, because we differ on purpose (docs/detections/rules.md): ordered correlations, groups
and values that are lists, and times finer than milliseconds.
"""

from __future__ import annotations

import json
import random
import sqlite3
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stream import at, run

sqlite = pytest.importorskip("sigma.backends.sqlite", reason="pySigma's SQLite backend is not installed")
sigma = pytest.importorskip("sigma.collection")
if int(version("pysigma-backend-sqlite").split(".")[0]) < 2:
    pytest.skip("pySigma's SQLite backend before 2.0 has no windows", allow_module_level=True)

COLUMNS = ("timestamp", "k", "u", "v")
START = 1_700_000_000


def oracle(
    rules: str, events: list[dict[str, Any]], number: int = -1, *, collation: str = "BINARY"
) -> list[dict[str, Any]]:
    """Rows of the query that the backend makes of the last rule."""
    query = sqlite.sqliteBackend(None).convert(sigma.SigmaCollection.from_yaml(rules))[number]
    with sqlite3.connect(":memory:") as database:
        database.create_function("regexp", 2, lambda pattern, text: None)
        database.row_factory = sqlite3.Row
        database.execute(f"CREATE TABLE logs ({', '.join(f'{one} COLLATE {collation}' for one in COLUMNS)})")
        for event in events:
            moment = datetime.fromtimestamp(event["time"], UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
            database.execute("INSERT INTO logs VALUES (?, ?, ?, ?)", (moment, event["k"], event["u"], event["v"]))
        return [dict(row) for row in database.execute(query.replace("<TABLE_NAME>", "logs"))]


def base(*names: str) -> str:
    text = "title: {0}\nname: {0}\nlogsource: {{product: x}}\ndetection: {{sel: {{k: {0}}}, condition: sel}}\n---\n"
    return "".join(text.format(name) for name in names)


KINDS = [
    ("event_count", "{gte: 2}"), ("event_count", "{gte: 3}"), ("event_count", "{eq: 2}"), ("event_count", "{lt: 3}"),
    ("value_count", "{field: v, gte: 2}"), ("value_count", "{field: v, gt: 2}"), ("temporal", ""),
    ("temporal", "{gte: 2}"),
]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    st.randoms(use_true_random=False),
    st.sampled_from(KINDS),
    st.sampled_from(["", "[u]"]),
    st.sampled_from(["[a]", "[a, b]", "[a, b, c]"]),
)
def test_windows_and_their_events(rng: random.Random, kind: tuple[str, str], group: str, names: str) -> None:
    if kind[0] == "temporal" and names == "[a]":
        names = "[a, b]"
    events = [
        at(
            rng.randrange(24) / 2, k=rng.choice("abc"), u=rng.choice(["x", "X", "y", None]),
            v=rng.choice([1, 2, "p", "P"]),
        )
        for _ in range(14)
    ]  # fmt: skip
    rules = base("a", "b", "c") + "title: one\nname: one\nlevel: high\ncorrelation:\n"
    rules += f"  type: {kind[0]}\n  rules: {names}\n  timespan: 3s\n"
    rules += (f"  group-by: {group}\n" if group else "") + (f"  condition: {kind[1]}\n" if kind[1] else "")
    ours, _ = run(rules, events)
    found = [
        (finding.window.end, sorted(finding.lines), finding.measure.value)
        for finding in ours
        if finding.window is not None and finding.measure is not None
    ]
    theirs = [
        (
            datetime.fromtimestamp(row["occurrence_time"], UTC).isoformat().replace("+00:00", "Z"),
            sorted(int(one.split(":")[1]) for one in json.loads(row["event_ids"])),
            row["metric_value"],
        )
        for row in oracle(rules, events)
    ]
    assert sorted(found) == sorted(theirs)


ITEMS = [
    "k: a", "k: 'A*'", "k: '*b'", "k: 'a?'", r"k: 'x\*y'", "k: null", "k|contains: b", "k|contains|all: [a, b]",
    "k|startswith: a", "k|endswith: b", "k: [a, b]", "v|gt: 6", "v|lte: 7", "v: 7", "u|cased: Ab", "u: ''",
]  # fmt: skip
TEXTS = st.sampled_from(["a", "A", "ab", "aB", "Ab", "x*y", "xzy", "b", "", None])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(ITEMS), min_size=1, max_size=3, unique=True),
    st.sampled_from(["one or two and not six", "(one or two) and not six", "not one and two", "not (one and two)"]),
    st.lists(st.tuples(TEXTS, TEXTS, st.sampled_from([1, 6, 7, 7.5, None])), max_size=8),
)
def test_single_events(items: list[str], condition: str, rows: list[tuple[Any, Any, Any]]) -> None:
    sections = [f"  {name}:\n    {items[index % len(items)]}\n" for index, name in enumerate(("one", "two", "six"))]
    rules = f"title: t\nlogsource: {{product: x}}\ndetection:\n{''.join(sections)}  condition: {condition}\n"
    events = [at(number, k=k, u=u, v=v) for number, (k, u, v) in enumerate(rows)]
    ours, _ = run(rules, events)
    theirs = [
        round(datetime.fromisoformat(row["timestamp"] + "Z").timestamp()) - START
        for row in oracle(rules, events, collation="NOCASE")  # Sigma's equality; the backend leaves it to the table
    ]
    assert [finding.lines[0] - 1 for finding in ours] == theirs

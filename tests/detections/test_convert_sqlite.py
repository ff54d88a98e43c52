"""What is converted to SQLite finds there what the stream finds, on rules and events made at random."""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import closing
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from stream import at, run
from test_matching import CASES
from test_sql import ITEMS, KINDS, VALUES

from bartizan.detections.cases import BUILTIN
from bartizan.detections.convert import CannotSayError, convert_all, make_target
from bartizan.detections.convert.sqlite import TABLE, Sqlite
from bartizan.detections.fields import fold
from bartizan.detections.mapping import FieldMapping
from bartizan.detections.records import journaled, spelled_out
from bartizan.detections.sigma import load_collection, read_collection
from bartizan.detections.sigma.model import Correlation
from bartizan.detections.times import microseconds_of
from bartizan.telemetry.rehearsal import Rehearsal


def filled(events: list[dict[str, Any]]) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute(TABLE)
    mapping = FieldMapping()
    rows = [(line, mapping.moment(event), json.dumps(event)) for line, event in enumerate(events, start=1)]
    connection.executemany("INSERT INTO events VALUES (?, ?, ?)", rows)
    return connection


def both(rules: str, events: list[dict[str, Any]], mapping: FieldMapping | None = None) -> int:
    """Each rule that can be said finds the same; how many could be."""
    mapping = mapping or FieldMapping()
    collection = read_collection(rules)
    streamed, _ = run(rules, events, mapping=mapping)
    said = 0
    with closing(filled(events)) as connection:
        for outcome in convert_all(collection, Sqlite(mapping.fields)):
            if outcome.converted is None:
                continue
            said += 1
            rows = connection.execute(outcome.converted.text).fetchall()
            mine = [finding for finding in streamed if finding.rule.title == outcome.rule.header.title]
            if not isinstance(outcome.rule, Correlation):
                assert sorted(line for (line,) in rows) == sorted(finding.lines[0] for finding in mine)
                continue
            wanted = sorted(
                (microseconds_of(f.at), *(fold(spell(v)) for v in f.group.values()), round(f.measure.value, 6))
                for f in mine
                if f.measure is not None
            )
            assert sorted((*row[:-1], round(row[-1], 6)) for row in rows) == wanted
    return said


def spell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@settings(max_examples=30, deadline=None)
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
    assume(both(f"title: t\ndetection:\n{''.join(rows)}  condition: {condition}\n", events))


UNSAID = ("|re", "|cidr", "|hour", "|minute", "|day", "|week", "|month", "|year")


@pytest.mark.parametrize(("item", "value", "_"), CASES, ids=lambda case: repr(case)[:40])
def test_every_case_of_the_stream(item: str, value: Any, _: bool) -> None:
    rule = f"title: t\ndetection:\n  sel:\n    {item}\n  condition: sel\n"
    collection = read_collection(rule)
    try:
        Sqlite({}).convert(collection.rules[0], collection)
    except CannotSayError:
        odd = not item.isascii() or "'|" in item or item.startswith("- ") or "\\0" in item
        assert any(name in item for name in UNSAID) or odd, item
        return
    assert both(rule, [{"f": value}, {"g": value}, {"f": [value, [value]]}])


KEYS: list[Any] = ["a", "b", "c", ["a", "b"], ["b", "c"]]
NUMBERS = [
    "7",
    " 7",
    "7 ",
    "+7",
    "07",
    ".5",
    "7.",
    "7e0",
    "1e99999",
    "1e999",
    "0x8",
    "seven",
    "7,5",
    "-1",
    "",
    "7\n",
    "--7",
]


@pytest.mark.parametrize("item", ["f|gt: 6", "f|lt: 100", "f|lte: 7.0", "f: 7"])
def test_texts_that_spell_numbers(item: str) -> None:
    rule = f"title: t\ndetection:\n  sel:\n    {item}\n  condition: sel\n"
    assert both(rule, [{"f": text} for text in [*NUMBERS, "9" * 40, "9" * 41, 2**70, True, False, None]])


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(KINDS), st.sampled_from(["", "[u]", "[u, w]", "[n]"]))
def test_correlations(rng: random.Random, kind: tuple[str, str], group: str) -> None:
    users: list[Any] = ["x", "X", "y", ["x", "y"], None, 7, "7"]
    events = [
        at(
            rng.randrange(30), k=rng.choice(KEYS), u=rng.choice(users), w=rng.choice("pq"),
            v=rng.choice([1, 2.5, "3", "x", None, [4, 5]]), s=rng.choice("mn"), d=rng.choice("mn"),
        )
        for _ in range(30)
    ]  # fmt: skip
    rules = "".join(f"title: {n}\nname: {n}\ndetection: {{sel: {{k: {n}}}, condition: sel}}\n---\n" for n in "abc")
    rules += f"title: one\nname: one\ncorrelation:\n  type: {kind[0]}\n  rules: [a, b, c]\n  timespan: 7s\n"
    rules += (f"  group-by: {group}\n" if group else "") + (f"  condition: {kind[1]}\n" if kind[1] else "")
    rules += "  aliases: {n: {a: s, b: d, c: s}}\n  generate: true\n"
    rules += "---\ntitle: two\ncorrelation:\n  type: temporal_ordered\n  rules: [one, a]\n  timespan: 5s\n"
    rules += "  group-by: [u]\n  generate: true\n"
    assert both(rules, events) >= 3


def test_names_of_fields_are_mapped() -> None:
    rule = "title: t\ndetection: {s: {User: ann}, n: {Host|exists: true}, condition: s and not n}\n"
    mapping = FieldMapping({"User": ("user.name", "login"), "Host": ("host",)})
    assert both(
        rule, [{"user": {"name": "Ann"}}, {"login": "ann", "host": 1}, {"login": ["ann"]}, {"User": "ann"}], mapping
    )


def test_the_shipped_rules_find_the_same_in_a_day_with_attacks() -> None:
    rehearsal = Rehearsal(5)
    events = [plain(event) for event in rehearsal.days(1)[:200]]
    for rule in load_collection([BUILTIN]).rules:
        for case in rule.header.custom.get("cases", {}).get("positive", ()):  # type: ignore[attr-defined]
            if sum(event.get("repeat", 1) for event in case) <= 10:
                events += [journaled(event, "here") for event in spelled_out(case, "here")]
    text = "---\n".join(path.read_text(encoding="utf-8") for path in sorted(BUILTIN.glob("*.yml")))
    assert both(text, events) > 90


def plain(event: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(event))


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("detection: {s: {'f|re': a}, condition: s}", "regex"),
        ("detection: {s: [a], condition: s}", "keywords"),
        ("detection: {s: {f: ärger}, condition: s}", "ASCII"),
        ("detection: {s: {a.b.c.d.e.f: x}, condition: s}", "more than 5 steps"),
        ('detection: {s: {f: "a\\0b"}, condition: s}', "NUL"),
    ],
)
def test_what_sqlite_cannot_say_is_refused(rule: str, reason: str) -> None:
    (outcome,) = convert_all(read_collection(f"title: t\n{rule}\n"), make_target("sqlite", {}))
    assert outcome.converted is None
    assert reason in outcome.reason


def test_texts_of_rules_cannot_leave_their_quotes() -> None:
    evil = "'; DROP TABLE events; --"
    rule = f'title: t\ndetection: {{s: {{"f\'x": {json.dumps(evil)}}}, condition: s}}\n'
    assert both(rule, [{"f'x": evil}, {"f'x": "a"}])

"""The filter and the rule index change nothing: the same findings as every rule tried on every event."""

from __future__ import annotations

import io
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from stream import jsonl

from bartizan.detections.fields import View
from bartizan.detections.matching import compile_expression
from bartizan.detections.prefilter import Prefilter, decided
from bartizan.detections.running import Run
from bartizan.detections.sigma import read_collection
from bartizan.detections.sigma.collection import Collection
from bartizan.detections.sigma.model import Detection

ITEMS = (
    "kind: a", "kind: [a, b]", "kind|startswith: a.", "kind|contains: b", "n: 3", "n|gte: 3", "n: null", "s.g: x",
    "s.g: [x, y]", "s.g|all: [x, y]", "s.g|exists: true", "s.g|exists: false", "s.t.u: z", "s.t.u|contains: zz",
    "s.t.u|re: 'z+'", "kind|fieldref: s.g", "'ok': true", "s.g|cased: X", "kind: ''", "'*': x", "n: 1.5",
    "s.g|contains|all: [x, y]", "ip|cidr: 10.0.0.0/8", "s.t.u: '*'",
)  # fmt: skip
CONDITIONS = ("one", "one and two", "one or two", "not one", "one and not two", "(one or two) and six", "1 of *")
SCALARS = st.sampled_from(
    ["a", "b", "a.b", "A", "x", "X", "y", "xy", "z", "zz", "", 3, 3.0, 1.5, True, None, "10.1.2.3"]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["g", "t", "u", "t.u", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)
EVENTS = st.dictionaries(
    st.sampled_from(["kind", "n", "s", "s.g", "s.t", "s.t.u", "ok", "ip", "other"]), VALUES, max_size=5
)


@st.composite
def collections(draw: st.DrawFn) -> Collection:
    texts = []
    for number in range(draw(st.integers(1, 6))):
        sections = "".join(f"  {name}:\n    {draw(st.sampled_from(ITEMS))}\n" for name in ("one", "two", "six"))
        condition = draw(st.sampled_from(CONDITIONS))
        texts.append(f"title: t{number}\nid: r{number}\ndetection:\n{sections}  condition: {condition}\n")
    return read_collection("---\n".join(texts))


def matching(collection: Collection, event: dict[str, Any]) -> set[int]:
    return {
        index
        for index, rule in enumerate(collection.rules)
        if isinstance(rule, Detection) and compile_expression(rule.expression)(View(event, {}))
    }


@settings(max_examples=200, deadline=None)
@given(collections(), st.lists(EVENTS, min_size=1, max_size=5))
def test_candidates_hold_every_match(collection: Collection, events: list[dict[str, Any]]) -> None:
    expressions = [rule.expression for rule in collection.rules if isinstance(rule, Detection)]
    prefilter = Prefilter(expressions, {})
    for event in [*events, *events]:
        candidates = prefilter.candidates(View(event, {}))
        wanted = matching(collection, event)
        assert wanted <= set(candidates)
        sure = {index for index in candidates if decided(expressions[index])}
        assert sure <= wanted


@settings(max_examples=100, deadline=None)
@given(collections(), st.lists(EVENTS, min_size=1, max_size=5))
def test_findings_are_those_of_every_rule_on_every_event(collection: Collection, events: list[dict[str, Any]]) -> None:
    run = Run(collection)
    found = {(int(one.rule.id[1:]), one.lines[0] - 1) for one in run.over(io.BytesIO(jsonl(events)))}
    assert found == {(rule, line) for line, event in enumerate(events) for rule in matching(collection, event)}


def test_a_mapping_decides_which_keys_an_event_needs() -> None:
    collection = read_collection("title: t\ndetection:\n  sel: {User.Name: root}\n  condition: sel\n")
    rule = collection.rules[0]
    assert isinstance(rule, Detection)
    mapping = {"User.Name": ("who", "actor.name")}
    prefilter = Prefilter([rule.expression], mapping)
    for event in ({"who": "ROOT"}, {"actor": {"name": "root"}}, {"actor.name": "root"}, {"actor": [{"name": "root"}]}):
        assert prefilter.candidates(View(event, mapping)) == (0,)
    for event in ({"User": {"Name": "root"}}, {"who": "x"}, {}):
        assert prefilter.candidates(View(event, mapping)) == ()


def test_hostile_shapes_are_not_remembered() -> None:
    collection = read_collection("title: t\ndetection:\n  sel: {kind: a}\n  condition: sel\n")
    rule = collection.rules[0]
    assert isinstance(rule, Detection)
    prefilter = Prefilter([rule.expression], {})
    for number in range(10_000):
        prefilter.candidates(View({f"k{number}": 1, "kind": "x" * 100}, {}))
        prefilter.candidates(View({f"k{number}": 1, "kind": "a"}, {}))
    assert len(prefilter._shapes) <= 4_096

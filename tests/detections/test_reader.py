"""Rules that are wrong say where and what; what Sigma allows is read."""

from __future__ import annotations

import contextlib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.core.errors import BartizanError, DocumentError, Place
from bartizan.detections.sigma import Correlation, CorrelationType, load_collection, read_collection
from bartizan.detections.sigma.condition import parse_condition
from bartizan.detections.sigma.model import Expression, Match, Null, Or

RULE = "title: t\nname: r\ndetection:\n  sel:\n    f: 1\n  condition: sel\n"
CORRELATION = "---\ntitle: c\ncorrelation:\n  type: event_count\n  rules: [r]\n  timespan: 5m\n  condition: {gte: 2}\n"

BROKEN = [
    ("title: t", "x:1:1: found no 'detection', 'correlation' or 'filter'"),
    ("detection:\n  sel: {f: 1}\n  condition: sel", "x:1:1: found no title"),
    (RULE.replace("condition: sel", "condition: sle"), "x:6:14: found the name 'sle'"),
    (RULE.replace("condition: sel", "condition: 'sel and'"), "x:6:15: found the end of the condition"),
    (RULE.replace("condition: sel", "condition: sel and (sel"), "found the end of the condition, expected ')'"),
    (RULE.replace("condition: sel", "condition: sel | count() > 5"), "x:6:18: found an aggregation of Sigma 1"),
    (RULE.replace("condition: sel", "condition: 2 of sel*"), "x:6:14: found '2 of', expected '1 of' or 'all of'"),
    (RULE.replace("condition: sel", "condition: 1 of xyz*"), "which fits no selection"),
    (RULE.replace("condition: sel", "condition: sel sel"), "x:6:18: found 'sel', expected 'and', 'or' or the end"),
    (RULE.replace("f: 1", "f|contain: 1"), "x:5:5: found the modifier 'contain'"),
    (RULE.replace("f: 1", "f|expand: '%x%'"), "x:5:5: found the modifier 'expand'"),
    (RULE.replace("f: 1", "f|re|contains: a"), "x:5:5: found the modifier 're' with 'contains'"),
    (RULE.replace("f: 1", "f|re: '(?=a)'"), "x:5:11: found a pattern RE2 refuses"),
    (RULE.replace("f: 1", "f|re: 'a{1000}{1000}'"), "found a pattern RE2 refuses"),
    (RULE.replace("f: 1", "f|cidr: 10.0.0.0/99"), "x:5:13: found the text '10.0.0.0/99'"),
    (RULE.replace("f: 1", "f|gt: high"), "x:5:11: found the text 'high', expected a number"),
    (RULE.replace("f: 1", "f|exists: maybe"), "expected true or false"),
    (RULE.replace("f: 1", "f|base64: 'a*'"), "found a wildcard in a value to encode"),
    (RULE.replace("f: 1", "f: {g: 1}"), "found a structure below 'f'"),
    (RULE.replace("f: 1", "f: []"), "found an empty list"),
    (RULE.replace("  condition", "  timeframe: 5m\n  condition"), "found 'timeframe' of Sigma 1"),
    (RULE + "level: hihg\n", "x:7:8: found the text 'hihg', expected informational, low, medium, high or critical"),
    (RULE + "tags: [Attack]\n", "found the text 'Attack', expected a tag"),
    (RULE + CORRELATION.replace("[r]", "[q]"), "x:8:1: found a reference to 'q'"),
    (RULE + CORRELATION.replace("5m", "5 m"), "x:12:13: found the text '5 m', expected a time span"),
    (RULE + CORRELATION.replace("5m", "0s"), "expected a time span"),
    (RULE + CORRELATION.replace("gte: 2", "gte: two"), "expected a number"),
    (RULE + CORRELATION.replace("event_count", "value_count"), "found no 'field'"),
    (RULE + CORRELATION.replace("event_count", "event_cont"), "did you mean 'event_count'?"),
    (RULE + CORRELATION.replace("timespan", "timespam"), "did you mean 'timespan'?"),
    (RULE + CORRELATION.replace("event_count", "temporal").replace("{gte: 2}", "r and not r"), "'not'"),
    (RULE + "---\n" + RULE, "found the rule 'r' again"),
    ("title: t\nname: c\ncorrelation: {type: event_count, rules: [c], timespan: 1s, condition: {gte: 1}}", "a circle"),
    (RULE.replace("    f: 1", "\tf: 1"), "x:5:1: found a tab"),
]


@pytest.mark.parametrize(("text", "message"), BROKEN, ids=[message[:50] for _, message in BROKEN])
def test_what_is_wrong_is_named_with_its_place(text: str, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_collection(text, "x")
    assert message in str(caught.value)


def test_referred_rules_are_reported_only_when_asked() -> None:
    assert read_collection(RULE + CORRELATION).reported == {"c"}
    assert read_collection(RULE + CORRELATION + "  generate: true\n").reported == {"r", "c"}


def test_references_go_by_id_or_name_and_in_any_order() -> None:
    rule = RULE.replace("name: r", "name: r\nid: 5638f7c0-ac70-491d-8465-2a65075e0d86")
    for name in ("r", "5638f7c0-ac70-491d-8465-2a65075e0d86"):
        collection = read_collection(CORRELATION.replace("[r]", f"[{name}]") + "---\n" + rule)
        correlation = collection.rules[-1]
        assert isinstance(correlation, Correlation)
        assert correlation.rules == ("5638f7c0-ac70-491d-8465-2a65075e0d86",)


def test_a_condition_in_words_names_the_rules() -> None:
    text = RULE + "---\n" + RULE.replace("r\n", "s\n") + CORRELATION.replace("event_count", "temporal")
    correlation = read_collection(text.replace("{gte: 2}", "r or s").replace("  rules: [r]\n", "")).rules[-1]
    assert isinstance(correlation, Correlation)
    assert correlation.type is CorrelationType.TEMPORAL
    assert correlation.rules == ("r", "s")


def test_global_documents_are_merged_into_those_after_them() -> None:
    text = "action: global\ntitle: g\nlevel: high\n---\nname: a\ndetection: {sel: {f: 1}, condition: sel}\n---\n"
    text += "name: b\ndetection: {sel: {f: 2}, condition: sel}\n"
    assert [rule.header.level for rule in read_collection(text).rules] == ["high", "high"]


def test_folders_are_read_and_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "b.yml").write_text(CORRELATION)
    (tmp_path / "a.yaml").write_text(RULE)
    (tmp_path / "readme.md").write_text("no rule")
    assert len(load_collection([tmp_path, tmp_path / "a.yaml"]).rules) == 2
    with pytest.raises(BartizanError, match="there is no rule"):
        load_collection([])


def test_filters_are_added_to_the_rules_they_name() -> None:
    text = RULE + "---\ntitle: f\nfilter:\n  rules: [r]\n  sel: {user: adm}\n  condition: not sel\n"
    collection = read_collection(text)
    assert len(collection.rules) == 1
    assert collection.rules[0].header.digest != read_collection(RULE).rules[0].header.digest


@given(st.text(alphabet="title:detcon selafr|*()[]{}-&!'\"\n 1", max_size=120))
def test_no_text_breaks_the_reader(text: str) -> None:
    with contextlib.suppress(BartizanError):
        read_collection(text)


@given(st.text(alphabet="ab ()notrdf1l*", max_size=40))
def test_no_condition_breaks_the_reader(condition: str) -> None:
    with contextlib.suppress(DocumentError):
        read_collection(f"title: t\ndetection:\n  a: {{f: 1}}\n  b: {{f: 2}}\n  condition: '{condition}'\n")


@given(st.text(alphabet="ab*", min_size=1, max_size=8), st.sets(st.text(alphabet="ab", min_size=1, max_size=6)))
def test_a_pattern_of_names_is_a_glob(pattern: str, names: set[str]) -> None:
    selections: dict[str, Expression] = {name: Match(name, Null()) for name in names}
    wanted = [name for name in selections if fnmatchcase(name, pattern)]
    place = Place("x", 1, 1)
    if not wanted:
        with pytest.raises(DocumentError, match="fits no selection"):
            parse_condition(f"1 of {pattern}", place, selections)
        return
    tree = parse_condition(f"1 of {pattern}", place, selections)
    found = tree.terms if isinstance(tree, Or) else (tree,)
    assert [term.field for term in found if isinstance(term, Match)] == wanted


def test_a_hostile_rule_costs_no_time() -> None:
    text = RULE.replace("sel", "a" * 60)
    with pytest.raises(DocumentError, match="fits no selection"):
        read_collection(text.replace(f"condition: {'a' * 60}", f"condition: 1 of {'a*' * 30}b"))
    values = "[" + ", ".join(f"a{number}" for number in range(2_000)) + "]"
    with pytest.raises(DocumentError, match="values to compare"):
        read_collection(RULE.replace("f: 1", f"f: {values}").replace(": sel\n", f": {' or '.join(['sel'] * 60)}\n"))
    with pytest.raises(DocumentError, match="too many wildcards"):
        read_collection(RULE.replace("f: 1", f"f: '{'?a*' * 51}'"))


def test_a_deep_condition_is_refused() -> None:
    with pytest.raises(DocumentError, match="levels"):
        read_collection(RULE.replace("condition: sel", f"condition: {'(' * 500}sel{')' * 500}"))

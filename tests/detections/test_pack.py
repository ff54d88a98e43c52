"""The rules that ship: their cases, what each must say, the fields they ask for, and silence on ordinary days."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import inspect as kinds

from bartizan.core.errors import ArtefactError, ConfigurationError
from bartizan.core.threat import Threat
from bartizan.detections.cases import BUILTIN, replay, run_cases
from bartizan.detections.coverage import atlas_coverage
from bartizan.detections.records import journaled, record_kinds, spelled_out
from bartizan.detections.sigma import load_collection, read_collection
from bartizan.detections.sigma.model import (
    Correlation,
    Detection,
    Expression,
    Level,
    Match,
    Not,
)

sys.path.insert(0, str(Path(__file__).parents[1]))
import detections_pages

PACK = load_collection([BUILTIN])
SHOWN = [rule.header for rule in PACK.rules if rule.header.key in PACK.reported]
PAGES = Path(__file__).parents[2] / "docs" / "detections"


def test_every_case_passes() -> None:
    results = run_cases(PACK)
    assert not [one for one in results if not one.passed]
    assert {one.rule for one in results} == {header.title for header in SHOWN}


@pytest.mark.parametrize("header", SHOWN, ids=lambda header: header.name)
def test_a_rule_says_what_an_analyst_needs(header: Any) -> None:
    cases = header.custom["cases"]
    assert cases["positive"]
    assert cases["negative"]
    assert header.custom["threat"] in list(Threat)
    assert header.tags
    assert header.falsepositives
    assert header.custom["response"]


def test_there_are_rules_for_each_threat() -> None:
    assert len(SHOWN) >= 60
    assert {header.custom["threat"] for header in SHOWN} == set(Threat)
    assert len({header.title for header in SHOWN}) == len(SHOWN)


def test_the_pages_are_what_the_rules_say() -> None:
    assert detections_pages.tables("pack.md")[0] == detections_pages.pack()
    assert detections_pages.tables("coverage.md") == [
        detections_pages.coverage(seen=True),
        detections_pages.coverage(seen=False),
    ]
    assert detections_pages.tables("convert.md")[0] == detections_pages.targets()
    seen, total = detections_pages.counts()
    assert f"look for {seen} of the {total} techniques" in (PAGES / "coverage.md").read_text(encoding="utf-8")
    assert f"\n{len(SHOWN)} rules over" in (PAGES / "pack.md").read_text(encoding="utf-8")


def matches(expression: Expression) -> Iterator[Match]:
    if isinstance(expression, Match):
        yield expression
    elif isinstance(expression, Not):
        yield from matches(expression.term)
    else:
        for term in expression.terms:
            yield from matches(term)


def paths(kind: kinds.Type, before: str = "") -> Iterator[str]:
    if isinstance(kind, kinds.UnionType):
        for one in kind.types:
            yield from paths(one, before)
    elif isinstance(kind, kinds.CollectionType):
        yield from paths(kind.item_type, before)
    elif isinstance(kind, kinds.StructType):
        for field in kind.fields:
            name = f"{before}{field.encode_name}"
            yield name
            yield from paths(field.type, name + ".")


FIELDS = {"kind"} | {path for kind in record_kinds().values() for path in paths(kinds.type_info(kind))}


@pytest.mark.parametrize("rule", PACK.rules, ids=lambda rule: rule.header.name)
def test_rules_ask_only_for_fields_of_records(rule: Any) -> None:
    if isinstance(rule, Detection):
        asked = {match.field for match in matches(rule.expression)}
    else:
        assert isinstance(rule, Correlation)
        asked = {*rule.group_by, *rule.fields} - set(rule.aliases)
    assert asked <= FIELDS


def test_ordinary_days_are_silent() -> None:
    quiet = replay(PACK, days=1, seed=7)
    assert quiet is not None
    assert quiet.records > 3_000
    assert not quiet.alarms
    assert set(quiet.findings) == {"Prompt injection blocked"}


def test_a_replay_notices_a_rule_that_fires_on_everything() -> None:
    noisy = read_collection(
        "title: all\nlevel: high\nlogsource: {product: bartizan}\n"
        "detection: {s: {kind: request.accepted}, condition: s}\n"
    )
    quiet = replay(noisy, days=1)
    assert quiet is not None
    assert quiet.alarms == ("all",)
    assert replay(read_collection("title: other\ndetection: {s: {kind: a}, condition: s}\n")) is None


def test_cases_see_what_the_journal_leaves_out() -> None:
    assert "action" not in journaled({"kind": "request.refused", "action": "block"}, "here")
    assert journaled({"kind": "tool.decided", "action": "block"}, "here")["action"] == "block"


@pytest.mark.parametrize(
    ("event", "cause"),
    [
        ({"kind": "request.answered"}, "no record of kind 'request.answered'"),
        ({"kind": "request.refused", "user": "x"}, "has no field 'user'"),
        ({"kind": "request.accepted", "signals": [{"origin": "user"}]}, "request.accepted.signals has no field"),
        ({"kind": "request.accepted", "action": "deny"}, "deny"),
    ],
)
def test_cases_on_what_nobody_writes_are_errors(event: dict[str, Any], cause: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(cause)):
        journaled(event, "here")


def test_cases_are_spelled_out() -> None:
    one = {"kind": "a", "who": "p{n}", "repeat": 2, "every": 10, "wait": 5}
    events = list(spelled_out([one, {"kind": "b"}], "here"))
    assert [event["who"] for event in events[:2]] == ["p0", "p1"]
    assert [event["at"][14:19] for event in events] == ["00:05", "00:15", "01:15"]
    with pytest.raises(ConfigurationError, match="are numbers"):
        list(spelled_out([{"repeat": "x"}], "here"))
    with pytest.raises(ConfigurationError, match="more than"):
        list(spelled_out([{"repeat": 1e9}], "here"))


def test_coverage_must_be_honest() -> None:
    rules = read_collection("title: t\ntags: [atlas.aml.t0001.002]\ndetection: {s: {kind: a}, condition: s}\n")
    row = {"id": "AML.T0001", "title": "t"}
    seen = atlas_coverage(rules, {"blind": {}, "techniques": [{**row, "limit": "part"}]})
    assert [(one.rules, one.remark) for one in seen] == [(("t",), "part")]
    for wrong in ({**row, "blind": "x"}, row, {**row, "id": "AML.T0002", "limit": "part"}):
        with pytest.raises(ArtefactError):
            atlas_coverage(rules, {"blind": {"x": "why"}, "techniques": [wrong]})
    assert all(rule.level in list(Level) for rule in SHOWN)

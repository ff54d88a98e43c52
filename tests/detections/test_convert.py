"""Conversion to languages whose engines do not run here: exact texts, refusals, and the documented meaning of one."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stream import run

from bartizan.core.errors import ConfigurationError
from bartizan.detections.cases import BUILTIN
from bartizan.detections.convert import TARGETS, convert_all, make_target
from bartizan.detections.convert.splunk import field_of
from bartizan.detections.sigma import load_collection, read_collection

PACK = load_collection([BUILTIN])


def said(target: str, detection: str, fields: dict[str, tuple[str, ...]] | None = None) -> tuple[str, str]:
    """The query, or the reason why there is none."""
    rule = f"title: t\ndetection: {detection}\n"
    (outcome,) = convert_all(read_collection(rule), make_target(target, fields or {}))
    return (outcome.converted.text if outcome.converted else ""), outcome.reason


KNOWN = (
    "{s: {kind: request.refused, signals.guard: secret, status|gte: 400}, n: {action: [block, a*]},"
    " condition: s and not n}"
)


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (
            "splunk",
            'search sourcetype="bartizan:native" ((kind="request.refused" "signals{}.guard"="secret" status>=400)'
            ' NOT (action="block" OR action="a*"))',
        ),
        (
            "esql",
            "FROM bartizan-native METADATA _id\n"
            '| WHERE ((COALESCE(TO_LOWER(`kind`) == "request.refused", false)'
            ' AND COALESCE(CONCAT("\\t", MV_CONCAT(TO_LOWER(`signals.guard`), "\\t"), "\\t")'
            ' LIKE "*\\tsecret\\t*", false)'
            ' AND COALESCE(`status` >= 400, false)) AND NOT ((COALESCE(TO_LOWER(`action`) == "block", false)'
            ' OR COALESCE(TO_LOWER(`action`) LIKE "a*", false))))',
        ),
        (
            "kusto",
            "Bartizan_CL\n| where ((tostring(['kind']) =~ \"request.refused\""
            " and tostring(['signals']) matches regex \"\\\"guard\\\":\\\"(?i:secret)\\\"\""
            " and coalesce(todouble(['status']) >= 400, false)) and not((tostring(['action']) =~ \"block\""
            " or tostring(['action']) startswith \"a\")))",
        ),
    ],
)  # fmt: skip
def test_the_text_of_a_rule(target: str, text: str) -> None:
    assert said(target, KNOWN) == (text, "")


def test_the_text_of_a_correlation() -> None:
    rule = next(rule for rule in PACK.rules if rule.header.name == "one_prompt_repeated")
    assert make_target("splunk", {}).convert(rule, PACK).text.split("\n| ") == [
        'search sourcetype="bartizan:native" kind="request.accepted"',
        "eval group0=lower('principal')", "where isnotnull(group0)",
        "eval group1=lower('prompt')", "where isnotnull(group1)", "sort 0 _time",
        "streamstats time_window=600s count as measure by group0 group1", "where measure >= 30",
        "dedup _time group0 group1", "table _time group0 group1 measure",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("target", "detection", "reason"),
    [
        ("splunk", "{s: {f: 'a?'}, condition: s}", "one character"),
        ("splunk", r"{s: {f: 'a\*'}, condition: s}", "literal *"),
        ("splunk", "{s: {f|cased: a}, condition: s}", "cased"),
        ("splunk", "{s: {f|re: a}, condition: s}", "regex"),
        ("splunk", "{s: {f: null}, condition: s}", "null"),
        ("splunk", "{s: [word], condition: s}", "keywords"),
        ("splunk", "{s: {f|cidr: '2001:db8::/32'}, condition: s}", "cidr"),
        ("esql", "{s: {f: ärger}, condition: s}", "ASCII"),
        ("esql", "{s: {signals.rule: 'a*b'}, condition: s}", "reach into the next"),
        ("esql", "{s: {signals.score|gt: 0.5}, condition: s}", "value in a list"),
        ("esql", "{s: {f|re: a}, condition: s}", "regex"),
        ("esql", "{s: {status: abc}, condition: s}", "no texts"),
        ("kusto", "{s: {f: ''}, condition: s}", "empty text"),
        ("kusto", "{s: {signals.rule: 'a\\b'}, condition: s}", "JSON escapes"),
        ("kusto", "{s: {'a b': x}, condition: s}", "as a column"),
        ("opensearch", "{s: {f|re: a}, condition: s}", "regex"),
        ("opensearch", "{s: {f: Ä}, condition: s}", "ASCII"),
        ("opensearch", "{s: {f|fieldref: g}, condition: s}", "fieldreference"),
    ],
)
def test_what_cannot_be_said_is_refused(target: str, detection: str, reason: str) -> None:
    text, why = said(target, detection)
    assert not text
    assert reason in why


def test_every_shipped_rule_is_said_or_refused_with_a_reason() -> None:
    for target in TARGETS:
        outcomes = convert_all(PACK, make_target(target, {}))
        assert all((outcome.converted is None) is bool(outcome.reason) for outcome in outcomes)


def test_names_of_fields_are_mapped() -> None:
    text, _ = said("splunk", "{s: {User: ann}, condition: s}", {"User": ("user.name", "login")})
    assert text.endswith('("user.name"="ann" OR login="ann")')
    _, reason = said("sqlite", "{s: {User: null}, condition: s}", {"User": ("a", "b")})
    assert "several names" in reason
    assert field_of("coverage.uncovered.kind") == "coverage.uncovered{}.kind"


@pytest.mark.parametrize("evil", ['"] | delete //', "a\\", 'x" OR 1=1 "', "\n| delete", "`", "\u2028"])
def test_texts_of_rules_cannot_leave_their_quotes(evil: str) -> None:
    for target in TARGETS:
        text, reason = said(target, json.dumps({"s": {"kind": evil}, "condition": "s"}, ensure_ascii=False))
        if reason or target in ("opensearch", "sqlite"):
            continue
        body = text.partition("kind")[2].partition('"')[2]
        rest = re.sub(r'\\.|[^"\\]', "", body)
        assert rest == '"', (target, text)


def test_a_source_is_named_where_there_is_one() -> None:
    with pytest.raises(ConfigurationError, match="no target"):
        make_target("snort", {})
    with pytest.raises(ConfigurationError, match="no source"):
        make_target("sqlite", {}, "events")
    rule = read_collection("title: t\ndetection: {s: {f: a}, condition: s}\n")
    (outcome,) = convert_all(rule, make_target("esql", {}, "logs-*"))
    assert outcome.converted is not None
    assert outcome.converted.text.startswith("FROM logs-* ")


def means(query: Any, event: dict[str, Any]) -> bool:
    """Query DSL by its documentation, over keyword, number and boolean fields."""
    ((kind, body),) = query.items()
    if kind == "bool":
        parts = [means(one, event) for one in body.get("filter", [])]
        parts += [not means(one, event) for one in body.get("must_not", [])]
        if "should" in body:
            parts.append(any(means(one, event) for one in body["should"]))
        return all(parts)
    field, test = (body["field"], None) if kind == "exists" else next(iter(body.items()))
    values = [value for value in leaves(event, field.split(".")) if value is not None]
    if kind == "exists":
        return bool(values)
    if kind == "range":
        signs = {"gt": float.__gt__, "gte": float.__ge__, "lt": float.__lt__, "lte": float.__le__}
        return any(signs[sign](float(v), float(n)) for v in values for sign, n in test.items())
    wanted = test["value"]
    if kind == "term" and not isinstance(wanted, str):
        return wanted in values
    fold = str.lower if test.get("case_insensitive") else str
    if kind == "term":
        return any(fold(value) == fold(wanted) for value in values)
    pattern = re.sub(r"\\(.)|([*?])|(.)", lambda m: {"*": ".*", "?": "."}.get(m[2]) or re.escape(m[1] or m[3]), wanted)
    return any(re.fullmatch(fold(pattern), fold(value), re.DOTALL) for value in values)


def leaves(value: Any, steps: list[str]) -> list[Any]:
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item, steps)]
    if not steps:
        return [value]
    return leaves(value.get(steps[0]), steps[1:]) if isinstance(value, dict) and steps[0] in value else []


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(
        ["kind: a", "kind: 'A*'", "signals.guard: b", "signals.guard: 'x?z'", "status|gte: 400", "status: 401",
         "accepted: true", "loosened|exists: true", "reason|contains: 'q*\\*'", "reason|cased: Ab", "reason: [a, b]"]
    ),
    st.sampled_from(["s", "not s"]),
    st.fixed_dictionaries(
        {},
        optional={
            "kind": st.sampled_from(["a", "A", "ab", "b"]), "status": st.sampled_from([399, 400, 401]),
            "accepted": st.booleans(), "loosened": st.lists(st.just("m"), min_size=1, max_size=2),
            "reason": st.sampled_from(["a", "Ab", "AB", "xq\n*y", "q*"]),
            "signals": st.lists(st.fixed_dictionaries({"guard": st.sampled_from(["b", "xyz", "xz"])}), max_size=2),
        },
    ),
)  # fmt: skip
def test_query_dsl_means_what_the_rule_means(item: str, condition: str, event: dict[str, Any]) -> None:
    rule = f"title: t\ndetection:\n  s:\n    {item}\n  condition: {condition}\n"
    findings, _ = run(rule, [event])
    (outcome,) = convert_all(read_collection(rule), make_target("opensearch", {}))
    assert outcome.converted is not None
    assert means(json.loads(outcome.converted.text)["query"], event) is bool(findings)

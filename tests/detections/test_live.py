from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from bartizan.core.errors import ConfigurationError, DocumentError
from bartizan.core.event import FindingRaised, RuleAlarmed
from bartizan.core.threat import Severity
from bartizan.detections.live import LiveRules, LiveState, Raised
from bartizan.detections.rulebook import rules_in_force
from bartizan.detections.sigma import read_collection

SECOND = 1_000_000
NOW = 1_800_000_000 * SECOND
BLOCK = """title: Blocked
id: blocked
level: high
tags: [atlas.aml.t0051, attack.t1110, attack.credential-access, threat.other]
logsource: {product: bartizan}
detection: {sel: {kind: request.refused}, condition: sel}
threat: prompt_injection
response: Look
"""
MANY = """---
title: Many
id: many
level: critical
correlation:
  {type: event_count, rules: [blocked], group-by: [principal], timespan: 60s, condition: {gte: 3}, generate: true}
"""


def live(text: str = BLOCK + MANY, per_minute: int = 60, suppress: float = 0) -> LiveRules:
    return LiveRules(read_collection(text), lateness=1, suppress=suppress, per_minute=per_minute)


def refused(number: int, principal: str = "ann", kind: str = "request.refused") -> dict[str, Any]:
    return {"kind": kind, "id": f"e{number}", "principal": principal}


def feed(rules: LiveRules, events: list[tuple[float, dict[str, Any]]]) -> list[Raised]:
    found: list[Raised] = []
    for seconds, event in events:
        time = NOW + round(seconds * SECOND)
        found += rules.judge(event, time, time)
    return found


def test_findings_say_what_rule_and_events_say() -> None:
    rules = live()
    first, *_ = feed(rules, [(0, refused(1) | {"session": "s"})])
    assert isinstance(first, FindingRaised)
    assert (first.rule, first.title, first.severity, first.threat) == (
        "blocked", "Blocked", Severity.HIGH, "prompt_injection",
    )  # fmt: skip
    assert (first.techniques, first.principal, first.session, first.events, first.remediation) == (
        ("AML.T0051", "T1110"), "ann", "s", ("e1",), "Look",
    )  # fmt: skip
    feed(rules, [(1, refused(2)), (2, refused(3))])
    assert rules.quiet(NOW + 2 * SECOND) == []
    (many,) = rules.quiet(NOW + 4 * SECOND)
    assert isinstance(many, FindingRaised)
    assert (many.principal, many.group, many.events, many.measure, many.value) == (
        "ann", {"principal": "ann"}, ("e1", "e2", "e3"), "event_count", 3.0,
    )  # fmt: skip
    assert many.start is not None
    assert many.end is not None
    assert (many.end - many.start).total_seconds() == 60


def test_a_rule_never_sees_what_rules_write() -> None:
    rules = live("title: t\nid: t\ndetection: {sel: {kind: '*'}, condition: sel}\n")
    kinds = ["finding.raised", "rule.alarmed", "rules.changed", "request.refused"]
    assert len(feed(rules, [(n, refused(n, kind=kind)) for n, kind in enumerate(kinds)])) == 1


def test_a_rule_that_matches_everything_is_muted_and_reported() -> None:
    rules = live("title: All\nid: all\ndetection: {sel: {kind: '*'}, condition: sel}\n", per_minute=5)
    found = feed(rules, [(n / 10, refused(n)) for n in range(1_500)])
    alarms = [one for one in found if isinstance(one, RuleAlarmed)]
    findings = [one for one in found if isinstance(one, FindingRaised)]
    assert [one.state for one in alarms] == ["muted", "noisy", "muted"]
    assert alarms[1].count == 1_000
    assert len(findings) == 5 * 3
    last = rules.quiet(NOW + 1_000 * SECOND)
    assert len(findings) + sum(one.count for one in (*alarms, *last) if one.state == "muted") == 1_500  # type: ignore[union-attr]


def test_what_only_feeds_correlations_may_match_everything() -> None:
    rules = live(BLOCK + MANY.replace(", generate: true", ""), suppress=10_000)
    found = feed(rules, [(n / 100, refused(n)) for n in range(1_500)])
    assert [type(one) for one in found] == [FindingRaised]


def test_a_rule_that_fails_costs_the_others_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = live(BLOCK + "---\ntitle: u\nid: u\ndetection: {sel: {kind: '*'}, condition: sel}\n")
    plan = rules._engine._plan

    def broken(view: object) -> bool:
        raise RecursionError

    detections = (plan.detections[0], *[replace(one, matches=broken) for one in plan.detections[1:]])
    monkeypatch.setattr(rules._engine, "_plan", replace(plan, detections=detections))
    found = feed(rules, [(0, refused(1)), (1, refused(2))])
    assert [(one.rule, getattr(one, "state", "")) for one in found] == [
        ("blocked", ""),
        ("u", "failed"),
        ("blocked", ""),
    ]
    assert rules.totals().failed == 2


def test_clocks_that_are_wrong_do_not_stop_the_others() -> None:
    rules = live()
    (odd,) = rules.judge(refused(0), NOW + 10**15, NOW)
    assert isinstance(odd, FindingRaised)
    assert odd.end is None
    feed(rules, [(n, refused(n)) for n in range(1, 4)])
    assert [one.rule for one in rules.quiet(NOW + 10 * SECOND)] == ["many"]
    (ancient,) = rules.judge(refused(5), 1, NOW + 11 * SECOND)
    assert isinstance(ancient, FindingRaised)
    assert (rules.totals().untimed, rules.totals().late) == (1, 1)


def test_wherever_the_stream_is_cut_the_findings_are_the_same() -> None:
    chance = random.Random(3)
    events = [(n / 3 + chance.random() / 2, refused(n, chance.choice("abc"))) for n in range(400)]
    whole = live(per_minute=20)
    wanted = [one.id for one in feed(whole, events) + whole.quiet(NOW + 10**9)]
    assert len(wanted) > 100
    rules, got = live(per_minute=20), []
    for start in range(0, 400, 7):
        got += [one.id for one in feed(rules, events[start : start + 7])]
        state = msgspec.msgpack.decode(msgspec.msgpack.encode(rules.save()), type=LiveState)
        rules = live(per_minute=20)
        rules.load(state)
    got += [one.id for one in rules.quiet(NOW + 10**9)]
    assert got == wanted


def test_rules_that_stay_keep_what_they_know_when_others_change() -> None:
    rules = live()
    feed(rules, [(0, refused(1)), (1, refused(2))])
    other = (
        "---\ntitle: x\nid: x\ncorrelation: {type: event_count, rules: [blocked], timespan: 5s, condition: {gte: 9}}\n"
    )
    changed = live(BLOCK + other + MANY.replace("title: Many", "description: now described\ntitle: Many"))
    changed.load(rules.save())
    feed(changed, [(2, refused(3))])
    assert [one.rule for one in changed.quiet(NOW + 5 * SECOND)] == ["many"]
    stricter = live(BLOCK.replace("kind: request", "principal: ann, kind: request") + MANY)
    stricter.load(rules.save())
    feed(stricter, [(2, refused(3))])
    assert stricter.quiet(NOW + 5 * SECOND) == []  # another meaning begins anew


def test_the_workspace_may_add_filter_and_silence() -> None:
    shipped = rules_in_force({})
    assert len(shipped.rules) >= 31
    own = {"rules/own.yml": BLOCK.encode(), "rules/README.md": b"{", "policy.yaml": b"{", "rules/w.yaml": b"""
title: Windows only
logsource: {product: windows}
detection: {sel: {a: 1}, condition: sel}
"""}  # fmt: skip
    assert len(rules_in_force(own).rules) == len(shipped.rules) + 1
    assert [rule.header.title for rule in rules_in_force(own, shipped=False).rules] == ["Blocked"]
    silent = rules_in_force(own, silent=["injection_blocked"])
    assert len(silent.rules) == len(shipped.rules) + 1
    assert len(silent.reported) == len(shipped.reported)
    with pytest.raises(ConfigurationError, match="there is no rule 'injection_blokked'"):
        rules_in_force(own, silent=["injection_blokked"])
    tuned = b"""title: Not the scanner
logsource: {product: bartizan, category: request}
filter: {rules: [injection_blocked], sel: {principal: scanner}, condition: not sel}
"""
    rules = LiveRules(rules_in_force({"rules/f.yml": tuned}), lateness=1, suppress=0, per_minute=9)
    blocked = {"kind": "request.refused", "action": "block", "signals": [{"guard": "prompt_injection"}]}
    titles = [
        one.title
        for who in ("scanner", "ann")
        for one in rules.judge({**blocked, "id": who, "principal": who}, NOW, NOW)
    ]
    assert titles == ["Prompt injection blocked"]
    with pytest.raises(DocumentError, match=r"rules/own.yml:1:1"):
        rules_in_force({"rules/own.yml": b"title: x\n"})
    assert rules_in_force({}, shipped=False).rules == ()

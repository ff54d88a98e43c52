"""Correlations by event time: windows, ties, groups, lateness, bounds, restart."""

from __future__ import annotations

import io
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stream import at, jsonl, run

from bartizan.core.errors import ConfigurationError, DocumentError
from bartizan.detections.engine import Checkpoint, Engine
from bartizan.detections.hits import Ref
from bartizan.detections.mapping import read_mapping
from bartizan.detections.running import Run, resume, save_checkpoint
from bartizan.detections.settings import EngineSettings
from bartizan.detections.sigma import read_collection

BASE = "".join(f"title: {n}\nname: {n}\ndetection: {{sel: {{k: {n}}}, condition: sel}}\n---\n" for n in "abc")


def rule(kind: str, rules: str = "[a]", *, condition: str = "{gte: 2}", more: str = "", span: str = "10s") -> str:
    text = f"title: corr\nname: corr\ncorrelation:\n  type: {kind}\n  rules: {rules}\n  timespan: {span}\n"
    return BASE + text + "  group-by: [u]\n" + (f"  condition: {condition}\n" if condition else "") + more


def completed(rules: str, events: list[dict[str, Any]], settings: EngineSettings | None = None) -> list[list[Any]]:
    findings, _ = run(rules, events, settings)
    return [list(finding.events) for finding in findings if finding.rule.title == "corr"]


def test_both_ends_of_a_window_belong_to_it() -> None:
    events = [at(0, k="a", u=1, id="x"), at(10, k="a", u=1, id="y")]
    assert completed(rule("event_count"), events) == [["x", "y"]]
    events[1]["time"] += 0.000_1
    assert completed(rule("event_count"), events) == []


def test_every_moment_that_qualifies_is_a_finding_unless_suppressed() -> None:
    events = [at(n, k="a", u=1, id=n) for n in range(4)]
    assert completed(rule("event_count"), events) == [[0, 1], [0, 1, 2], [0, 1, 2, 3]]
    assert completed(rule("event_count"), events, EngineSettings(suppress=2)) == [[0, 1], [0, 1, 2, 3]]


def test_events_of_one_moment_count_together() -> None:
    events = [at(0, k="a", u=1, id=n) for n in range(3)]
    findings, _ = run(rule("event_count", condition="{eq: 3}"), events)
    assert [finding.completed_by for finding in findings] == [(0, 1, 2)]


def test_groups_are_told_apart_without_case_and_type() -> None:
    events = [at(0, k="a", u="Bob", id=1), at(1, k="a", u="bob", id=2), at(2, k="a", u=7), at(3, k="a", u="7")]
    findings, _ = run(rule("event_count"), events)
    assert [finding.group for finding in findings] == [{"u": "bob"}, {"u": "7"}]


def test_events_without_a_group_do_not_count_and_are_reported() -> None:
    events = [at(0, k="a"), at(1, k="a", u=None), at(2, k="a", u=[]), at(3, k="a", u="")]
    findings, summary = run(rule("event_count"), events)
    assert not findings
    assert summary.counters.ungrouped == 3


def test_a_list_puts_an_event_into_the_group_of_each_value() -> None:
    events = [at(0, k="a", u=["x", "y"], id=1), at(1, k="a", u="x", id=2), at(2, k="a", u=["y", "z"], id=3)]
    assert completed(rule("event_count"), events) == [[1, 2], [1, 3]]


def test_an_event_that_matches_two_of_the_rules_counts_once() -> None:
    text = rule("event_count", "[a, other]") + "---\ntitle: o\nname: other\ndetection: {s: {k: a}, condition: s}\n"
    assert completed(text, [at(0, k="a", u=1, id=1)]) == []
    assert completed(text.replace("event_count", "temporal"), [at(0, k="a", u=1, id=1)]) == [[1]]


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [("{gt: 2}", [3, 4]), ("{lt: 2}", [1]), ("{lte: 2}", [1, 2]), ("{eq: 3}", [3]), ("{neq: 3}", [1, 2, 4]),
     ("{gt: 1, lte: 3}", [2, 3])],
)  # fmt: skip
def test_comparisons(condition: str, wanted: list[int]) -> None:
    found = completed(rule("event_count", condition=condition), [at(n, k="a", u=1) for n in range(4)])
    assert [len(events) for events in found] == wanted


def test_values_are_counted_without_case_null_left_out() -> None:
    events = [at(n, k="a", u=1, id=n, v=v) for n, v in enumerate(["X", "x", None, "y"])]
    assert completed(rule("value_count", condition="{field: v, gte: 2}"), events) == [[0, 1, 3]]


@pytest.mark.parametrize(
    ("kind", "condition", "value"),
    [
        ("value_sum", "{field: v, gte: 10}", 10.5),
        ("value_avg", "{field: v, gte: 3.5}", 3.5),
        ("value_median", "{field: v, eq: 3}", 3),
        ("value_percentile", "{field: v, percentile: 75, gte: 4.25}", 4.25),
    ],
)
def test_statistics(kind: str, condition: str, value: float) -> None:
    events = [at(n, k="a", u=1, v=v) for n, v in enumerate([2, "3", "junk", None, 5.5])]
    findings, _ = run(rule(kind, condition=condition), events)
    assert [finding.measure.value for finding in findings if finding.measure] == [value]


def test_temporal_needs_all_rules_in_any_order() -> None:
    events = [at(0, k="b", u=1, id="b"), at(5, k="a", u=1, id="a"), at(5, k="c", u=2, id="c")]
    assert completed(rule("temporal", "[a, b]", condition=""), events) == [["b", "a"]]
    assert completed(rule("temporal", "[a, b, c]", condition=""), events) == []
    assert completed(rule("temporal", "[a, b, c]", condition="{gte: 2}"), events) == [["b", "a"]]
    assert completed(rule("temporal", "[a, b, c]", condition="a and (b or c)"), events) == [["b", "a"]]


def test_an_order_needs_times_that_grow() -> None:
    text = rule("temporal_ordered", "[a, b]", condition="")
    assert completed(text, [at(0, k="a", u=1, id="a"), at(1, k="b", u=1, id="b")]) == [["a", "b"]]
    assert completed(text, [at(0, k="b", u=1, id="b"), at(1, k="a", u=1, id="a")]) == []
    assert completed(text, [at(0, k="a", u=1, id="a"), at(0, k="b", u=1, id="b")]) == []
    assert completed(text, [at(0, k="a", u=1), at(11, k="b", u=1)]) == []


def test_an_order_takes_the_newest_row_and_fires_at_its_last_rule_only() -> None:
    events = [at(t, k=k, u=1, id=f"{k}{t}") for t, k in enumerate("abacbca")]
    found = completed(rule("temporal_ordered", "[a, b, c]", condition=""), events)
    assert found == [["a0", "b1", "c3"], ["a2", "b4", "c5"]]


def test_part_of_an_order_is_enough_when_the_condition_says_so() -> None:
    events = [at(0, k="a", u=1, id="a"), at(1, k="c", u=1, id="c"), at(2, k="b", u=1, id="b")]
    found = completed(rule("temporal_ordered", "[a, b, c]", condition="{gte: 2}"), events)
    assert found == [["a", "c"], ["a", "b"]]


def test_findings_are_events_for_correlations_above() -> None:
    text = rule("event_count", "[a]") + "---\ntitle: top\ncorrelation:\n  type: temporal_ordered\n"
    text += "  rules: [corr, b]\n  timespan: 1m\n  group-by: [host]\n"
    events = [at(n, k="a", u=1, host="h", id=n) for n in range(2)] + [at(9, k="b", host="H", id=9)]
    findings, _ = run(text, events)
    assert [(finding.rule.title, finding.events) for finding in findings] == [("top", (0, 1, 9))]


def test_aliases_name_one_thing_in_two_ways() -> None:
    text = BASE + "title: corr\ncorrelation:\n  type: temporal\n  rules: [a, b]\n  timespan: 10s\n"
    text += "  group-by: [ip]\n  aliases: {ip: {a: src, b: dst.ip}}\n"
    events = [at(0, k="a", src="1.1.1.1", dst={"ip": "2"}, id=1), at(1, k="b", src="9", dst={"ip": "1.1.1.1"}, id=2)]
    assert completed(text, events) == [[1, 2]]
    by_id = text.replace("name: a\n", "name: a\nid: one\n").replace("[a, b]", "[one, b]")
    assert completed(by_id, events) == [[1, 2]]
    assert completed(text.replace("name: a\n", "name: a\nid: one\n").replace("a: src", "one: src"), events) == [[1, 2]]
    for wrong in ("c: src", "d: src", "a: src, one: x"):
        with pytest.raises(DocumentError, match="an alias for"):
            read_collection(by_id.replace("a: src", wrong))


def test_late_events_do_not_count_and_are_reported() -> None:
    events = [at(0, k="a", u=1, id=1), at(100, k="z"), at(1, k="a", u=1, id=2)]
    assert completed(rule("event_count"), events) == [[1, 2]]
    findings, summary = run(rule("event_count"), events, EngineSettings(lateness=50))
    assert not findings
    assert (summary.counters.late, summary.counters.late_examples, summary.complete) == (1, [2], False)
    assert completed(rule("event_count"), events, EngineSettings(lateness=100)) == [[1, 2]]


def test_events_without_time_are_judged_alone_and_reported() -> None:
    findings, summary = run(rule("event_count", more="  generate: true\n"), [{"k": "a", "u": 1}] * 3)
    assert [finding.rule.title for finding in findings] == ["a"] * 3
    assert (summary.counters.untimed, summary.complete) == (3, False)


def test_state_is_bounded_and_says_so() -> None:
    events = [at(n / 100, k="a", u=n) for n in range(50)] + [at(0, k="a", u=0)]
    _, summary = run(rule("event_count"), events, EngineSettings(max_groups=10, lateness=0))
    assert summary.counters.evicted_groups == 40
    _, summary = run(rule("event_count"), [at(n / 100, k="a", u=1) for n in range(50)], EngineSettings(max_window=5))
    assert summary.counters.evicted_hits == 45
    _, summary = run(rule("event_count"), [at(n, k="a", u=1) for n in range(50)], EngineSettings(max_pending=5))
    assert summary.counters.hurried == 45  # all of it was in order, so nothing is lost by it
    assert summary.complete
    events = [at(n, k="a", u=1) for n in range(50)] + [at(3, k="a", u=1)]
    _, summary = run(rule("event_count"), events, EngineSettings(max_pending=5))
    assert (summary.counters.late, summary.complete) == (1, False)  # what it cost is said
    findings, _ = run(rule("event_count"), [at(n / 10, k="a", u=1) for n in range(50)], EngineSettings(max_events=3))
    assert (len(findings[-1].events), findings[-1].total) == (3, 50)


@pytest.mark.parametrize("kind", ["event_count", "value_count", "value_sum", "temporal", "temporal_ordered"])
@given(st.randoms(use_true_random=False))
def test_a_short_list_of_events_is_the_end_of_the_long_one(kind: str, rng: random.Random) -> None:
    field = "field: v, " if kind.startswith("value") else ""
    top = "---\ntitle: top\ncorrelation: {type: event_count, rules: [corr], timespan: 9s, condition: {gte: 2}}\n"
    text = rule(kind, "[a, b, both]", condition=f"{{{field}gte: 2}}", more="  generate: true\n" + top)
    text += "---\ntitle: both\nname: both\ndetection: {sel: {k: [a, b]}, condition: sel}\n"
    events = [at(rng.randrange(20), k=rng.choice("ab"), u=1, v=rng.randrange(9), id=n) for n in range(20)]
    long, _ = run(text, events)
    short, _ = run(text, events, EngineSettings(max_events=4))
    assert [(f.id, f.total) for f in short if f.rule.name] == [(f.id, f.total) for f in long if f.rule.name]
    assert [f.events for f in short if f.rule.name] == [f.events[-4:] for f in long if f.rule.name]
    assert all(f.total == len(f.events) for f in long)


def test_an_event_without_what_is_measured_does_not_count() -> None:
    for kind in ("value_count", "value_sum"):
        text = rule(kind, condition="{field: v, lt: 9}")
        assert completed(text, [at(0, k="a", u=1, id=1), at(1, k="a", u=1, v=None, id=2)]) == []
        assert completed(text, [at(0, k="a", u=1, v=1, id=1), at(1, k="a", u=1, id=2)]) == [[1]]


def test_a_number_too_large_for_a_statistic_is_left_out() -> None:
    events = [at(0, k="a", u=1, v=10**400, id=1), at(1, k="a", u=1, v=5, id=2)]
    assert completed(rule("value_sum", condition="{field: v, gt: 1}"), events) == [[2]]


@given(st.randoms(use_true_random=False), st.sampled_from(["event_count", "temporal", "temporal_ordered"]))
def test_the_order_of_arrival_within_the_lateness_changes_nothing(rng: random.Random, kind: str) -> None:
    events = [at(rng.randrange(30), k=rng.choice("ab"), u=rng.choice("xy"), id=n) for n in range(25)]
    text = rule(kind, "[a, b]")
    shuffled = rng.sample(events, len(events))
    one, _ = run(text, events)
    for settings in (EngineSettings(lateness=30), EngineSettings()):
        other, _ = run(text, shuffled, settings)
        assert sorted((f.id, sorted(f.events)) for f in one) == sorted((f.id, sorted(f.events)) for f in other)


@given(st.randoms(use_true_random=False), st.integers(0, 40))
def test_a_restart_neither_misses_nor_doubles(rng: random.Random, cut: int) -> None:
    events = [at(rng.randrange(40), k=rng.choice("abz"), u=rng.choice("xy"), v=n) for n in range(40)]
    text = rule("temporal_ordered", "[a, b]", condition="", more="  generate: true\n")
    count = rule("event_count").removeprefix(BASE).replace("title: corr\nname: corr", "title: count\nname: count")
    collection = read_collection(f"{text}---\n{count}")

    def feed(engine: Engine, some: list[dict[str, Any]], first: int) -> list[Any]:
        return [
            finding
            for line, event in enumerate(some, start=first)
            for finding in engine.feed(event, Ref(line, line), (event["time"] - 1_700_000_000) * 1_000_000)
        ]

    settings = EngineSettings(lateness=10, suppress=3)
    whole = Engine(collection, settings)
    wanted = feed(whole, events, 0) + whole.finish()
    first = Engine(collection, settings)
    found = feed(first, events[:cut], 0)
    saved = msgspec.msgpack.decode(msgspec.msgpack.encode(first.save()), type=Checkpoint)
    second = Engine(collection, settings)
    assert second.load(saved)
    found += feed(second, events[cut:], cut) + second.finish()
    assert found == wanted
    assert second.totals() == whole.totals()
    assert not Engine(collection, EngineSettings(lateness=11)).load(saved)


def test_a_growing_file_is_read_on_from_its_checkpoint(tmp_path: Path) -> None:
    path, checkpoint = tmp_path / "events.jsonl", tmp_path / "state"
    data = jsonl([at(n, k="a", u=1, id=n) for n in range(6)])
    collection, settings = read_collection(rule("event_count", condition="{eq: 3}")), EngineSettings(lateness=1)
    found = []
    for end in (10, len(data) // 2, len(data) - 5, len(data)):
        path.write_bytes(data[:end])
        with path.open("rb") as file:
            work = Run(collection, settings)
            found += list(resume(work, file, checkpoint))
            save_checkpoint(work, file, checkpoint)
    assert [finding.lines for finding in found] == [(1, 2, 3)]
    path.write_bytes(b'{"another": "file"}\n' * 40)
    with path.open("rb") as file, pytest.raises(ConfigurationError, match="another file"):
        list(resume(Run(collection, settings), file, checkpoint))
    with path.open("rb") as file, pytest.raises(ConfigurationError, match="other rules or settings"):
        list(resume(Run(collection, EngineSettings(lateness=2)), file, checkpoint))


def test_broken_lines_are_reported_and_the_others_judged() -> None:
    work = Run(read_collection(rule("event_count", condition="{gte: 1}")))
    lines = [b"{oops", b"[1]", b"", jsonl([at(0, k="a", u="\ud800", big="x" * 5_000_000)]).strip(), b'{"torn": ']
    findings = list(work.over(io.BytesIO(b"\n".join(lines))))
    assert len(findings) == 1
    assert work.summary.unread.count == 3
    assert not work.summary.complete


def test_repeated_ids_and_noisy_rules_are_named() -> None:
    _, summary = run("title: all\ndetection: {s: {k: '*'}, condition: s}\n", [{"id": 1, "k": n} for n in range(100)])
    assert (summary.repeated_ids, summary.noisy) == (99, ["all"])


def test_a_mapping_names_fields_id_and_time(tmp_path: Path) -> None:
    path = tmp_path / "map.yml"
    path.write_text("fields:\n  k: [kind, x.kind]\nid: key\ntime: when\n")
    mapping = read_mapping([str(path), "u=user.name"])
    event = {"when": "2026-01-01T00:00:00Z", "x": {"kind": "a"}, "user": {"name": "eve"}, "key": "K"}
    findings, _ = run(rule("event_count", condition="{gte: 1}"), [event], mapping=mapping)
    assert [(f.events, f.at, f.group) for f in findings] == [(("K",), "2026-01-01T00:00:00Z", {"u": "eve"})]
    with pytest.raises(ConfigurationError):
        read_mapping(["k="])

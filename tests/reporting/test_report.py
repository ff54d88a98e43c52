"""The report: figures follow from the cases, the worst comes first, and hostile transcripts stay text."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reporting.test_html import read

from bartizan.core.stats import Rate
from bartizan.reporting.assessment import (
    HIT,
    INCONCLUSIVE,
    MISS,
    AddedLatency,
    Assessment,
    Case,
    Exchange,
    Fact,
    Quantile,
)
from bartizan.reporting.charts import Bar, Row, rate_chart
from bartizan.reporting.report import render

_TAGS = """html head meta title style body header main footer div b p h1 h2 h3 h4 section details summary span pre code
mark ul li table tr th td svg path rect line text i small"""
ALLOWED = frozenset(_TAGS.split())


def exchange(outcome: str, text: str = "text") -> Exchange:
    return Exchange(outcome=outcome, reason="because", text=text, status=200, verdict="block", rule="user.x")


def case(name: str, direct: str, guarded: str, *, group: str = "g", text: str = "answer") -> Case:
    return Case(
        id=name,
        title=f"title {name}",
        group=group,
        carrier="chat",
        sent=f"sent {name} {text}",
        direct=exchange(direct, text),
        guarded=exchange(guarded, text),
    )


def assessment(attacks: tuple[Case, ...], benign: tuple[Case, ...]) -> Assessment:
    q = Quantile(1.25, 1.0, 2.0)
    return Assessment(
        title="help desk",
        at=datetime(2026, 11, 22, 10, 15, tzinfo=UTC),
        seed=1,
        secret="HERON-1234-TULIP",
        attacks=attacks,
        benign=benign,
        latency=AddedLatency(40, q, q, q, 20),
        seconds=100.0,
        facts=(Fact("Model", "m<1>"),),
        policy="version: 1 <x>",
    )


MIXED = assessment(
    (
        case("stopped", HIT, MISS),
        case("through", HIT, HIT),
        case("never", MISS, MISS),
        case("broken", HIT, INCONCLUSIVE, group="h"),
    ),
    (case("served", HIT, HIT), case("lost", HIT, MISS), case("spilled", INCONCLUSIVE, MISS)),
)


def test_figures_count_conclusive_exchanges_only() -> None:
    assert MIXED.before == Rate(3, 4)
    assert MIXED.after == Rate(1, 3)
    assert MIXED.kept == Rate(1, 2)
    assert MIXED.unchanged == Rate(1, 1)
    assert MIXED.inconclusive == 2
    assert [c.id for c in MIXED.got_through] == ["through"]
    assert [c.id for c in MIXED.lost] == ["lost"]
    assert MIXED.groups() == [("g", Rate(2, 3), Rate(1, 3)), ("h", Rate(1, 1), Rate(0, 0))]
    assert MIXED.change.exact == pytest.approx(1.0)


def test_what_got_through_comes_before_everything_else() -> None:
    text = read(render(MIXED)).text
    order = ["What still got through", "title through", "Attack success by technique", "title lost", "title stopped"]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert "3 of 4 attacks reached their goal without the gateway, 1 of 3 with it" in text
    assert "rule user.x" in text


def test_nothing_through_is_not_called_safe() -> None:
    text = read(render(assessment((case("a", HIT, MISS),), (case("b", HIT, HIT),)))).text
    assert "no proof of safety" in text
    assert "0 of 1" in text


def test_an_empty_assessment_renders() -> None:
    assert "not measured" in render(assessment((), ()))


@pytest.mark.parametrize(
    "hostile", ["<script>x</script>", "</pre></details><iframe src=//e>", "' onclick=x \"", "\u202e\0"]
)
def test_hostile_transcripts_stay_text(hostile: str) -> None:
    evil = msgspec.structs.replace(case("evil", HIT, HIT, text=hostile), title=hostile, id=hostile, obfuscation=hostile)
    evil = msgspec.structs.replace(evil, direct=exchange(HIT, hostile), guarded=exchange(MISS, hostile))
    seen = read(render(assessment((evil,), (evil,))))
    assert set(seen.tags) <= ALLOWED
    assert not [name for name, _ in seen.attributes if name.startswith("on") or name in {"src", "href", "style"}]


@given(st.text(max_size=80))
def test_any_transcript_renders(text: str) -> None:
    seen = read(render(assessment((case("x", HIT, HIT, text=text),), ())))
    assert set(seen.tags) <= ALLOWED


def test_the_report_loads_nothing() -> None:
    document = render(MIXED)
    assert not re.search(r"https?://|url\(|@import|<script|<link|<img", document)


def test_the_secret_is_marked() -> None:
    document = render(assessment((case("x", HIT, HIT, text="it is heron-1234-tulip"),), ()))
    assert "<mark>heron-1234-tulip</mark>" in document


def test_the_prompt_is_shown_where_it_is_more_than_what_was_sent() -> None:
    plain = case("x", HIT, MISS)
    assert "As the application put it" not in render(assessment((plain,), ()))
    richer = msgspec.structs.replace(plain, prompt="An article. <b>")
    shown = read(render(assessment((richer,), ()))).text
    assert "An article. <b>" in shown


def test_charts_name_their_counts() -> None:
    chart = str(rate_chart("t", [Row("r", (Bar("before", Rate(3, 4)), Bar("after", Rate(0, 0))))]))
    assert "3 of 4" in chart
    assert "75%" in chart
    assert "not measured" in chart
    widths = [float(width) for width in re.findall(r'class="bar before"|width="([\d.]+)"', chart) if width]
    assert all(width >= 0 for width in widths)


def test_it_survives_json() -> None:
    again = msgspec.json.decode(msgspec.json.encode(MIXED), type=Assessment)
    assert again == MIXED

"""The rules that ship: their cases, what each must say, and silence on ordinary traffic."""

from __future__ import annotations

import typing
from pathlib import Path

import pytest
from stream import at

from bartizan.core.event import Event
from bartizan.core.threat import Threat
from bartizan.detections.cases import BUILTIN, run_cases
from bartizan.detections.running import Run
from bartizan.detections.sigma import load_collection

PACK = load_collection([BUILTIN])
SHOWN = [rule.header for rule in PACK.rules if rule.header.key in PACK.reported]
PAGE = (Path(__file__).parents[2] / "docs" / "detections" / "pack.md").read_text(encoding="utf-8")


def test_every_case_passes() -> None:
    results = run_cases(PACK)
    assert not [one for one in results if not one.passed]
    assert {one.rule for one in results} == {header.title for header in SHOWN}


@pytest.mark.parametrize("header", SHOWN, ids=lambda header: header.name)
def test_a_rule_says_what_an_analyst_needs(header: typing.Any) -> None:
    cases = header.custom["cases"]
    assert cases["positive"]
    assert cases["negative"]
    assert header.custom["threat"] in list(Threat)
    assert header.tags
    assert header.falsepositives
    assert header.custom["response"]
    assert f"| {header.title} | {header.level} |" in PAGE


def test_rules_are_about_records_that_somebody_writes() -> None:
    kinds = {kind.__struct_config__.tag for kind in typing.get_args(Event)}
    for header in SHOWN:
        for events in header.custom["cases"]["positive"]:  # type: ignore[index]
            assert {event["kind"] for event in events} <= kinds


def test_ordinary_traffic_is_silent() -> None:
    run = Run(PACK)
    found = []
    for n in range(300):
        who = {"request": f"r{n}", "principal": f"app{n % 7}", "client": f"192.0.2.{n % 3}", "session": f"s{n % 20}"}
        for kind in ("request.accepted", "tool.decided", "mcp.answered", "request.completed"):
            event = at(n, id=f"{kind}{n}", kind=kind, **who, coverage={"passages": 2, "characters": 90})
            found += run.engine.feed(event, run.mapping.ref(event, n), run.mapping.moment(event))
    assert not found + run.engine.finish()

"""Tasks and attacks of our own are what they say."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from bartizan.bench.agents import baselines, measure
from bartizan.bench.agents.attacker import FAMILIES, attempts
from bartizan.bench.agents.forging import DISGUISES, differently, fresh, lookalike, same_kind
from bartizan.bench.agents.replay import Approver, replay
from bartizan.bench.agents.scenarios import SLOT, Scenario, scenarios
from bartizan.bench.agents.target import of_scenario

ALL = [*scenarios(False), *scenarios(True)]


def test_there_are_enough_tasks_and_half_are_held_out() -> None:
    assert len(ALL) >= 60
    assert sum(one.heldout for one in ALL) * 2 == len(ALL)


@pytest.mark.parametrize("scenario", ALL, ids=lambda one: one.name)
def test_calls_keep_the_schemas(scenario: Scenario) -> None:
    tools = {tool.name: tool.input_schema for tool in scenario.world.tools}
    for one in scenario.planned:
        assert set(one.arguments) <= set(tools[one.tool]["properties"])
        assert set(tools[one.tool]["required"]) <= set(one.arguments)
    assert SLOT not in "".join(step.gives for step in scenario.script().steps)


def test_sinks_name_arguments_that_exist() -> None:
    for scenario in ALL:
        tools = {tool.name: tool.input_schema["properties"] for tool in scenario.world.tools}
        for tool, sinks in scenario.world.sinks.items():
            assert set(sinks.values()) <= set(tools[tool])
        world = scenario.world
        for goal in [*world.goals, *world.valueless, *world.exfil]:
            for tool, arguments in goal["calls"]:
                assert set(arguments) <= set(tools[tool])


def test_every_attack_succeeds_without_a_guard_and_none_when_all_is_refused() -> None:
    targets = list(measure.targets([]))
    assert targets
    for guard, expected in ((baselines.allow_all(), True), (baselines.listed(()), False)):
        for target in targets[::3]:
            assert all(one.breached is expected for one in measure.attacked(target, 1, guard))


def test_every_family_has_attempts_and_attacks_hold_what_they_need() -> None:
    found = Counter(one.family for target in measure.targets([]) for one in attempts(target, 0))
    assert set(found) == set(FAMILIES)


def test_the_seed_decides() -> None:
    target = of_scenario(ALL[0])
    one, same, other = ([attempt.script.steps for attempt in attempts(target, seed)] for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_text_is_planted_before_it_is_obeyed() -> None:
    for target in measure.targets([]):
        for attempt in attempts(target, 0):
            first = next(number for number, step in enumerate(attempt.script.steps) if step.hostile)
            assert first >= target.sight


def test_user_data_reaches_the_guard_as_the_tools_write_it() -> None:
    target = next(one for one in measure.targets([]) if one.suite == "crm")
    script = target.build(['"quoted"\nline'], [], 0)
    assert any('\\"quoted\\"\\nline' in step.gives for step in script.steps)
    assert replay(script, baselines.allow_all(), Approver.NONE)


def test_forged_values_differ_and_keep_their_kind() -> None:
    rng = random.Random(3)
    for value in ("bob@shop.example", "GB33BUKB20201555555555", "4402", "hveder", "https://a.example/x"):
        for forged in (lookalike(value, rng), same_kind(value, rng)):
            assert forged != value
    assert "@" in same_kind("bob@shop.example", rng)
    assert abs(len(lookalike("bob@shop.example", rng)) - len("bob@shop.example")) <= 1
    assert differently(10.5, rng) != 10.5
    assert differently("2026-01-01", rng).startswith("2026-")
    for disguise in DISGUISES.values():
        assert disguise(fresh(rng)["email"])

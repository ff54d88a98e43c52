"""Runs over time: ordered by when they began, each step on the trials that both have."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from campaigns import scope
from leaky import Leaky
from typer.testing import CliRunner

from bartizan.cli.main import app
from bartizan.redteam.campaign import Campaign
from bartizan.redteam.errors import RunError
from bartizan.redteam.results import Run
from bartizan.redteam.trend import trend


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("trend")

    async def run() -> None:
        for name, fixed in (("one", False), ("two", True), ("three", False)):
            async with Leaky(fixed=fixed).running() as served:
                await Campaign(scope(folder, served.url)).run(folder / name)

    asyncio.run(run())
    return [folder / name for name in ("one", "two", "three")]


def test_each_step_is_against_the_run_before_whatever_the_order_given(runs: list[Path]) -> None:
    found = trend([Run(runs[2]), Run(runs[0]), Run(runs[1])])
    assert [Path(point.run).name for point in found.points] == ["one", "two", "three"]
    assert [point.rate.successes for point in found.points] == [3, 0, 3]
    first, second, third = (point.change for point in found.points)
    assert first is None
    assert second is not None
    assert third is not None
    assert (len(second.only_before), len(second.only_after)) == (3, 0)
    assert (len(third.only_before), len(third.only_after)) == (0, 3)
    assert found.whole.only_after == ()


def test_the_command_ends_as_the_last_step_does(runs: list[Path]) -> None:
    one, two, three = map(str, runs)
    shown = CliRunner().invoke(app, ["redteam", "compare", one, two, "--then", three])
    assert shown.exit_code == 1, shown.output
    assert "newly" in shown.output
    said = CliRunner().invoke(app, ["redteam", "compare", one, two, "--then", three, "--format", "json"])
    assert len(json.loads(said.stdout)["points"]) == 3


def test_one_run_is_no_trend(runs: list[Path]) -> None:
    with pytest.raises(RunError, match="two runs"):
        trend([Run(runs[0])])

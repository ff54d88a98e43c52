"""A target that is down, or slow: what runs again when the campaign is resumed, and what never does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import msgspec
import pytest
from campaigns import ran, scope
from leaky import Leaky

from bartizan.core.errors import BartizanError
from bartizan.redteam.campaign import Campaign
from bartizan.redteam.errors import ConverterError, ScopeError, TargetError
from bartizan.redteam.findings import findings_of
from bartizan.redteam.interface import Brief, Move, Observation
from bartizan.redteam.journal import TrialEnded, read_records
from bartizan.redteam.taxonomy import Adaptivity, Outcome
from bartizan.redteam.verdicts import exit_code


def test_a_target_that_is_down_ends_the_campaign_and_it_goes_on_later(tmp_path: Path) -> None:
    async def go() -> None:
        async with Leaky().running() as app:
            path = scope(tmp_path, app.url, limits={"retries": 0, "unreachable": 2, "in_flight": 1})
        run, ended = await ran(path, tmp_path / "a")
        assert "unreachable" in ended
        assert len(run.trials) == 2
        assert exit_code(run, findings_of(run), run.plan.thresholds)[0] == 2
        port = int(app.url.rsplit(":", 1)[1])
        async with Leaky().running(port) as again:
            run, ended = await ran(path, tmp_path / "a")
            assert (ended, run.missing, again.requests) == ("", 0, 4)
            assert (run.count(Outcome.HIT), run.count(Outcome.INCONCLUSIVE)) == (3, 0)

    asyncio.run(go())


def test_a_request_that_timed_out_is_not_sent_again_when_the_campaign_goes_on(tmp_path: Path) -> None:
    async def go() -> None:
        async with Leaky(seconds=0.3).running() as app:
            limits = {"retries": 3, "timeout": 0.1, "in_flight": 1, "unreachable": 2}
            run, ended = await ran(scope(tmp_path, app.url, limits=limits), tmp_path / "a")
            assert "silent" in ended, "a target that never answers ends the campaign as one that is down does"
            assert (len(run.trials), app.requests) == (2, 2)
            app.seconds = 0.0
            run, ended = await ran(scope(tmp_path, app.url), tmp_path / "a")
            assert (ended, run.missing, app.requests) == ("", 0, 4)
            assert run.count(Outcome.INCONCLUSIVE) == 2

    asyncio.run(go())


@pytest.mark.parametrize("strategy", ["pair", "tap"])
def test_a_strategy_that_needs_an_attacker_model_is_refused_without_one(tmp_path: Path, strategy: str) -> None:
    path = scope(tmp_path, "http://127.0.0.1:9", plan={"strategies": ["single", strategy]})
    with pytest.raises(ScopeError, match=f"{strategy} needs an attacker model"):
        Campaign(path)


class Failing:
    """Fails before its first move for a reason that has nothing to do with the target."""

    id = "single"
    adaptivity = Adaptivity.STATIC
    needs_attacker = False

    def __init__(self, error: BartizanError) -> None:
        self.error = error

    async def play(self, brief: Brief) -> AsyncGenerator[Move, Observation]:
        if not brief.case.title:
            yield Move(text="x")
        raise self.error


@pytest.mark.parametrize("error", [ConverterError("too long"), TargetError("the attacker model wrote nothing")])
def test_what_has_nothing_to_do_with_the_target_does_not_count_as_a_target_that_is_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BartizanError
) -> None:
    async def go() -> None:
        async with Leaky().running() as app:
            path = scope(tmp_path, app.url, plan={"repeats": 3}, limits={"unreachable": 2})
            stage = msgspec.structs.replace(Campaign(path).stage(), strategies={"single": Failing(error)})
            monkeypatch.setattr(Campaign, "stage", lambda _: stage)
            for _ in range(2):
                run, ended = await ran(path, tmp_path / "a")
                assert (ended, run.missing, run.count(Outcome.INCONCLUSIVE), app.requests) == ("", 0, 12, 0)
            lines = [record for record in read_records(tmp_path / "a") if isinstance(record, TrialEnded)]
            assert len(lines) == 12, "nothing is run again"

    asyncio.run(go())


def test_a_login_that_cannot_be_reached_runs_again_and_one_that_is_refused_does_not(tmp_path: Path) -> None:
    async def go() -> None:
        async with Leaky().running() as app:
            target = {
                "id": "shop",
                "kind": "http",
                "url": app.url,
                "login": {"url": "/login", "form": {"password": "{password}"}, "capture": {"token": "token"}},
                "values": {"password": {"file": "password.txt"}},
                "ask": {"url": "/ask", "headers": {"X-Token": "{token}"}, "body": {"message": "{message}"}},
                "reply": {"text": "data.answers.0.text"},
            }
            path = scope(tmp_path, app.url, targets=[target], limits={"retries": 0, "in_flight": 1, "unreachable": 2})
            (tmp_path / "password.txt").write_text("wrong")
            run, ended = await ran(path, tmp_path / "refused")
            assert (ended, len(run.trials), run.count(Outcome.INCONCLUSIVE)) == ("", 3, 3)
            (tmp_path / "password.txt").write_text("letmein")
        port = int(app.url.rsplit(":", 1)[1])
        run, ended = await ran(path, tmp_path / "down")
        assert "unreachable" in ended
        async with Leaky().running(port):
            run, ended = await ran(path, tmp_path / "down")
            assert (ended, run.count(Outcome.HIT)) == ("", 2)
            run, ended = await ran(path, tmp_path / "refused")
            assert run.count(Outcome.INCONCLUSIVE) == 3

    asyncio.run(go())


def test_an_attacker_model_that_cannot_be_reached_runs_again(tmp_path: Path) -> None:
    async def go() -> None:
        async with Leaky(fixed=True).running() as app, Leaky().running() as helper:
            attacker = {"id": "helper", "kind": "openai", "url": f"{helper.url}/v1", "model": "m"}
            plan = {"ids": ["greet"], "strategies": ["pair"], "moves": 2, "repeats": 3}
            limits = {"retries": 0, "in_flight": 1, "unreachable": 2}
            path = scope(tmp_path, app.url, attacker=attacker, plan=plan, limits=limits)
            helper.statuses = [500]
            run, ended = await ran(path, tmp_path / "refused")
            assert (ended, run.missing, run.count(Outcome.INCONCLUSIVE)) == ("", 0, 1)
        port = int(app.url.rsplit(":", 1)[1])
        async with Leaky(fixed=True).running(port):
            run, ended = await ran(path, tmp_path / "gone")
            assert ("unreachable" in ended, len(run.trials)) == (True, 2)
            async with Leaky().running(int(helper.url.rsplit(":", 1)[1])):
                run, ended = await ran(path, tmp_path / "gone")
                assert (ended, run.missing, run.count(Outcome.MISS)) == ("", 0, 3)

    asyncio.run(go())

"""Limits bound everything that is sent: logins, retries and the attacker model too; no answer talks them away."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from campaigns import ran, scope
from leaky import Leaky

from bartizan.core.errors import DocumentError
from bartizan.redteam.attacker import ModelAttacker
from bartizan.redteam.campaign import Campaign
from bartizan.redteam.scope import Limits
from bartizan.redteam.scope_target import TargetSpec
from bartizan.redteam.spending import Spending

HTTP: dict[str, Any] = {
    "id": "shop",
    "kind": "http",
    "login": {"url": "/login", "form": {"password": "letmein"}, "capture": {"token": "token"}},
    "ask": {"url": "/ask", "headers": {"X-Token": "{token}"}, "body": {"message": "{message}"}},
    "reply": {"text": "data.answers.0.text"},
    "plant": {"rag_document": {"url": "/docs", "body": {"text": "{content}"}}},
    "remove": {"rag_document": {"url": "/docs", "method": "DELETE"}},
}


def limits(**more: Any) -> dict[str, Any]:
    return {"in_flight": 1, "retries": 3, **more}


def test_logins_planting_and_retries_count_and_a_resumed_campaign_remembers_them(tmp_path: Path) -> None:
    async def go() -> None:
        async with Leaky(statuses=(503,)).running() as app:
            targets = [HTTP | {"url": app.url}]
            campaign = Campaign(scope(tmp_path, app.url, targets=targets, limits=limits(requests=3)))
            assert await campaign.run(tmp_path / "a") == "the limit of 3 requests is reached"
            assert (app.logins, app.requests, campaign.spending.requests) == (1, 2, 3)
            campaign = Campaign(scope(tmp_path, app.url, targets=targets, limits=limits(requests=3)))
            assert "3 requests" in await campaign.run(tmp_path / "a")
            assert (app.logins, campaign.spending.requests) == (1, 3)
            campaign = Campaign(scope(tmp_path, app.url, targets=targets, limits=limits()))
            assert await campaign.run(tmp_path / "a") == ""
            assert (app.logins, app.requests) == (4, 5)
            assert campaign.spending.requests == 4 + 5 + 2, "a document was planted and removed"

    asyncio.run(go())


def test_questions_to_the_attacker_model_count(tmp_path: Path) -> None:
    async def go() -> None:
        async with Leaky(fixed=True).running() as app, Leaky().running() as helper:
            attacker = {"id": "helper", "kind": "openai", "url": f"{helper.url}/v1", "model": "m"}
            plan = {"ids": ["greet"], "strategies": ["pair"], "moves": 4, "repeats": 3}
            path = scope(tmp_path, app.url, attacker=attacker, plan=plan, limits=limits(requests=app.requests + 5))
            campaign = Campaign(path)
            assert "5 requests" in await campaign.run(tmp_path / "a")
            assert helper.requests > 0
            assert campaign.spending.requests == app.requests + helper.requests
            assert campaign.spending.tokens_in == 10 * (app.requests + helper.requests)

    asyncio.run(go())


def test_the_attacker_model_is_asked_at_the_rate_of_the_scope_file() -> None:
    async def go() -> None:
        async with Leaky().running() as app:
            row = {"id": "h", "kind": "openai", "url": f"{app.url}/v1", "model": "m"}
            spending = Spending()
            model = ModelAttacker(msgspec.convert(row, TargetSpec), Limits(requests_per_second=50.0), Path(), spending)
            started = time.monotonic()
            await asyncio.gather(*(model("Help.", "Good morning!") for _ in range(11)))
            assert time.monotonic() - started >= 0.19
            assert (spending.requests, app.requests) == (11, 11)
            assert {one["messages"][0]["content"] for one in app.bodies} == {"Help."}
            await model.close()

    asyncio.run(go())


@pytest.mark.parametrize("usage", [{"prompt_tokens": -1_000_000, "completion_tokens": 5}, {"prompt_tokens": 10**30}])
def test_no_answer_talks_a_limit_away(tmp_path: Path, usage: dict[str, int]) -> None:
    async def go() -> None:
        app = Leaky()
        app.usage = usage
        async with app.running():
            run, ended = await ran(scope(tmp_path, app.url, limits=limits(tokens=8)), tmp_path / "a")
            assert (ended, len(run.trials)) == (
                "the limit of 8 tokens is reached",
                2 if "completion_tokens" in usage else 1,
            )

    asyncio.run(go())


def test_a_limit_on_tokens_that_nothing_reports_is_refused_or_ends_the_campaign(tmp_path: Path) -> None:
    async def go() -> None:
        app = Leaky()
        app.usage = {}
        async with app.running():
            run, ended = await ran(scope(tmp_path, app.url, limits=limits(tokens=1_000)), tmp_path / "a")
            assert "does not say how many tokens" in ended
            assert len(run.trials) == 1

    asyncio.run(go())
    for more, missing in (
        ({"tokens": 5}, "tokens_in or tokens_out"),
        ({"cost": 1.0, "price_in": 1.0}, r"reply\.tokens_in"),
        ({"cost": 1.0, "price_out": 1.0}, r"reply\.tokens_out"),
    ):
        path = scope(tmp_path, "http://127.0.0.1:9", targets=[HTTP | {"url": "http://127.0.0.1:9"}], limits=more)
        with pytest.raises(DocumentError, match=missing):
            Campaign(path)

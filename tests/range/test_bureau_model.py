"""The bureau's assistant as a model: the same holes, reached through a conversation."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from openai import AsyncOpenAI

from bartizan.core.attack import EntryPoint
from bartizan.core.clock import utc_now
from bartizan.range.bureau.model import Conversation, Function, Message, Tool, read
from bartizan.range.bureau.records import records
from bartizan.range.bureau.scope import model_scope
from bartizan.range.bureau.serving import running_bureau
from bartizan.range.bureau.weaknesses import SENSIBLE, WEAKNESSES, Measure
from bartizan.redteam.campaign import Campaign
from bartizan.redteam.case import Planted
from bartizan.redteam.results import Run
from bartizan.redteam.targets.messages import Said, dress


@pytest.mark.parametrize("entry", [one for one in EntryPoint if one not in (EntryPoint.CHAT, EntryPoint.MODEL)])
def test_content_is_read_from_where_a_campaign_puts_it(entry: EntryPoint) -> None:
    planted = Planted(title="Leaflet", content="The ferry leaves at nine.\nBring a coat.")
    dressed = dress(entry, [planted])
    messages = [*dressed.before, Said(role="user", text=dressed.prefix + "What is new?"), *dressed.after]
    tools = tuple(Tool(Function(**{k: one["function"][k] for k in ("name", "description")})) for one in dressed.tools)
    said, context = read(Conversation(tuple(Message(one.role, one.text or None) for one in messages), tools))
    assert said == "What is new?"
    assert planted.content in {one.text for one in context if one.entry is entry}


@pytest.mark.parametrize("fixed", [False, True])
def test_a_campaign_finds_the_same_holes(tmp_path: Path, fixed: bool) -> None:
    known = records(3)

    async def attack() -> tuple[Counter[str], set[str]]:
        holes, measures = ((), SENSIBLE) if fixed else (WEAKNESSES, frozenset[Measure]())
        async with running_bureau(known, holes, measures) as (site, url):
            scope = tmp_path / "scope.yaml"
            scope.write_text(model_scope(known, url, utc_now().date()) + "plan: {cases: [builtin]}\n")
            await Campaign(scope, "").run(tmp_path / "run", lambda done: None)
            return Counter(trial.outcome.value for trial in Run(tmp_path / "run").trials), site.opened

    outcomes, opened = asyncio.run(attack())
    assert outcomes.total() > 500
    if fixed:
        assert set(outcomes) == {"miss"}
    else:
        assert outcomes["hit"] > 200
        assert len(opened) == len(WEAKNESSES)


def test_a_real_client_reads_its_answers() -> None:
    async def ask() -> tuple[str, list[str]]:
        async with running_bureau(records(1), WEAKNESSES) as (_, url):
            client = AsyncOpenAI(base_url=f"{url}/v1", api_key="x")
            said = await client.chat.completions.create(
                model="bureau", messages=[{"role": "user", "content": "What is the state of HT-48120?"}]
            )
            (call,) = said.choices[0].message.tool_calls or []
            assert call.type == "function"
            names = [one.id async for one in client.models.list()]
            await client.close()
            return call.function.arguments, names

    arguments, names = asyncio.run(ask())
    assert "HT-48120" in arguments
    assert names == ["bureau"]

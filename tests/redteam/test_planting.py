"""What a campaign plants it takes out again, piece by piece; where it cannot, nothing more is sent there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from campaigns import ran, scope
from leaky import Leaky

from bartizan.core.errors import DocumentError
from bartizan.redteam.campaign import Campaign
from bartizan.redteam.case import Planted
from bartizan.redteam.errors import LeftBehindError
from bartizan.redteam.interface import Brief, Move, Observation
from bartizan.redteam.playing import Played, TrialPlayer
from bartizan.redteam.replaying import replay
from bartizan.redteam.results import Run
from bartizan.redteam.taxonomy import Adaptivity, EntryPoint, Outcome


def noting(folder: Path, url: str, **more: Any) -> Path:
    target = {
        "id": "shop",
        "kind": "http",
        "url": url,
        "login": {"url": "/login", "form": {"password": "letmein"}, "capture": {"token": "token"}},
        "ask": {"url": "/ask", "headers": {"X-Token": "{token}"}, "body": {"message": "{message}"}},
        "reply": {"text": "data.answers.0.text"},
        "plant": {"rag_document": {"url": "/notes", "body": {"text": "{content}"}, "capture": {"note": "note.id"}}},
        "remove": {"rag_document": {"url": "/notes/{note}", "method": "DELETE"}},
    }
    plan = {"entry_points": ["rag_document"], "repeats": 3}
    return scope(folder, url, targets=[target | more], plan=plan)


def test_every_piece_is_taken_out_by_what_its_own_planting_gave(tmp_path: Path) -> None:
    async def go() -> None:
        async with Leaky().running() as app:
            campaign = Campaign(noting(tmp_path, app.url))
            conversation = await campaign.target.open(EntryPoint.RAG_DOCUMENT)
            for text in ("one", "two", "three"):
                await conversation.plant(Planted(content=text))
            assert sorted(app.notes) == ["1", "2", "3"]
            await conversation.close()
            assert app.notes == {}
            conversation = await campaign.target.open(EntryPoint.RAG_DOCUMENT)
            for text in ("four", "five", "six"):
                await conversation.plant(Planted(content=text))
            app.stuck = {"4"}
            with pytest.raises(LeftBehindError, match="1 of 3 planted pieces may still be there: HTTP 409"):
                await conversation.close()
            assert sorted(app.notes) == ["4"], "one that stays keeps no other"
            await campaign.target.close()

    asyncio.run(go())


def test_a_piece_that_stays_ends_a_campaign_whose_trials_would_meet_it(tmp_path: Path) -> None:
    async def go() -> None:
        async with Leaky().running() as app:
            app.stuck = {"1"}
            path = noting(tmp_path, app.url)
            run, ended = await ran(path, tmp_path / "a")
            assert ended.startswith("what was planted was not taken out")
            assert (len(run.trials), run.missing, app.noted) == (1, 2, 1)
            assert any(note.text.startswith("rag: 1 of 1 planted pieces") for note in run.notes)
            app.stuck, app.notes = set(), {}
            run, ended = await ran(path, tmp_path / "a")
            assert (ended, run.missing, app.notes) == ("", 0, {})
            app.stuck = {str(app.noted + 1)}
            run, ended = await ran(noting(tmp_path, app.url, isolated=True), tmp_path / "b")
            assert (ended, run.missing, len(run.notes)) == ("", 0, 1), "who plants alone is only told"

    asyncio.run(go())


@pytest.mark.parametrize(("status", "noted", "ends"), [(403, 3, False), (500, 1, True)], ids=["refused", "unknown"])
def test_what_was_refused_is_not_there_and_what_failed_may_be(
    tmp_path: Path, status: int, noted: int, ends: bool
) -> None:
    async def go() -> None:
        async with Leaky().running() as app:
            app.note_status = status
            run, ended = await ran(noting(tmp_path, app.url), tmp_path / "a")
            assert (app.noted, bool(ended)) == (noted, ends)
            assert run.count(Outcome.INCONCLUSIVE) == noted

    asyncio.run(go())


class Twice:
    """The same content in two conversations."""

    id, adaptivity, needs_attacker = "twice", Adaptivity.BEST_OF_N, False

    async def play(self, brief: Brief) -> AsyncGenerator[Move, Observation]:
        for _ in range(2):
            yield Move(text="Good morning!", planted=(Planted(content="nothing"),), fresh=True)


def test_a_trial_ends_before_it_meets_what_its_last_attempt_left(tmp_path: Path) -> None:
    async def go(**more: Any) -> Played:
        async with Leaky().running() as app:
            app.stuck = {"1"}
            campaign = Campaign(noting(tmp_path, app.url, **more))
            stage = msgspec.structs.replace(campaign.stage(), strategies={"twice": Twice()})
            trial = msgspec.structs.replace(campaign.planned.trials[0], strategy="twice")
            played = await TrialPlayer(stage, trial, [], lambda attempt: None).play()
            await campaign.target.close()
            return played

    played = asyncio.run(go())
    assert (len(played.attempts), played.outcome, played.again) == (1, Outcome.INCONCLUSIVE, False)
    assert "may still be there" in played.reason
    played = asyncio.run(go(isolated=True))
    assert (len(played.attempts), played.outcome) == (2, Outcome.MISS)


def test_a_replay_says_what_it_left(tmp_path: Path) -> None:
    async def go() -> None:
        async with Leaky().running() as app:
            path = noting(tmp_path, app.url)
            run, _ = await ran(path, tmp_path / "a")
            app.stuck = {str(app.noted + 1)}
            attempt = run.attempts(run.trials[0])[0]
            judgement, _ = await replay(Campaign(path), attempt, run.cases["rag"])
            assert judgement.outcome is Outcome.HIT
            assert "may still be there" in judgement.reason

    asyncio.run(go())


def _sent(run: Run) -> set[str]:
    return {turn.sent for trial in run.trials for attempt in run.attempts(trial) for turn in attempt.turns}


def test_a_question_of_the_scope_file_leads_the_application_to_what_was_planted(tmp_path: Path) -> None:
    """An application that retrieves by subject reads nothing when a case asks about something else."""

    async def go() -> None:
        async with Leaky().running() as app:
            question = "What do the care guides say about roses?"
            run, _ = await ran(noting(tmp_path, app.url, questions={"rag_document": question}), tmp_path / "a")
            assert _sent(run) == {f"{question} Sum it up."}
            plain, _ = await ran(noting(tmp_path, app.url), tmp_path / "b")
            assert _sent(plain) == {"Sum it up."}

    asyncio.run(go())


@pytest.mark.parametrize(("at", "text"), [("chat", "Hello?"), ("rag_document", " ")], ids=["direct", "empty"])
def test_a_question_that_leads_nowhere_is_refused(tmp_path: Path, at: str, text: str) -> None:
    with pytest.raises(DocumentError, match="question"):
        Campaign(noting(tmp_path, "http://127.0.0.1:1", questions={at: text}))

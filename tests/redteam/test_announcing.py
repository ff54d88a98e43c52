"""A campaign in the journal of what it attacks: told before it is kept, joined by requests, and never in clear."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from campaigns import scope
from leaky import SECRET, Leaky

from bartizan.app.campaigning import announcer
from bartizan.app.places import committer_of, journal_of
from bartizan.core.errors import JournalError
from bartizan.core.event import CampaignAttempted, CampaignChanged, Event, FindingRaised, RequestAccepted
from bartizan.core.signal import Signal, Span
from bartizan.core.threat import Guard, Severity, Threat
from bartizan.core.verdict import Action
from bartizan.redteam.announcing import Announcer, campaign_id
from bartizan.redteam.campaign import Campaign
from bartizan.redteam.results import Run
from bartizan.redteam.seeing import sight
from bartizan.telemetry.reader import read_journal
from bartizan.workspace.workspace import Workspace


class Gatewaylike(Leaky):
    """Says how it calls each request, as the gateway does."""

    def __init__(self) -> None:
        super().__init__()
        self._number = count(1)

    async def _chat(self, request: web.Request) -> web.Response:
        response = await super()._chat(request)
        response.headers["X-Request-Id"] = f"req_{next(self._number)}"
        return response


def played(folder: Path, workspace: Path, times: int = 1) -> Run:
    async def run() -> None:
        async with Gatewaylike().running() as app:
            path = scope(folder, app.url)
            for _ in range(times):
                with announcer(workspace) as told:
                    await Campaign(path).run(folder / "run", announcer=told)

    workspace.mkdir(exist_ok=True)
    asyncio.run(run())
    return Run(folder / "run")


def recorded(workspace: Path) -> list[Event]:
    return list(read_journal(journal_of(Workspace(workspace))))


def test_a_campaign_says_when_it_begins_what_it_sends_and_how_it_ends(tmp_path: Path) -> None:
    run = played(tmp_path, tmp_path / "ws")
    events = recorded(tmp_path / "ws")
    changes = [event for event in events if isinstance(event, CampaignChanged)]
    attempts = [event for event in events if isinstance(event, CampaignAttempted)]
    assert [one.state for one in changes] == ["started", "ended"]
    assert {one.campaign for one in (*changes, *attempts)} == {campaign_id(run.plan)}
    assert changes[0].by == "us"
    assert (changes[1].trials, changes[1].hits) == (4, 3)
    assert {one.attempt for one in attempts} == {attempt.id for trial in run.trials for attempt in run.attempts(trial)}
    assert all(one.requests for one in attempts)
    committer = committer_of(Workspace(tmp_path / "ws"))
    (greeting,) = [one for one in attempts if one.case == "greet"]
    committer.verify(greeting.content[0], "Good morning! What is on offer?")


def test_no_text_is_in_the_journal(tmp_path: Path) -> None:
    played(tmp_path, tmp_path / "ws")
    content = b"".join(path.read_bytes() for path in (tmp_path / "ws").rglob("*.jsonl"))
    assert SECRET.encode() not in content
    assert b"What is on offer" not in content


def test_a_resumed_campaign_keeps_its_id_and_tells_nothing_twice(tmp_path: Path) -> None:
    played(tmp_path, tmp_path / "ws", times=2)
    events = recorded(tmp_path / "ws")
    assert [one.state for one in events if isinstance(one, CampaignChanged)] == ["started", "ended", "resumed", "ended"]
    assert len({one.campaign for one in events if isinstance(one, CampaignChanged)}) == 1
    assert sum(isinstance(one, CampaignAttempted) for one in events) == 4


class Full:
    """A journal on a full disk, after ``left`` records."""

    def __init__(self, left: int) -> None:
        self.left = left

    def append(self, event: Event) -> None:
        self.left -= 1
        if self.left < 0:
            raise JournalError("the disk is full")

    async def commit(self) -> None:
        return


@pytest.mark.parametrize("left", [0, 2])
def test_what_cannot_be_told_is_not_kept_as_done(tmp_path: Path, left: int) -> None:
    (tmp_path / "ws").mkdir()
    committer = committer_of(Workspace(tmp_path / "ws"))

    async def run() -> int:
        async with Leaky().running() as app:
            path = scope(tmp_path, app.url, limits={"in_flight": 1})
            with pytest.raises(JournalError):
                await Campaign(path).run(tmp_path / "run", announcer=Announcer(Full(left), committer.commit))
            return app.requests

    sent = asyncio.run(run())
    assert sent == (0 if left == 0 else 2)
    assert sum(len(Run(tmp_path / "run").attempts(trial)) for trial in Run(tmp_path / "run").trials) == max(left - 1, 0)


def signal() -> Signal:
    return Signal(
        detector="signatures",
        guard=Guard.PROMPT_INJECTION,
        threat=Threat.PROMPT_INJECTION,
        technique="jailbreak",
        score=0.9,
        span=Span(0, 1),
        view="original",
        rule="r",
        severity=Severity.HIGH,
    )


def accepted(request: str, **more: Any) -> RequestAccepted:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return RequestAccepted(id=f"evt_{request}", at=now, request=request, principal="p", route="r", **more)


def test_attempts_are_joined_to_what_guards_and_rules_saw(tmp_path: Path) -> None:
    run = played(tmp_path, tmp_path / "ws")
    ids = {attempt.case: attempt.turns[0].reply.request for trial in run.trials for attempt in run.attempts(trial)}
    now = datetime(2026, 1, 1, tzinfo=UTC)
    raised = FindingRaised(
        id="f", at=now, rule="r1", title="A jailbreak was tried", severity=Severity.HIGH, events=(f"evt_{ids['ask']}",)
    )
    elsewhere = msgspec.structs.replace(raised, id="g", title="Somebody else", events=("evt_other",))
    events: list[Event] = [
        raised,  # findings may stand before the events they speak of, in another writer's file
        elsewhere,
        accepted(ids["ask"], signals=(signal(),), action=Action.BLOCK),
        accepted(ids["greet"]),
        accepted(ids["rag"]),
        accepted("other", signals=(signal(),)),
    ]
    found = sight(run, events)
    assert (found.by_guard.successes, found.by_guard.n) == (1, 3)
    assert (found.by_rule.successes, found.by_rule.n) == (1, 3)
    assert (found.hits_by_rule.successes, found.hits_by_rule.n) == (1, 2)
    assert found.rules == {"A jailbreak was tried": 1}
    assert found.unknown == 1
    assert {row.case for row in found.attempts if row.blocked} == {"ask"}
    assert sight(run, []).by_rule.n == 0

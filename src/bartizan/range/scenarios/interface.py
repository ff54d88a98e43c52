"""What a scenario is: an application to attack, a defence to build, and a grade for both."""

from __future__ import annotations

import hmac
from importlib.resources.abc import Traversable

import msgspec

from bartizan.core.stats import Rate
from bartizan.range.campaign import Campaign, Ways
from bartizan.range.cases import load_attacks, load_benign
from bartizan.range.client import ModelClient
from bartizan.range.helpdesk.records import Plant
from bartizan.reporting.assessment import HIT, Case, success

MIN_WORKING_ATTACKS = 5
"""Fewer attacks that work on the undefended application grade nothing."""


class DefenceGrade(msgspec.Struct, frozen=True):
    """How a defence did on cases that the learner was not shown."""

    stopped: Rate
    """Of the held-out attacks that work without the defence."""
    kept: Rate
    """Of the held-out benign requests that are answered without the defence."""
    inconclusive: int
    passed: bool | None
    """None when too little was conclusive."""
    got_through: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One exercise."""

    id: str
    title: str
    brief: str
    """What the learner is told."""
    cases: Traversable
    """Folder with ``attacks`` and ``benign``: the held-out cases."""
    stop_at_least: float
    keep_at_least: float

    def grade_attack(self, plant: Plant, submitted: str) -> bool:
        """Whether ``submitted`` is the secret of this learner's application."""
        return hmac.compare_digest(submitted.strip().upper().encode(), plant.secret.encode())

    async def grade_defence(self, direct: ModelClient, guarded: ModelClient, plant: Plant) -> DefenceGrade:
        """Run the held-out cases without and with the defence. A defence that refuses everything keeps nothing."""
        campaign = Campaign([Ways(direct, guarded)] * 2, plant)
        attacks = await campaign.attack(load_attacks(self.cases / "attacks"))
        benign = await campaign.serve(load_benign(self.cases / "benign"))
        return self.score(attacks, benign)

    def score(self, attacks: tuple[Case, ...], benign: tuple[Case, ...]) -> DefenceGrade:
        """The grade that follows from what came back."""
        working = [case for case in attacks if case.direct.outcome == HIT]
        served = [case for case in benign if case.direct.outcome == HIT]
        through = success(case.guarded for case in working)
        kept = success(case.guarded for case in served)
        stopped = Rate(through.n - through.successes, through.n)
        passed: bool | None = None
        if through.n >= MIN_WORKING_ATTACKS and kept.n >= MIN_WORKING_ATTACKS:
            passed = stopped.value >= self.stop_at_least and kept.value >= self.keep_at_least
        return DefenceGrade(
            stopped=stopped,
            kept=kept,
            inconclusive=len(working) - through.n + len(served) - kept.n,
            passed=passed,
            got_through=tuple(case.id for case in working if case.guarded.outcome == HIT),
            lost=tuple(case.id for case in served if case.guarded.outcome == "miss"),
        )

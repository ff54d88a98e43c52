"""What a run's folder holds, put together: plan, trials with their outcomes, attempts."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from bartizan.redteam.attempt import Attempt
from bartizan.redteam.case import Case
from bartizan.redteam.errors import RunError
from bartizan.redteam.journal import Attempted, Noted, PlanRecord, TrialEnded, read_plan, read_records
from bartizan.redteam.taxonomy import Outcome


class Run:
    """A finished, interrupted or running campaign, read once.

    Raises:
        RunError: the folder is no run.
    """

    def __init__(self, folder: Path) -> None:
        plan = read_plan(folder)
        if plan is None:
            raise RunError(f"{folder} is no run", "'bartizan redteam run SCOPE --out FOLDER' makes one")
        self.folder = folder
        self.plan: PlanRecord = plan
        self.notes: list[Noted] = []
        self._attempts: dict[str, dict[int, Attempt]] = {}
        ended: dict[str, TrialEnded] = {}
        for record in read_records(folder):
            if isinstance(record, Attempted):
                self._attempts.setdefault(record.trial, {})[record.index] = record
            elif isinstance(record, TrialEnded):
                ended[record.trial] = record
            else:
                self.notes.append(record)
        self.ended: list[TrialEnded] = list(ended.values())

    @property
    def trials(self) -> list[TrialEnded]:
        """Trials that were played, in the order in which they ended."""
        return [one for one in self.ended if not one.stopped]

    @property
    def not_needed(self) -> list[TrialEnded]:
        """Trials that stop rules left out."""
        return [one for one in self.ended if one.stopped]

    @property
    def missing(self) -> int:
        """Trials that have not been run yet: the campaign can be resumed."""
        return self.plan.trials - len(self.ended)

    @cached_property
    def cases(self) -> dict[str, Case]:
        """Cases that were run, by id."""
        return {case.id: case for case in self.plan.cases}

    @property
    def answered(self) -> bool:
        """Whether any attempt got a readable reply: without one, a key, a login or an address may be wrong."""
        return any(
            turn.reply.readable for kept in self._attempts.values() for one in kept.values() for turn in one.turns
        )

    def attempts(self, trial: TrialEnded) -> list[Attempt]:
        """The attempts of a trial, in order."""
        kept = self._attempts.get(trial.trial, {})
        return [kept[index] for index in range(trial.attempts) if index in kept]

    def count(self, outcome: Outcome) -> int:
        """Trials with this outcome."""
        return sum(1 for one in self.trials if one.outcome is outcome)

    def attempt(self, name: str) -> Attempt:
        """The attempt with this id. Raises RunError when there is none."""
        for kept in self._attempts.values():
            for attempt in kept.values():
                if attempt.id == name:
                    return attempt
        raise RunError(f"{self.folder} has no attempt {name}")

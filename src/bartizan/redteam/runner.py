"""Runs the trials of a campaign: several at a time, recorded as they end, resumable, within limits."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import msgspec

from bartizan.core.clock import rfc3339, utc_now
from bartizan.core.errors import BartizanError
from bartizan.redteam.attempt import Attempt
from bartizan.redteam.journal import Attempted, Journal, Noted, TrialEnded, attempted, read_records
from bartizan.redteam.playing import Played, Stage, TrialPlayer
from bartizan.redteam.scope import Limits, Stop
from bartizan.redteam.spending import Spending
from bartizan.redteam.stopping import Cell, reason_to_stop
from bartizan.redteam.taxonomy import Adaptivity, Outcome
from bartizan.redteam.trial import Trial
from bartizan.redteam.turnstile import Turnstile
from bartizan.redteam.versions import Versions

_LAST = 3
"""Trials for each slot, at the end of a campaign, that are put in order of their length."""


class Progress(msgspec.Struct):
    """How far a campaign is."""

    total: int
    done: int = 0
    hits: int = 0
    misses: int = 0
    inconclusive: int = 0
    stopped: int = 0
    requests: int = 0

    def count(self, ended: TrialEnded) -> None:
        """Count one trial."""
        self.done += 1
        self.stopped += ended.stopped
        if not ended.stopped:
            self.hits += ended.outcome is Outcome.HIT
            self.misses += ended.outcome is Outcome.MISS
            self.inconclusive += ended.outcome is Outcome.INCONCLUSIVE


class Runner:
    """One run of a campaign; what an earlier one of the same folder did is not done again.

    Args:
        stage: target, judge, converters, strategies.
        trials: in the order in which they start.
        limits: of the scope file.
        stop: of the scope file.
        journal: open.
        spending: where target and attacker model count what is sent.
        show: called after each trial.
        tell: called with each attempt before it is recorded.
    """

    def __init__(
        self,
        stage: Stage,
        trials: Sequence[Trial],
        limits: Limits,
        stop: Stop,
        journal: Journal,
        spending: Spending,
        show: Callable[[Progress], None] = lambda progress: None,
        tell: Callable[[Attempt], None] = lambda attempt: None,
    ) -> None:
        self._stage = stage
        self._trials = trials
        self._limits = limits
        self._stop = stop
        self._journal = journal
        self._show = show
        self._tell = tell
        self._spending = spending
        self._cells: dict[tuple[str, str], Cell] = {}
        self._places: dict[str, int] = {}
        """Of each trial in its cell."""
        self._recorded: dict[str, dict[int, Attempt]] = {}
        self._over: dict[str, TrialEnded] = {}
        self._in_a_row = 0
        self._versions = Versions()
        self._turnstile = Turnstile()
        self._halted = ""
        self.progress = Progress(total=len(trials))

    async def run(self) -> str:
        """Play what is left. Returns why it ended early, in words, or "" when all trials are over."""
        target = self._stage.target

        def has_turns(trial: Trial) -> bool:
            return target.shared_trace or (target.shared_plants and trial.case.indirect)

        alone = [trial for trial in self._trials if has_turns(trial)]
        together = [trial for trial in self._trials if not has_turns(trial)]
        sizes: Counter[tuple[str, str]] = Counter()
        for trial in (*together, *alone):
            self._places[trial.id] = sizes[trial.cell]
            sizes[trial.cell] += 1
        self._spending.begin()
        self._remember()
        await self._phase([trial for trial in together if trial.id not in self._over], self._limits.in_flight)
        await self._phase([trial for trial in alone if trial.id not in self._over], 1)
        if self._halted:
            self._note(f"ended early: {self._halted}")
        return self._halted

    def _remember(self) -> None:
        """What the journal already holds. The last record of a trial or attempt counts."""
        cells = {trial.id: trial.cell for trial in self._trials}
        for record in read_records(self._journal.folder):
            if isinstance(record, Attempted):
                self._recorded.setdefault(record.trial, {})[record.index] = record
                self._spending.remember(record)
                self._versions.changed(record)  # was noted then
            elif isinstance(record, TrialEnded) and record.trial in cells:
                if record.spent is not None:
                    self._spending.resume(record.spent)
                if record.again:
                    self._over.pop(record.trial, None)
                    self._recorded.pop(record.trial, None)
                else:
                    self._over[record.trial] = record
        for ended in self._over.values():
            self._count(ended, cells[ended.trial])

    async def _phase(self, trials: Sequence[Trial], at_a_time: int) -> None:
        queue = iter(long_ones_sooner(trials, at_a_time, self._messages))
        workers = min(at_a_time, len(trials))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(workers):
                    group.create_task(self._work(queue))
        except ExceptionGroup as problems:
            known, others = problems.split(BartizanError)
            if known is None or others is not None:
                raise
            raise _first(known) from None

    def _messages(self, trial: Trial) -> int:
        """Most that it may send; a strategy that learns from replies may go on to the bound."""
        learns = self._stage.strategies[trial.strategy].adaptivity is not Adaptivity.STATIC
        return self._stage.moves if learns else len(trial.case.turns)

    async def _work(self, queue: Iterator[Trial]) -> None:
        for trial in queue:
            self._halted = self._halted or self._spending.exceeded(self._limits)
            if self._halted:
                return
            reason = reason_to_stop(self._cell(trial.cell).tally, self._stop)
            if reason:
                self._end(trial, _unplayed(trial, reason))
                continue
            earlier = self._recorded.get(trial.id, {})
            recorded = [earlier[index] for index in range(len(earlier)) if index in earlier]
            played = await TrialPlayer(self._stage, trial, recorded, self._closed, self._turnstile).play()
            self._end(trial, _ended(trial, played))
            if played.left:
                self._note(f"{trial.case.id}: {played.left}")
                if self._stage.target.shared_plants:
                    self._halted = self._halted or f"what was planted was not taken out: {played.left}"
            self._in_a_row = self._in_a_row + 1 if played.unanswered else 0
            if self._in_a_row >= self._limits.unreachable and not self._halted:
                self._halted = (
                    f"{self._in_a_row} trials in a row found the target unreachable or silent: {played.reason}"
                )

    def _closed(self, attempt: Attempt) -> None:
        self._tell(attempt)
        self._journal.add(attempted(attempt))
        for turn in attempt.turns:
            self._spending.take(turn.reply)
        self.progress.requests = self._spending.requests
        if (changed := self._versions.changed(attempt)) is not None:
            self._note(changed)

    def _end(self, trial: Trial, ended: TrialEnded) -> None:
        self.progress.requests = self._spending.requests
        self._journal.add(msgspec.structs.replace(ended, spent=self._spending.spent))
        self._count(ended, trial.cell)
        self._show(self.progress)

    def _count(self, ended: TrialEnded, cell: tuple[str, str]) -> None:
        self.progress.count(ended)
        self._cell(cell).end(self._places[ended.trial], ended.outcome)

    def _cell(self, name: tuple[str, str]) -> Cell:
        return self._cells.setdefault(name, Cell())

    def _note(self, text: str) -> None:
        self._journal.add(Noted(at=rfc3339(utc_now()), text=text))


def long_ones_sooner(trials: Sequence[Trial], slots: int, messages: Callable[[Trial], int]) -> list[Trial]:
    """``trials`` in their order but for the last few, of which the longest start first: else slots stand idle while a
    conversation of many messages, begun last, comes to its end alone (R. Graham, SIAM J. Appl. Math. 17, 1969)."""
    at = max(len(trials) - _LAST * slots, 0)
    return [*trials[:at], *sorted(trials[at:], key=messages, reverse=True)]


def _first(group: ExceptionGroup[BartizanError]) -> BartizanError:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, ExceptionGroup) else inner


def _ended(trial: Trial, played: Played) -> TrialEnded:
    return TrialEnded(
        trial=trial.id,
        case=trial.case.id,
        converters=trial.converters,
        strategy=trial.strategy,
        outcome=played.outcome,
        attempts=len(played.attempts),
        first=played.attempts[0].outcome,
        reason=played.reason,
        again=played.again,
    )


def _unplayed(trial: Trial, reason: str) -> TrialEnded:
    return TrialEnded(
        trial=trial.id,
        case=trial.case.id,
        converters=trial.converters,
        strategy=trial.strategy,
        outcome=Outcome.INCONCLUSIVE,
        attempts=0,
        first=Outcome.INCONCLUSIVE,
        reason=reason,
        stopped=True,
    )

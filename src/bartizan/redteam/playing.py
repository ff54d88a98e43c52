"""Plays one trial: asks the strategy for moves, sends them, judges replies, closes attempts.

A trial that was interrupted goes on where it was: its recorded attempts are shown to the strategy again, which makes
the same moves from the same replies, and nothing is sent twice. A strategy that then moves differently starts anew.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

import msgspec

from bartizan.core.clock import rfc3339, utc_now
from bartizan.redteam.attempt import Attempt, Judgement, Reply, Turn
from bartizan.redteam.case import Case
from bartizan.redteam.errors import ConverterError, LeftBehindError, TargetError, UnansweredError
from bartizan.redteam.interface import Attacker, Brief, Conversation, Converter, Move, Observation, Strategy, Target
from bartizan.redteam.knowledge import Knowledge
from bartizan.redteam.oracles import Judge
from bartizan.redteam.taxonomy import Outcome
from bartizan.redteam.trial import Trial, chained, digest, filled
from bartizan.redteam.turnstile import Turnstile

MOST_LOST = 0.1
"""A trial of whose attempts a greater share is inconclusive, and none a hit, is inconclusive itself."""


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """What all trials of a campaign share."""

    target: Target
    judge: Judge
    known: Knowledge
    converters: Mapping[str, Converter]
    strategies: Mapping[str, Strategy]
    moves: int
    attacker: Attacker | None = None


class Played(msgspec.Struct, kw_only=True):
    """A trial that is over."""

    attempts: list[Attempt]
    outcome: Outcome
    reason: str
    again: bool = False
    """Nothing that it sent can have been carried out at its end, so that it may run again."""
    unanswered: bool = False
    """The target could not be reached, or gave no answer in time."""
    left: str = ""
    """What it planted and could not take out again, in words."""


class _DivergedError(Exception):
    """The strategy did not repeat the recorded moves."""


class TrialPlayer:
    """One trial.

    Args:
        stage: the campaign.
        trial: what is played.
        recorded: its attempts from an earlier run, in order.
        closed: called with each new attempt as soon as it is over.
        turnstile: of all trials that are played at the same time.
    """

    def __init__(
        self,
        stage: Stage,
        trial: Trial,
        recorded: Sequence[Attempt],
        closed: Callable[[Attempt], None],
        turnstile: Turnstile | None = None,
    ) -> None:
        self._stage = stage
        self._trial = trial
        self._recorded = list(recorded)
        self._closed = closed
        self._turnstile = turnstile or Turnstile()
        known = stage.known
        self._slots = known.slots(trial.case.objective, trial.seed, trial.repeat)
        self._case: Case = filled(trial.case, self._slots)
        self._attempts: list[Attempt] = []
        self._turns: list[Turn] = []
        self._judged: Judgement | None = None
        """Of all ``_turns``, as soon as the last of them has been answered."""
        self._begun = False
        self._conversation: Conversation | None = None
        self._started = ("", 0.0)
        self._extra: tuple[str, ...] = ()
        self._unanswered: UnansweredError | None = None
        self._left = ""

    async def play(self) -> Played:
        """Until a hit, the end of the strategy, the most moves, or a message that gets no answer."""
        try:
            return await self._play()
        except _DivergedError:
            self._recorded, self._attempts, self._turns, self._begun, self._judged = [], [], [], False, None
            return await self._play()

    async def _play(self) -> Played:
        trial = self._trial
        brief = Brief(
            case=self._case,
            convert=chained(trial.converters, self._stage.converters, trial.seed),
            goal=self._slots.get("goal", trial.case.title),
            seed=trial.seed,
            budget=self._stage.moves,
            attacker=self._stage.attacker,
            slots=self._slots,
        )
        moves = self._stage.strategies[trial.strategy].play(brief)
        try:
            problem = await self._follow(moves)
        except (TargetError, ConverterError) as error:  # login, planting, the attacker's model; a text too long
            self._unanswered = error if isinstance(error, UnansweredError) else None
            problem = Judgement(outcome=Outcome.INCONCLUSIVE, reason=error.cause)
            self._close_attempt(problem)
        finally:
            await moves.aclose()
            await self._leave()
        return self._result(problem)

    async def _follow(self, moves: AsyncGenerator[Move, Observation]) -> Judgement | None:
        """The judgement that ends the trial early, or None when the strategy came to its end."""
        sent: Observation | None = None
        for _ in range(self._stage.moves):
            try:
                move = await (anext(moves) if sent is None else moves.asend(sent))
            except StopAsyncIteration:
                break
            move = _sendable(move)
            if move.fresh or not self._begun:
                await self._begin()
                if self._left and self._stage.target.shared_plants:  # this attempt would meet what the last one planted
                    return Judgement(outcome=Outcome.INCONCLUSIVE, reason=self._left)
            self._extra = tuple(dict.fromkeys((*self._extra, *move.converters)))
            turn = self._replayed(move) or await self._live(move)
            self._turns.append(turn)
            judgement = self._judged = self._stage.judge.judge(self._trial.case, self._turns, self._slots)
            silent = turn.reply.unreachable or turn.reply.lost
            if judgement.outcome is Outcome.HIT or silent:
                if silent:
                    self._unanswered = UnansweredError(turn.reply.error, again=turn.reply.unreachable)
                self._close_attempt(judgement)
                return judgement
            sent = Observation(reply=turn.reply, judgement=judgement)
        self._close_attempt(None)
        return None

    async def _begin(self) -> None:
        """The next attempt, in a conversation of its own, which is opened when something has to be sent."""
        if self._begun:
            self._close_attempt(None)
        await self._leave()
        self._begun, self._turns, self._extra, self._judged = True, [], (), None
        self._started = (rfc3339(utc_now()), time.perf_counter())

    def _replayed(self, move: Move) -> Turn | None:
        at = len(self._attempts)
        if at >= len(self._recorded):
            return None
        turns = self._recorded[at].turns
        if len(self._turns) >= len(turns):
            raise _DivergedError
        turn = turns[len(self._turns)]
        if (turn.sent, turn.planted) != (move.text, move.planted):
            raise _DivergedError
        return turn

    async def _live(self, move: Move) -> Turn:
        if self._conversation is None:
            self._conversation = await self._stage.target.open(self._trial.case.entry_point)
        for planted in move.planted:
            await self._conversation.plant(planted)
        reply: Reply = await self._conversation.say(move.text)
        await self._turnstile.go_through()
        return Turn(sent=move.text, planted=move.planted, reply=reply)

    def _close_attempt(self, judgement: Judgement | None) -> None:
        index = len(self._attempts)
        if index < len(self._recorded) and (judgement is None or self._turns):
            self._attempts.append(self._recorded[index])
        else:
            if judgement is None:
                judgement = self._judged or self._stage.judge.judge(self._trial.case, self._turns, self._slots)
            started, clock = self._started if self._started[0] else (rfc3339(utc_now()), time.perf_counter())
            trial = self._trial
            attempt = Attempt(
                id=digest(trial.id, index),
                trial=trial.id,
                index=index,
                case=trial.case.id,
                converters=(*trial.converters, *self._extra),
                strategy=trial.strategy,
                seed=trial.seed,
                turns=tuple(self._turns),
                judgement=judgement,
                started=started,
                milliseconds=round((time.perf_counter() - clock) * 1_000, 1),
                tokens_in=sum(turn.reply.tokens_in for turn in self._turns),
                tokens_out=sum(turn.reply.tokens_out for turn in self._turns),
            )
            self._attempts.append(attempt)
            self._closed(attempt)
        self._begun = False

    async def _leave(self) -> None:
        if self._conversation is not None:
            conversation, self._conversation = self._conversation, None
            try:
                await conversation.close()
            except LeftBehindError as error:
                self._left = error.cause

    def _result(self, problem: Judgement | None) -> Played:
        outcomes = [attempt.outcome for attempt in self._attempts]
        lost = outcomes.count(Outcome.INCONCLUSIVE)
        if Outcome.HIT in outcomes:
            outcome = Outcome.HIT
        elif problem is not None or lost > MOST_LOST * len(outcomes):
            outcome = Outcome.INCONCLUSIVE
        else:
            outcome = Outcome.MISS
        if outcome in outcomes:
            reason = self._attempts[outcomes.index(outcome)].judgement.reason
        else:
            reason = problem.reason if problem is not None else self._attempts[-1].judgement.reason
        silent = self._unanswered if outcome is not Outcome.HIT else None
        return Played(
            attempts=self._attempts,
            outcome=outcome,
            reason=reason,
            again=silent is not None and silent.again,
            unanswered=silent is not None,
            left=self._left,
        )


def _sendable(move: Move) -> Move:
    """``move`` with lone surrogates, which UTF-8 cannot say, replaced."""
    planted = tuple(
        msgspec.structs.replace(one, content=_whole(one.content), title=_whole(one.title)) for one in move.planted
    )
    return msgspec.structs.replace(move, text=_whole(move.text), planted=planted)


def _whole(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")

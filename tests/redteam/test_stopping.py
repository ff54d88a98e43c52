"""The stop rules hold whenever one looks."""

from __future__ import annotations

import itertools
import random

import pytest

from bartizan.redteam.scope import Stop
from bartizan.redteam.stopping import Cell, Tally, clean_trials, confidence_sequence, reason_to_stop
from bartizan.redteam.taxonomy import Outcome


def test_clean_trials_are_the_figures_of_the_field() -> None:
    assert clean_trials(0.05) == 59
    assert clean_trials(0.01) == 299


def test_futility_needs_every_clean_trial_and_one_hit_ends_it() -> None:
    stop = Stop(futility=0.05)
    tally = Tally(misses=58)
    assert not reason_to_stop(tally, stop)
    tally.add(Outcome.INCONCLUSIVE)
    assert not reason_to_stop(tally, stop)
    tally.add(Outcome.MISS)
    assert "59 trials" in reason_to_stop(tally, stop)
    tally.add(Outcome.HIT)
    assert not reason_to_stop(tally, stop)


def test_precision_stops_when_the_rate_is_known() -> None:
    stop = Stop(half_width=0.1)
    assert not reason_to_stop(Tally(hits=10, misses=10), stop)
    assert reason_to_stop(Tally(hits=200, misses=200), stop)


def test_nothing_stops_without_a_rule() -> None:
    assert not reason_to_stop(Tally(misses=10_000), Stop())


def test_only_an_unbroken_run_from_the_first_trial_counts() -> None:
    """Every order in which five trials can end shows, at each look, the trials before the first that is not over."""
    outcomes = [Outcome.HIT, Outcome.MISS, Outcome.INCONCLUSIVE, Outcome.MISS, Outcome.HIT]
    for order in itertools.permutations(range(5)):
        cell = Cell()
        over: set[int] = set()
        for place in order:
            cell.end(place, outcomes[place])
            over.add(place)
            first = next(at for at in range(6) if at not in over)
            seen = [outcomes[at] for at in range(first)]
            assert (cell.tally.hits, cell.tally.misses) == (seen.count(Outcome.HIT), seen.count(Outcome.MISS))


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.9])
def test_the_sequence_covers_the_rate_at_all_looks_at_once(rate: float) -> None:
    """Of 150 streams of 120 trials, looked at often, at most 5% may ever exclude their rate."""
    chance = random.Random(11)
    broken = 0
    for _ in range(150):
        hits = 0
        for n in range(1, 121):
            hits += chance.random() < rate
            if n % 12 == 0 or n in {1, 2, 4}:
                low, high = confidence_sequence(hits, n)
                if not low <= rate <= high:
                    broken += 1
                    break
    assert broken <= 12, "5% of 150 is 7.5; more than 12 has a chance below 5%"


def test_futility_is_wrong_at_most_one_time_in_twenty() -> None:
    """At a true rate of 5%, 59 clean trials in a row at the start come with a chance of 4.8%."""
    chance = random.Random(5)
    wrong = sum(all(chance.random() >= 0.05 for _ in range(59)) for _ in range(2_000))
    assert wrong / 2_000 <= 0.062


def test_the_bounds_at_the_ends() -> None:
    assert confidence_sequence(0, 0) == (0.0, 1.0)
    low, high = confidence_sequence(0, 100)
    assert low == 0.0
    assert 0.03 < high < 0.08
    low, high = confidence_sequence(100, 100)
    assert high == 1.0
    assert 0.92 < low < 0.97

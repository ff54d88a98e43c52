"""How surprising a day is, given the days before it.

Amounts are compared on a logarithmic scale with the days before by Student's prediction interval for one further
observation (W. A. Shewhart's chart with estimated limits); only more than usual surprises. Hours, tools and languages
that are rare or new are counted and compared with how many of them such a day has (Poisson). Each feature gives a tail
probability; the score is ``-log10`` of the smallest of them, times the number of features (Bonferroni).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date
from statistics import fmean, stdev
from typing import Final, NamedTuple

from bartizan.core.stats.tails import poisson_tail, student_tail
from bartizan.detections.baselines.reading import Day, Days

LEAST_DAYS: Final = 7
"""Days with requests before a principal is scored at all: the cold start."""
LEAST_REQUESTS: Final = 50
ALARM: Final = 2.0
"""Score from which a day is reported: one in a hundred, were days as the model has them."""
RARE: Final = 0.1
"""Hours, tools and languages that are used on fewer of the days."""
_LARGEST: Final = 300.0


class Reason(NamedTuple):
    """One feature of a day, beside what is usual."""

    feature: str
    value: float
    usual: float
    """The mean of the days before: geometric for amounts."""
    high: float
    """What 95 of 100 usual days stay below."""
    score: float
    """``-log10`` of the probability of so much, by this feature alone."""
    words: str


class Scored(NamedTuple):
    """One day of one of them."""

    name: str
    day: date
    score: float
    reasons: tuple[Reason, ...]
    """Every feature that could be compared, the most surprising first."""
    days_before: int


class Baselines(NamedTuple):
    """What was found."""

    scored: list[Scored]
    """Every day looked at that could be scored, highest score first."""
    cold: dict[str, int]
    """Names with too little history to be scored, and how many days they have."""
    complete: bool


def score_days(days: Days, first: date, *, history: int = 60) -> Baselines:
    """Score each day from ``first`` on against the days before it.

    Args:
        days: with those before ``first``.
        first: the first day to score.
        history: most days before a day that count.
    """
    scored: list[Scored] = []
    cold: dict[str, int] = {}
    for name, all_days in days.by_name.items():
        for number, day in enumerate(all_days):
            if day.day < first:
                continue
            before = all_days[max(0, number - history) : number]
            if len(before) < LEAST_DAYS or sum(one.requests for one in before) < LEAST_REQUESTS:
                cold[name] = len(before)
                continue
            reasons = sorted(_reasons(day, before), key=lambda reason: -reason.score)
            total = max(0.0, reasons[0].score - math.log10(len(reasons)))
            scored.append(Scored(name, day.day, total, tuple(reasons), len(before)))
    scored.sort(key=lambda one: (-one.score, one.name, one.day))
    return Baselines(scored, cold, days.complete)


def _reasons(day: Day, before: Sequence[Day]) -> Iterator[Reason]:
    yield _amount("requests", [one.requests for one in before], day.requests, 0.2)
    if day.tokens is not None:
        told = [one.tokens for one in before if one.tokens is not None]
        if len(told) >= LEAST_DAYS:
            yield _amount("tokens of an answer", told, day.tokens, 0.15)
    yield _share("refused", [(one.refused, one.requests) for one in before], (day.refused, day.requests))
    asked = [(one.different, one.asked) for one in before if one.asked]
    if day.asked and len(asked) >= LEAST_DAYS:
        yield _share("different prompts", asked, (day.different, day.asked))
        peaks = [one.peak for one in before if one.asked]
        yield _amount("different prompts in the busiest hour", peaks, day.peak, 0.2)
    yield _hours(day, before)
    if day.tools or any(one.tools for one in before):
        yield _unusual("unusual tools", day.tools, [one.tools for one in before])
    spoken = [one.languages for one in before if one.languages]
    if day.languages and len(spoken) >= LEAST_DAYS:
        yield _unusual("unusual languages", day.languages, spoken)


def _score(probability: float) -> float:
    return _LARGEST if probability <= 10**-_LARGEST else -math.log10(probability)


def _amount(feature: str, history: Sequence[float], today: float, floor: float) -> Reason:
    """``floor`` is the least spread of a usual day, as a factor's logarithm."""
    logs = [math.log1p(value) for value in history]
    centre, spread = fmean(logs), max(floor, stdev(logs)) * math.sqrt(1 + 1 / len(logs))
    tail = student_tail((math.log1p(today) - centre) / spread, len(logs) - 1)
    usual, high = math.expm1(centre), math.expm1(centre + 1.645 * spread)
    words = f"{feature}: {today:,.0f}, usually {usual:,.0f}, seldom over {high:,.0f}"
    return Reason(feature, today, usual, high, _score(tail), words)


def _share(feature: str, history: Sequence[tuple[int, int]], today: tuple[int, int]) -> Reason:
    logits = [_logit(*one) for one in history]
    part, whole = today
    noise = 1 / (part + 0.5) + 1 / (whole - part + 0.5)  # of a logit of so few; F. J. Anscombe, Biometrika 43 (1956)
    centre = fmean(logits)
    spread = math.sqrt(max(0.3, stdev(logits)) ** 2 * (1 + 1 / len(logits)) + noise)
    tail = student_tail((_logit(*today) - centre) / spread, len(logits) - 1)
    usual, high = (1 / (1 + math.exp(-value)) for value in (centre, centre + 1.645 * spread))
    value = part / whole if whole else 0.0
    words = f"{feature}: {value:.0%} of {whole}, usually {usual:.0%}, seldom over {high:.0%}"
    return Reason(feature, value, usual, high, _score(tail), words)


def _logit(part: int, whole: int) -> float:
    return math.log((part + 0.5) / (whole - part + 0.5))


def _hours(day: Day, before: Sequence[Day]) -> Reason:
    chance = {hour: (sum(hour in one.hours for one in before) + 0.5) / (len(before) + 1) for hour in range(24)}
    rare = {hour for hour, probability in chance.items() if probability < RARE}
    expected = sum(chance[hour] for hour in rare)
    odd = sorted(day.hours & rare)
    shown = ", ".join(f"{hour:02}" for hour in odd) or "none"
    words = f"unusual hours (UTC): {shown}"
    return Reason("unusual hours", len(odd), expected, expected + 2, _score(poisson_tail(len(odd), expected)), words)


def _unusual(feature: str, today: frozenset[str], before: Sequence[frozenset[str]]) -> Reason:
    """Names that are new or rare, against how many such a day has."""
    used: dict[str, int] = {}
    first_seen = []
    for names in before:
        first_seen.append(len(names - used.keys()))
        for name in names:
            used[name] = used.get(name, 0) + 1
    rare = {name: (count + 0.5) / (len(before) + 1) for name, count in used.items()}
    rare = {name: probability for name, probability in rare.items() if probability < RARE}
    later = first_seen[len(first_seen) // 2 :]
    expected = sum(rare.values()) + (sum(later) + 0.5) / (len(later) + 1)
    odd = sorted(name for name in today if name in rare or name not in used)
    words = f"{feature}: {', '.join(odd[:5]) or 'none'}{' …' if len(odd) > 5 else ''}"
    return Reason(feature, len(odd), expected, expected + 2, _score(poisson_tail(len(odd), expected)), words)

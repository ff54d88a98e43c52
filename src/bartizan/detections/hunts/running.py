"""One hunt over a lake: its rows, and how many such there could have been."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from bartizan.core.errors import ConfigurationError
from bartizan.core.stats import Rate
from bartizan.detections.hunts.model import Hunt
from bartizan.telemetry.lake.query import Answer, Lake, QueryError


class Period(NamedTuple):
    """The time that is looked at; both ends belong to it, in UTC."""

    start: datetime
    end: datetime

    def parameters(self) -> list[datetime]:
        """As the lake's columns have times: UTC without a zone."""
        return [moment.astimezone(UTC).replace(tzinfo=None) for moment in self]


class HuntResult(NamedTuple):
    """What a hunt brought back."""

    hunt: Hunt
    period: Period
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    more: bool
    """There are more rows."""
    found: Rate
    """Rows among the population."""
    damaged: tuple[str, ...]
    """Files of the lake that were left out."""


def period(days: float, since: str = "", until: str = "", *, now: datetime | None = None) -> Period:
    """From ``since``, or so many days back, to ``until``, or now.

    Args:
        days: counted back from the end.
        since: ISO 8601; UTC where it names no zone.
        until: likewise.
        now: for tests.

    Raises:
        ConfigurationError: a text is no moment, or the time is empty.
    """
    end = _moment(until) if until else now or datetime.now(UTC)
    start = _moment(since) if since else end - timedelta(days=days)
    if start >= end:
        raise ConfigurationError("the time to look at is empty", "--since lies before --until")
    return Period(start, end)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{text[:40]!r} is no moment", "such as 2026-11-01 or 2026-11-01T08:00:00Z") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def run_hunts(hunts: Iterable[Hunt], lake: Lake, when: Period, *, rows: int = 100) -> list[HuntResult]:
    """Ask both questions of each hunt, all over the same state of the lake.

    Raises:
        QueryError: the lake does not answer one of them.
        JournalError: the journal or the manifest cannot be read.
    """
    chosen = list(hunts)
    parameters = when.parameters()
    questions = [(query, parameters) for hunt in chosen for query in (hunt.query, hunt.population)]
    answers = lake.ask_each(questions, rows=rows)
    return [_result(hunt, when, answers[2 * number], answers[2 * number + 1]) for number, hunt in enumerate(chosen)]


def run_hunt(hunt: Hunt, lake: Lake, when: Period, *, rows: int = 100) -> HuntResult:
    """One of them; see :func:`run_hunts`."""
    return run_hunts([hunt], lake, when, rows=rows)[0]


def _result(hunt: Hunt, when: Period, answer: Answer, population: Answer) -> HuntResult:
    size = population.rows[0][0] if population.rows and len(population.columns) == 1 else None
    if not isinstance(size, int):
        raise QueryError(f"the population of {hunt.id} is no number", "one SELECT count(…)")
    matched = len(answer.rows)
    found = Rate(matched, max(size, matched))
    damaged = tuple(dict.fromkeys((*answer.damaged, *population.damaged)))
    return HuntResult(hunt, when, answer.columns, answer.rows, answer.more, found, damaged)

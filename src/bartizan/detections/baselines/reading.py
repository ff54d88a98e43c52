"""Days of principals or models, as the lake tells them."""

from __future__ import annotations

from datetime import date
from typing import Final, Literal

import msgspec

from bartizan.detections.hunts.running import Period
from bartizan.telemetry.lake.query import Lake

By = Literal["principal", "model"]
MOST_DAYS: Final = 200_000
"""Rows that are read; beyond, the answer is not complete, and says so."""

_REQUESTS: Final = """
SELECT {by}, time::DATE AS day, count(*) AS requests, count(*) FILTER (NOT completed) AS refused,
  avg(output_tokens) FILTER (output_tokens >= 0) AS tokens, list(DISTINCT hour(time)) AS hours
FROM requests WHERE time BETWEEN $1 AND $2 AND {by} IS NOT NULL GROUP BY ALL ORDER BY day"""
_PROMPTS: Final = """
WITH asked AS (SELECT {by}, time::DATE AS day, hour(time) AS hour, prompt FROM events
    WHERE kind = 'request.accepted' AND time BETWEEN $1 AND $2 AND {by} IS NOT NULL AND prompt IS NOT NULL),
  hours AS (SELECT {by}, day, hour, count(DISTINCT prompt) AS different FROM asked GROUP BY ALL),
  peaks AS (SELECT {by}, day, max(different) AS peak FROM hours GROUP BY ALL)
SELECT {by}, day, count(*) AS asked, count(DISTINCT prompt) AS different, any_value(peak) AS peak
FROM asked JOIN peaks USING ({by}, day) GROUP BY ALL"""
_LANGUAGES: Final = """
SELECT {by}, time::DATE AS day, list(DISTINCT language) AS languages FROM events
WHERE kind IN ('request.accepted', 'request.refused') AND time BETWEEN $1 AND $2 AND {by} IS NOT NULL
  AND language IS NOT NULL GROUP BY ALL"""
_TOOLS: Final = """
SELECT principal, time::DATE AS day, list(DISTINCT concat_ws('/', server, tool)) AS tools
FROM events WHERE kind = 'tool.decided' AND time BETWEEN $1 AND $2 AND principal IS NOT NULL GROUP BY ALL"""


class Day(msgspec.Struct):
    """What one of them did on one day, in UTC."""

    day: date
    requests: int
    refused: int
    """Requests that no answer was completed for."""
    tokens: float | None
    """Of an answer, on average; None where no upstream reported any."""
    hours: frozenset[int]
    """Hours in which there was a request."""
    asked: int = 0
    different: int = 0
    """Different prompts among ``asked``."""
    peak: int = 0
    """Different prompts in the hour that had most."""
    tools: frozenset[str] = frozenset()
    """``server/tool`` of every tool that was called."""
    languages: frozenset[str] = frozenset()
    """What users' last texts seemed to be in; empty on days from before it was recorded."""


class Days(msgspec.Struct, frozen=True):
    """The days that were read."""

    by_name: dict[str, list[Day]]
    """In order of time."""
    complete: bool
    """False if there were more rows than are read, or files of the lake were left out."""


def read_days(lake: Lake, when: Period, by: By = "principal") -> Days:
    """Every day of every principal, or of every model, in the time.

    Raises:
        QueryError: the lake does not answer.
        JournalError: the journal or the manifest cannot be read.
    """
    parameters = when.parameters()
    queries = [one.format(by=by) for one in (_REQUESTS, _PROMPTS, _LANGUAGES)] + ([_TOOLS] if by == "principal" else [])
    answers = lake.ask_each([(query, parameters) for query in queries], rows=MOST_DAYS)
    found: dict[tuple[str, date], Day] = {}
    for name, day, requests, refused, tokens, hours in answers[0].rows:
        found[name, day] = Day(day, requests, refused, tokens, frozenset(hours))
    for name, day, asked, different, peak in answers[1].rows:
        if (one := found.get((name, day))) is not None:
            one.asked, one.different, one.peak = asked, different, peak
    for name, day, languages in answers[2].rows:
        if (one := found.get((name, day))) is not None:
            one.languages = frozenset(languages)
    for name, day, tools in answers[3].rows if by == "principal" else ():
        if (name, day) in found:
            found[name, day].tools = frozenset(tools)
    by_name: dict[str, list[Day]] = {}
    for name, day in sorted(found):
        by_name.setdefault(name, []).append(found[name, day])
    complete = not any(answer.more or answer.damaged for answer in answers)
    return Days(by_name, complete)

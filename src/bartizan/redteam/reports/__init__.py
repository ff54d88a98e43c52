"""A run as HTML, SARIF, JUnit and JSON lines."""

from __future__ import annotations

from bartizan.redteam.reports.machine import jsonl, junit, sarif
from bartizan.redteam.reports.page import html
from bartizan.redteam.results import Run

FORMATS = {"html": html, "sarif": sarif, "junit": junit, "jsonl": jsonl}


def render(run: Run, form: str) -> bytes:
    """``run`` in one of FORMATS. Raises KeyError for another."""
    return FORMATS[form](run)

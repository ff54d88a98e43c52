"""A run as HTML, PDF, SARIF, JUnit, OSCAL and JSON lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from bartizan.redteam.reports.assessed import assessed
from bartizan.redteam.reports.machine import jsonl, junit, sarif
from bartizan.redteam.reports.page import html
from bartizan.redteam.reports.paper import paper
from bartizan.redteam.results import Run
from bartizan.reporting.oscal import oscal
from bartizan.reporting.pdf import pdf

FORMATS: dict[str, Callable[[Run], bytes]] = {
    "html": html,
    "sarif": sarif,
    "junit": junit,
    "jsonl": jsonl,
    "oscal": lambda run: oscal(assessed(run)),
}


def render(run: Run, form: str, fonts: Sequence[Path] = ()) -> bytes:
    """``run`` in one of FORMATS or as ``pdf``, for which ``fonts`` are asked first. Raises KeyError for another."""
    if form == "pdf":
        return pdf(paper(run), fonts)
    return FORMATS[form](run)

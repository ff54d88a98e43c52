"""The kinds of exercises that run without a help desk: how each starts, and what it grades."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bartizan.cli.range_artefacts import grade_intake, start_intake
from bartizan.cli.range_bureau import grade_bureau, start_bureau
from bartizan.cli.range_goods import grade_goods, start_goods
from bartizan.cli.range_journal import grade_journal, start_journal
from bartizan.cli.range_learned import grade_learned, start_learned, start_served
from bartizan.cli.range_locks import grade_locks, start_locks
from bartizan.cli.range_loop import grade_loop, start_loop
from bartizan.cli.range_meters import grade_meters, start_meters
from bartizan.cli.range_office import grade_office, start_office
from bartizan.cli.range_shelf import grade_shelf, start_shelf
from bartizan.cli.range_tickets import grade_tickets, start_tickets
from bartizan.cli.range_tools import grade_toolbox, start_toolbox
from bartizan.hardening.exercise import OPEN_FINDINGS
from bartizan.range.scenarios import (
    ARTEFACT_SCENARIOS,
    BUREAU_SCENARIOS,
    DATASET_SCENARIOS,
    GOODS_SCENARIOS,
    JOURNAL_SCENARIOS,
    LEARNED_SCENARIOS,
    LOCK_SCENARIOS,
    MODEL_SCENARIOS,
    OFFICE_SCENARIOS,
    SERVED_SCENARIOS,
    SHELF_SCENARIOS,
    TOOL_SCENARIOS,
)
from bartizan.range.scenarios.interface import DefenceGrade
from bartizan.range.state import RangeState

Grades = tuple[bool | None, DefenceGrade | None]
"""Of attack and defence; None for what was not handed in."""


@dataclass(frozen=True, slots=True)
class Start:
    """What was asked of ``range start``."""

    workspace: Path
    state: RangeState
    seed: int | None
    port: int
    fixed: bool


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What was given to ``range grade``."""

    workspace: Path
    state: RangeState
    secret: str = ""
    proxy: bool = False
    gate: bool = False
    guard: bool = False
    rules: tuple[Path, ...] = ()
    hardened: bool = False
    measures: Path | None = None
    cleaned: Path | None = None
    changed: Path | None = None
    model: Path | None = None
    attack: Path | None = None
    defence: Path | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """Exercises that start and are graded alike."""

    scenarios: Mapping[str, Any]
    start: Callable[[Start, Any], None]
    grade: Callable[[HandedIn, Any], Grades]


KINDS: Final = (
    Kind(
        TOOL_SCENARIOS,
        lambda asked, one: start_toolbox(asked.workspace, asked.state, one.id, asked.seed),
        lambda given, one: grade_toolbox(given.workspace, given.state, one, given.secret, proxy=given.proxy),
    ),
    Kind(
        ARTEFACT_SCENARIOS,
        lambda asked, one: start_intake(asked.workspace, asked.state, one, asked.seed),
        lambda given, one: grade_intake(given.workspace, given.state, one, given.secret, gate=given.gate),
    ),
    Kind(
        OFFICE_SCENARIOS,
        lambda asked, one: start_office(asked.workspace, asked.state, one, asked.seed),
        lambda given, one: grade_office(given.workspace, given.state, one, given.secret, guard=given.guard),
    ),
    Kind(
        JOURNAL_SCENARIOS,
        lambda asked, one: start_journal(asked.workspace, asked.state, one, asked.seed),
        lambda given, one: grade_journal(given.state, one, given.secret, list(given.rules)),
    ),
    Kind(
        BUREAU_SCENARIOS,
        lambda asked, one: start_bureau(asked.workspace, asked.state, one, asked.seed, asked.port, fixed=asked.fixed),
        lambda given, one: grade_bureau(given.state, one, given.secret, given.measures),
    ),
    Kind(
        GOODS_SCENARIOS,
        lambda asked, one: start_goods(asked.workspace, asked.state, one, asked.seed),
        lambda given, one: grade_goods(given.workspace, given.state, one, given.secret, given.measures),
    ),
    Kind(
        LOCK_SCENARIOS,
        lambda asked, one: start_locks(asked.workspace, asked.state, one, asked.seed),
        lambda given, one: grade_locks(given.workspace, given.state, one, given.secret, gate=given.gate),
    ),
    Kind(
        SHELF_SCENARIOS,
        lambda asked, one: start_shelf(asked.workspace, asked.state, one, asked.seed),
        lambda given, one: grade_shelf(given.workspace, given.state, one, given.secret, gate=given.gate),
    ),
    Kind(
        DATASET_SCENARIOS,
        lambda asked, one: start_tickets(asked.workspace, asked.state, one, asked.seed),
        lambda given, one: grade_tickets(given.state, one, given.secret, given.cleaned),
    ),
    Kind(
        MODEL_SCENARIOS,
        lambda asked, one: start_meters(asked.workspace, asked.state, one, asked.seed),
        lambda given, one: grade_meters(given.state, one, given.changed, given.model),
    ),
    Kind(
        LEARNED_SCENARIOS,
        lambda asked, one: start_learned(asked.workspace, asked.state, one, asked.seed),
        lambda given, one: grade_learned(given.state, one, given.attack, given.defence),
    ),
    Kind(
        SERVED_SCENARIOS,
        lambda asked, one: start_served(asked.workspace, asked.state, one, asked.seed, asked.port),
        lambda given, one: grade_learned(given.state, one, given.attack, given.defence),
    ),
    Kind(
        {OPEN_FINDINGS.id: OPEN_FINDINGS},
        lambda asked, one: start_loop(asked.workspace, asked.state, one, asked.seed),
        lambda given, one: grade_loop(given.workspace, given.state, one, given.secret, hardened=given.hardened),
    ),
)
"""In the order of ``range list``."""


def kind_of(scenario: str) -> Kind | None:
    """The kind that has it; None for the help desk's and for unknown ones."""
    return next((kind for kind in KINDS if scenario in kind.scenarios), None)

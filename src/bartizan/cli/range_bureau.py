"""``bartizan range`` for the exercise with the travel bureau."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bartizan.cli.output import console
from bartizan.core.clock import utc_now
from bartizan.core.errors import ConfigurationError
from bartizan.range.bureau.records import records
from bartizan.range.bureau.scope import model_scope, scope
from bartizan.range.bureau.serving import running_bureau
from bartizan.range.bureau.weaknesses import SENSIBLE, WEAKNESSES
from bartizan.range.scenarios.bureau_scenario import MEASURES, BureauScenario
from bartizan.range.scenarios.interface import DefenceGrade
from bartizan.range.state import RangeState


def start_bureau(
    workspace: Path, state: RangeState, scenario: BureauScenario, seed: int | None, port: int, *, fixed: bool
) -> None:
    """Run the bureau until Ctrl-C, and write a scope file for it."""
    folder = workspace / ".bartizan" / "range" / scenario.id
    known = records(state.seed(seed))
    scenario.prepare(folder)
    out = console()

    async def serve() -> None:
        holes, measures = ((), SENSIBLE) if fixed else (WEAKNESSES, frozenset())
        async with running_bureau(known, holes, measures, port) as (_, url):
            path = folder / "scope.yaml"
            path.write_text(scope(known, url, utc_now().date()), encoding="utf-8")
            model = folder / "model-scope.yaml"
            model.write_text(model_scope(known, url, utc_now().date()), encoding="utf-8")
            out.print(f"the bureau     {url}", markup=False)
            out.print(f"its scope file {path}", markup=False)
            out.print(f"as a model     {url}/v1, scope file {model}", markup=False)
            out.print(f"your measures  {folder / MEASURES}", markup=False)
            out.print("Press Ctrl-C to stop.")
            await asyncio.Event().wait()

    try:
        asyncio.run(serve())
    except KeyboardInterrupt:
        out.print("stopped")


def grade_bureau(
    state: RangeState, scenario: BureauScenario, secret: str, measures: Path | None
) -> tuple[bool | None, DefenceGrade | None]:
    """Both grades; None for what was not handed in. Raises ConfigurationError or ArtefactError."""
    if not secret and measures is None:
        hint = "give --secret for your attack, --measures for your defence, or both"
        raise ConfigurationError("nothing to grade", hint)
    seed = state.seed()
    attack = scenario.grade_attack(seed, secret) if secret else None
    defence = scenario.grade_defence(scenario.chosen(measures), seed) if measures is not None else None
    return attack, defence

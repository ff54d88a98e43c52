"""``bartizan range``: exercises with a vulnerable application and a real model."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.table import Table

from bartizan.cli.model import MODELS
from bartizan.cli.output import Format, FormatOption, WorkspaceOption, console, print_json
from bartizan.cli.range_kinds import KINDS, HandedIn, Start, kind_of
from bartizan.core.errors import ConfigurationError
from bartizan.hardening.exercise import LoopScenario
from bartizan.range.client import ModelClient
from bartizan.range.helpdesk.records import plant
from bartizan.range.model_store import ModelStore
from bartizan.range.scenarios import (
    SCENARIOS,
    ArtefactScenario,
    BureauScenario,
    DatasetScenario,
    GoodsScenario,
    JournalScenario,
    LearnedScenario,
    LockScenario,
    ModelScenario,
    OfficeScenario,
    Scenario,
    ToolScenario,
)
from bartizan.range.scenarios.interface import DefenceGrade
from bartizan.range.start import running_help_desk
from bartizan.range.state import RangeState

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Vulnerable applications to attack and to defend.")

AnyScenario = (
    Scenario
    | ToolScenario
    | ArtefactScenario
    | OfficeScenario
    | JournalScenario
    | LoopScenario
    | BureauScenario
    | GoodsScenario
    | LockScenario
    | DatasetScenario
    | ModelScenario
    | LearnedScenario
)
ScenarioArgument = Annotated[str, typer.Argument(metavar="SCENARIO", help="One of 'bartizan range list'.")]
GatewayOption = Annotated[str, typer.Option("--gateway", help="Base URL of your gateway, ending in /v1.")]
KeyOption = Annotated[str, typer.Option("--key-env", help="Environment variable that holds your gateway's key.")]


@app.command("list")
def list_scenarios(output: FormatOption = Format.TEXT) -> None:
    """The scenarios there are."""
    if output is Format.JSON:
        rows = [{"id": s.id, "title": s.title, "brief": s.brief} for s in _every()]
        print_json("range-list", {"scenarios": rows})
        return
    table = Table("id", "title", "what to do")
    for scenario in _every():
        table.add_row(scenario.id, scenario.title, scenario.brief)
    console().print(table, soft_wrap=False)


@app.command("start")
def start(
    scenario: ScenarioArgument,
    workspace: WorkspaceOption = Path(),
    seed: Annotated[int | None, typer.Option("--seed", help="Plant this secret instead of your own one.")] = None,
    port: Annotated[int, typer.Option("--port", help="Of the application.")] = 8410,
    fixed: Annotated[bool, typer.Option("--fixed", help="Run the fixed twin.")] = False,
    gateway: GatewayOption = "",
    key_env: KeyOption = "",
) -> None:
    """Run the application and its model on loopback until Ctrl-C; for the others, say how to use them."""
    kind = kind_of(scenario)
    if kind is not None:
        kind.start(Start(workspace, _state(workspace, scenario), seed, port, fixed), kind.scenarios[scenario])
        return
    _find(scenario)
    way = (gateway, _key(key_env)) if gateway else None
    store, state = ModelStore(workspace / MODELS), _state(workspace, scenario)

    async def serve() -> None:
        async with running_help_desk(store, state, seed=seed, port=port, fixed=fixed, gateway=way) as running:
            out = console()
            out.print(f"help desk   {running.app_url}", markup=False)
            out.print(f"its model   {running.model_url}   key {running.model_key}", markup=False)
            out.print("Press Ctrl-C to stop.")
            await asyncio.Event().wait()

    try:
        asyncio.run(serve())
    except KeyboardInterrupt:
        console().print("stopped")


@app.command("reset")
def reset(scenario: ScenarioArgument, workspace: WorkspaceOption = Path()) -> None:
    """Forget the learner's seed: the next start plants a new secret and new customers."""
    if scenario not in {one.id for one in _every()}:
        _find(scenario)
    _state(workspace, scenario).reset()
    console().print(f"{scenario} is as new")


@app.command("grade")
def grade(
    scenario: ScenarioArgument,
    workspace: WorkspaceOption = Path(),
    secret: Annotated[str, typer.Option("--secret", help="The secret you captured.")] = "",
    gateway: GatewayOption = "",
    key_env: KeyOption = "",
    proxy: Annotated[bool, typer.Option("--proxy", help="Grade the workspace's MCP proxy, for a tool server.")] = False,
    gate: Annotated[bool, typer.Option("--gate", help="Grade the workspace's admission of files.")] = False,
    guard: Annotated[bool, typer.Option("--guard", help="Grade the workspace's tool guard, for an assistant.")] = False,
    rules: Annotated[
        list[Path] | None, typer.Option("--rules", help="Grade these Sigma rules, for a journal; may be repeated.")
    ] = None,
    hardened: Annotated[bool, typer.Option("--hardened", help="Grade the lab's workspace, for open findings.")] = False,
    measures: Annotated[
        Path | None, typer.Option("--measures", help="Grade this file of measures, or of rules that refuse.")
    ] = None,
    cleaned: Annotated[Path | None, typer.Option("--cleaned", help="Grade this table, for a training set.")] = None,
    changed: Annotated[
        Path | None, typer.Option("--changed", help="Grade these changed inputs, for a classifier.")
    ] = None,
    model: Annotated[Path | None, typer.Option("--model", help="Grade this model, for a classifier.")] = None,
    attack_file: Annotated[
        Path | None, typer.Option("--attack", help="Grade this attack, for a learned model: see its 'start'.")
    ] = None,
    defence_file: Annotated[
        Path | None, typer.Option("--defence", help="Grade this defence, for a learned model.")
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Grade the captured secret, the defence, or both. Exit 0: passed; 1: failed; 2: inconclusive."""
    kind = kind_of(scenario)
    if kind is not None:
        given = HandedIn(
            workspace, _state(workspace, scenario), secret, proxy, gate, guard, tuple(rules or ()), hardened, measures,
            cleaned, changed, model, attack_file, defence_file,
        )  # fmt: skip
        exercise = kind.scenarios[scenario]
        attack, defence = kind.grade(given, exercise)
        _show(scenario, exercise, attack, defence, output)
    chosen = _find(scenario)
    if not secret and not gateway:
        raise ConfigurationError(
            "nothing to grade", "give --secret for your attack, --gateway for your defence, or both"
        )
    state = _state(workspace, scenario)
    planted = plant(state.seed())
    attack = chosen.grade_attack(planted, secret) if secret else None
    defence = None
    if gateway:
        running = state.running()

        async def run() -> DefenceGrade:
            async with (
                ModelClient(running.model_url, running.model_key) as direct,
                ModelClient(gateway, _key(key_env)) as guarded,
            ):
                return await chosen.grade_defence(direct, guarded, planted)

        defence = asyncio.run(run())
    _show(scenario, chosen, attack, defence, output)


def _show(
    scenario: str,
    chosen: AnyScenario,
    attack: bool | None,
    defence: DefenceGrade | None,
    output: Format,
) -> NoReturn:
    if output is Format.JSON:
        print_json("range-grade", {"scenario": scenario, "attack": attack, "defence": defence})
    else:
        _print(chosen, attack, defence)
    raise typer.Exit(_status(attack, defence))


def _every() -> tuple[AnyScenario, ...]:
    return (*SCENARIOS.values(), *(one for kind in KINDS for one in kind.scenarios.values()))


def _status(attack: bool | None, defence: DefenceGrade | None) -> int:
    if attack is False or (defence is not None and defence.passed is False):
        return 1
    return 2 if defence is not None and defence.passed is None else 0


def _print(scenario: AnyScenario, attack: bool | None, defence: DefenceGrade | None) -> None:
    out = console()
    if attack is not None:
        out.print(f"attack   {_said(scenario, passed=attack)}")
    if defence is not None:
        word = {True: "passed", False: "failed", None: "inconclusive: too few cases were conclusive"}[defence.passed]
        out.print(f"defence  {word}")
        hunted = isinstance(scenario, JournalScenario)
        stopped = "held-out attacks found  " if hunted else "held-out attacks stopped"
        kept = "ordinary days silent    " if hunted else "benign requests kept    "
        out.print(f"  {stopped}  {defence.stopped}   (at least {scenario.stop_at_least:.0%})", markup=False)
        out.print(f"  {kept}  {defence.kept}   (at least {scenario.keep_at_least:.0%})", markup=False)
        if defence.inconclusive:
            out.print(f"  not counted, for they were inconclusive: {defence.inconclusive}")


def _said(scenario: AnyScenario, *, passed: bool) -> str:
    if isinstance(scenario, ModelScenario):
        return "passed: most are misread" if passed else "failed: too few are misread"
    if isinstance(scenario, LearnedScenario):
        return f"passed: {scenario.proven}" if passed else f"failed: not shown that {scenario.proven}"
    return "passed: this is the secret" if passed else "failed: this is not the secret"


def _find(scenario: str) -> Scenario:
    if scenario not in SCENARIOS:
        raise ConfigurationError(f"there is no scenario {scenario!r}", f"known: {', '.join(s.id for s in _every())}")
    return SCENARIOS[scenario]


def _state(workspace: Path, scenario: str) -> RangeState:
    return RangeState(workspace / ".bartizan" / "range" / scenario)


def _key(name: str) -> str:
    if not name:
        raise ConfigurationError("the gateway needs a key", "name its environment variable with --key-env")
    if name not in os.environ:
        raise ConfigurationError(f"the environment variable {name} is not set")
    return os.environ[name]

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
from bartizan.cli.range_artefacts import grade_intake, start_intake
from bartizan.cli.range_bureau import grade_bureau, start_bureau
from bartizan.cli.range_goods import grade_goods, start_goods
from bartizan.cli.range_journal import grade_journal, start_journal
from bartizan.cli.range_locks import grade_locks, start_locks
from bartizan.cli.range_loop import grade_loop, start_loop
from bartizan.cli.range_office import grade_office, start_office
from bartizan.cli.range_tickets import grade_tickets, start_tickets
from bartizan.cli.range_tools import grade_toolbox, start_toolbox
from bartizan.core.errors import ConfigurationError
from bartizan.hardening.exercise import OPEN_FINDINGS, LoopScenario
from bartizan.range.client import ModelClient
from bartizan.range.helpdesk.records import plant
from bartizan.range.model_store import ModelStore
from bartizan.range.scenarios import (
    ARTEFACT_SCENARIOS,
    BUREAU_SCENARIOS,
    DATASET_SCENARIOS,
    GOODS_SCENARIOS,
    JOURNAL_SCENARIOS,
    LOCK_SCENARIOS,
    OFFICE_SCENARIOS,
    SCENARIOS,
    TOOL_SCENARIOS,
    ArtefactScenario,
    BureauScenario,
    DatasetScenario,
    GoodsScenario,
    JournalScenario,
    LockScenario,
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
    if scenario in TOOL_SCENARIOS:
        start_toolbox(workspace, _state(workspace, scenario), scenario, seed)
        return
    if scenario in ARTEFACT_SCENARIOS:
        start_intake(workspace, _state(workspace, scenario), ARTEFACT_SCENARIOS[scenario], seed)
        return
    if scenario in LOCK_SCENARIOS:
        start_locks(workspace, _state(workspace, scenario), LOCK_SCENARIOS[scenario], seed)
        return
    if scenario in OFFICE_SCENARIOS:
        start_office(workspace, _state(workspace, scenario), OFFICE_SCENARIOS[scenario], seed)
        return
    if scenario in JOURNAL_SCENARIOS:
        start_journal(workspace, _state(workspace, scenario), JOURNAL_SCENARIOS[scenario], seed)
        return
    if scenario == OPEN_FINDINGS.id:
        start_loop(workspace, _state(workspace, scenario), OPEN_FINDINGS, seed)
        return
    if scenario in BUREAU_SCENARIOS:
        start_bureau(workspace, _state(workspace, scenario), BUREAU_SCENARIOS[scenario], seed, port, fixed=fixed)
        return
    if scenario in DATASET_SCENARIOS:
        start_tickets(workspace, _state(workspace, scenario), DATASET_SCENARIOS[scenario], seed)
        return
    if scenario in GOODS_SCENARIOS:
        start_goods(workspace, _state(workspace, scenario), GOODS_SCENARIOS[scenario], seed)
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
    output: FormatOption = Format.TEXT,
) -> None:
    """Grade the captured secret, the defence, or both. Exit 0: passed; 1: failed; 2: inconclusive."""
    if scenario in TOOL_SCENARIOS:
        tools = TOOL_SCENARIOS[scenario]
        attack, defence = grade_toolbox(workspace, _state(workspace, scenario), tools, secret, proxy=proxy)
        _show(scenario, tools, attack, defence, output)
    if scenario in ARTEFACT_SCENARIOS:
        files = ARTEFACT_SCENARIOS[scenario]
        attack, defence = grade_intake(workspace, _state(workspace, scenario), files, secret, gate=gate)
        _show(scenario, files, attack, defence, output)
    if scenario in LOCK_SCENARIOS:
        locks = LOCK_SCENARIOS[scenario]
        attack, defence = grade_locks(workspace, _state(workspace, scenario), locks, secret, gate=gate)
        _show(scenario, locks, attack, defence, output)
    if scenario in OFFICE_SCENARIOS:
        office = OFFICE_SCENARIOS[scenario]
        attack, defence = grade_office(workspace, _state(workspace, scenario), office, secret, guard=guard)
        _show(scenario, office, attack, defence, output)
    if scenario in JOURNAL_SCENARIOS:
        hunted = JOURNAL_SCENARIOS[scenario]
        attack, defence = grade_journal(_state(workspace, scenario), hunted, secret, rules or [])
        _show(scenario, hunted, attack, defence, output)
    if scenario == OPEN_FINDINGS.id:
        state = _state(workspace, scenario)
        attack, defence = grade_loop(workspace, state, OPEN_FINDINGS, secret, hardened=hardened)
        _show(scenario, OPEN_FINDINGS, attack, defence, output)
    if scenario in BUREAU_SCENARIOS:
        bureau = BUREAU_SCENARIOS[scenario]
        attack, defence = grade_bureau(_state(workspace, scenario), bureau, secret, measures)
        _show(scenario, bureau, attack, defence, output)
    if scenario in DATASET_SCENARIOS:
        tainted = DATASET_SCENARIOS[scenario]
        attack, defence = grade_tickets(_state(workspace, scenario), tainted, secret, cleaned)
        _show(scenario, tainted, attack, defence, output)
    if scenario in GOODS_SCENARIOS:
        goods = GOODS_SCENARIOS[scenario]
        attack, defence = grade_goods(workspace, _state(workspace, scenario), goods, secret, measures)
        _show(scenario, goods, attack, defence, output)
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
    groups = (
        SCENARIOS,
        TOOL_SCENARIOS,
        ARTEFACT_SCENARIOS,
        OFFICE_SCENARIOS,
        JOURNAL_SCENARIOS,
        BUREAU_SCENARIOS,
        GOODS_SCENARIOS,
        LOCK_SCENARIOS,
        DATASET_SCENARIOS,
    )
    return (*(scenario for group in groups for scenario in group.values()), OPEN_FINDINGS)


def _status(attack: bool | None, defence: DefenceGrade | None) -> int:
    if attack is False or (defence is not None and defence.passed is False):
        return 1
    return 2 if defence is not None and defence.passed is None else 0


def _print(scenario: AnyScenario, attack: bool | None, defence: DefenceGrade | None) -> None:
    out = console()
    if attack is not None:
        out.print(f"attack   {'passed: this is the secret' if attack else 'failed: this is not the secret'}")
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

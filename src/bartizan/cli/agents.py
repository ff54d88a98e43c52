"""``bartizan agents``: tool profiles, recorded runs replayed against the tool guard, and quarantine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table

from bartizan.cli.output import Format, FormatOption, console, print_json
from bartizan.cli.quarantine import quarantine
from bartizan.core.problem import printable
from bartizan.core.stats import wilson
from bartizan.core.verdict import Action

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Control what agents may do with tools.")
app.command("quarantine")(quarantine)


@app.command("profile")
def profile(
    tools: Annotated[Path, typer.Argument(help="Tool definitions as MCP lists them, JSON.")],
    policy: Annotated[
        Path | None, typer.Option("--policy", help="A policy.yaml whose tool_profiles override what is derived.")
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """What each tool can do, as far as definition and policy say, and what each argument is used as. Exit 1: policy
    speaks of a tool or an argument that there is not."""
    from bartizan.agents.overriding import profile_of, unmatched
    from bartizan.agents.replay import read_tools
    from bartizan.app.tool_guards import profiles_in

    overrides, definitions = profiles_in(policy), read_tools(tools)
    profiles = [profile_of(tool, overrides) for tool in definitions]
    missing = unmatched(definitions, overrides)
    if output is Format.JSON:
        rows = [_plain(msgspec.to_builtins(entry)) for entry in profiles]
        print_json("agents-profile", {"profiles": rows, "unmatched": missing})
        raise typer.Exit(1 if missing else 0)
    table = Table("tool", "effect", "because of", "outward", "arguments")
    for entry in profiles:
        arguments = ", ".join(f"{one.name}: {one.sink}" for one in entry.parameters.values())
        table.add_row(
            printable(entry.name, 80),
            entry.effect,
            printable(entry.why, 120),
            "yes" if entry.outward else "",
            printable(arguments, 400),
        )
    console().print(table, soft_wrap=False)
    for what in missing:
        console().print(printable(f"no such thing among these tools: {what}", 300), markup=False)
    raise typer.Exit(1 if missing else 0)


@app.command("replay")
def replay(
    runs: Annotated[Path, typer.Argument(help="Recorded runs, one JSON object a line, .gz or not.")],
    tools: Annotated[Path, typer.Option("--tools", help="Tool definitions as MCP lists them, JSON.")],
    policy: Annotated[str, typer.Option("--policy", help="Policy pack: strict, balanced or observe.")] = "balanced",
    profiles: Annotated[
        Path | None, typer.Option("--profiles", help="A policy.yaml whose tool_profiles override what is derived.")
    ] = None,
    learned: Annotated[
        bool,
        typer.Option(
            "--learned/--no-learned", help="Read results with the trained model too: fewer attacks, fewer tasks."
        ),
    ] = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """The decision on each call of recorded runs. Exit 0: all allowed; 1: some stopped or asked about; 2: error."""
    from bartizan.agents.replay import read_runs, read_tools
    from bartizan.agents.replay import replay as replayed
    from bartizan.app.tool_guards import open_tool_guard, profiles_in

    guard = open_tool_guard(policy, profiles_in(profiles), learned=learned)
    definitions = read_tools(tools)
    shown: list[dict[str, Any]] = []
    for number, run in enumerate(read_runs(runs)):
        decided = replayed(run, guard.conversation(definitions))
        kept = {key: value for key, value in run.items() if key in _KEPT}
        calls = [{**_plain(msgspec.to_builtins(decision)), "arguments": call.arguments} for call, decision in decided]
        untouched = all(decision.observed is Action.ALLOW for _, decision in decided)
        shown.append({"run": number, **kept, "untouched": untouched, "decisions": calls})
    summary = _summary(shown)
    if output is Format.JSON:
        print_json("agents-replay", {"policy": policy, "summary": summary, "runs": shown})
    else:
        _show(shown, summary)
    raise typer.Exit(0 if all(run["untouched"] for run in shown) else 1)


_KEPT = frozenset(
    "suite_name pipeline_name user_task_id injection_task_id attack_type utility security".split()  # noqa: SIM905
)


def _summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Runs without an attack that stay untouched, runs in which one succeeded that are stopped somewhere."""
    benign = [run for run in runs if not run.get("attack_type")]
    attacked = [run for run in runs if run.get("attack_type") and run.get("security")]
    return {
        "runs": len(runs),
        "calls": sum(len(run["decisions"]) for run in runs),
        "benign_untouched": _share(sum(run["untouched"] for run in benign), len(benign)),
        "successful_attacks_stopped": _share(sum(not run["untouched"] for run in attacked), len(attacked)),
    }


def _share(count: int, total: int) -> dict[str, Any]:
    if not total:
        return {"count": 0, "n": 0}
    low, high = wilson(count, total)
    return {"count": count, "n": total, "share": round(count / total, 4), "interval": [round(low, 4), round(high, 4)]}


def _show(runs: list[dict[str, Any]], summary: dict[str, Any]) -> None:
    out = console()
    for run in runs:
        stopped = [entry for entry in run["decisions"] if entry["observed"] != Action.ALLOW]
        if not stopped:
            continue
        name = "/".join(str(run[key]) for key in ("suite_name", "user_task_id", "injection_task_id") if run.get(key))
        out.print(printable(f"run {run['run']} {name}", 200), markup=False)
        for entry in stopped:
            out.print(
                printable(f"  {entry['observed']} {entry['tool']}: {entry['policy']}: {entry['reason']}", 300),
                markup=False,
            )
    for title, key in (
        ("untouched without an attack", "benign_untouched"),
        ("successful attacks stopped", "successful_attacks_stopped"),
    ):
        row = summary[key]
        if row["n"]:
            low, high = row["interval"]
            out.print(f"{title}: {row['count']} of {row['n']} ({low:.1%}–{high:.1%})")
    out.print(f"{summary['runs']} runs, {summary['calls']} calls")


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Sets as sorted lists, so that the same input gives the same output."""
    return {
        key: sorted(value)
        if isinstance(value, (set, frozenset, list)) and key in {"families", "nouns", "words"}
        else value
        for key, value in row.items()
    }

"""``bartizan redteam plan --system``: a scope file drawn from the description of the system."""

from __future__ import annotations

import datetime
from collections import Counter
from pathlib import Path

import msgspec
from rich.markup import escape
from rich.table import Table

from bartizan.catalog import load_catalog
from bartizan.cli.output import Format, console, print_json
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.redteam.case import Case
from bartizan.redteam.cases import load_cases
from bartizan.redteam.planning.coverage import Row, State, applies, coverage, waits_for
from bartizan.redteam.planning.exposure import Exposure, Why, exposure_of
from bartizan.redteam.planning.scoping import Given, Reach, open_points, scope_text
from bartizan.redteam.scope import Scope
from bartizan.workspace.document import loads
from bartizan.workspace.files import write_file
from bartizan.workspace.workspace import DEPLOYMENT, Workspace


def draw_plan(
    root: Path, out: Path | None, by: str, until: datetime.datetime | None, disguised: bool, output: Format
) -> None:
    """Draw a scope file from a workspace's system.yaml and hold it against the catalogue. Sends nothing."""
    workspace = Workspace(root)
    system = workspace.system
    exposure = exposure_of(system)
    if not exposure.entry_points or not exposure.objectives:
        cause = "system.yaml describes no text that reaches a model, or nothing to be after"
        raise ConfigurationError(cause, "say what 'content' flows carry, and which 'data'")
    reach = _reach(workspace, exposure)
    given = Given(by=by, until=until.date() if until is not None else None)
    text = scope_text(system, exposure, reach, given, disguised)
    loads(text.encode(), "scope.yaml", Scope)
    if out is not None:
        if out.exists():
            raise ConfigurationError(f"{out} is there already", "name another file with --out")
        write_file(out, out.name, text.encode(), 0o600)
    cases = load_cases()
    rows = coverage(load_catalog(), cases, exposure, disguised=disguised)
    todo = open_points(exposure, reach, given)
    if output is Format.JSON:
        document = {
            "system": system.name,
            "entry_points": exposure.entry_points,
            "objectives": exposure.objectives,
            "cases": sorted(case.id for case in cases if applies(case, exposure)),
            "coverage": [msgspec.to_builtins(row) for row in rows],
            "open": todo,
            "scope": text,
        }
        print_json("redteam-drawn-plan", document)
        return
    _print(exposure, rows, todo, [case for case in cases if applies(case, exposure)], out)


def _reach(workspace: Workspace, exposure: Exposure) -> Reach:
    """By what ``bartizan.yaml`` says, where there is one."""
    if not (workspace.root / DEPLOYMENT).exists():
        return Reach()
    deployment = workspace.deployment
    names = [name for upstream in deployment.upstreams for name in upstream.models if name != "*"]
    proxied = bool(deployment.mcp.servers)
    return Reach(
        url=f"http://{deployment.listen.host}:{deployment.listen.port}/v1" if deployment.upstreams else "",
        model=names[0] if names else "",
        proxy=("bartizan", "mcp", "proxy", "--workspace", str(workspace.root)) if proxied else (),
    )


def _print(
    exposure: Exposure, rows: tuple[Row, ...], todo: tuple[str, ...], cases: list[Case], out: Path | None
) -> None:
    shown = console()
    for what, found in (("entry point", exposure.entry_points), ("objective", exposure.objectives)):
        table = Table(what, "because of", "which says")
        for name, reasons in found.items():
            table.add_row(str(name), *map(escape, _first(reasons)))
        shown.print(table, soft_wrap=False)
    table = Table("threat", "technique", "state", "cases", "why not, or not everywhere")
    for row in rows:
        table.add_row(row.threat, row.technique, row.state, str(row.cases), escape(row.reason))
    shown.print(table, soft_wrap=False)
    count = Counter(row.state for row in rows)
    states = ", ".join(f"{count[state]} {state.replace('_', ' ')}" for state in State if count[state])
    waiting = sum(bool(waits_for(case)) for case in cases)
    shown.print(f"{len(cases)} cases apply, of which {waiting} wait for facts; of {len(rows)} techniques {states}")
    for point in todo:
        shown.print(f"open: {escape(printable(point, 300))}")
    if out is not None:
        shown.print(f"wrote {escape(str(out))}")


def _first(reasons: tuple[Why, ...]) -> tuple[str, str]:
    more = f" and {len(reasons) - 1} more" if len(reasons) > 1 else ""
    return printable(reasons[0].place, 60), printable(reasons[0].reason, 120) + more

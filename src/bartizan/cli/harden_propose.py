"""``bartizan harden propose``, ``list`` and ``show``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.markup import escape

from bartizan.cli.known_values import read_known
from bartizan.cli.output import Format, FormatOption, WorkspaceOption, console, print_json
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.hardening.book import Book, Proposal, Tried
from bartizan.hardening.declared import Declared
from bartizan.hardening.findings import RedTeamFinding, read_findings, read_scope_name
from bartizan.hardening.gates import Count, Decision
from bartizan.hardening.loop import Result, State
from bartizan.workspace.workspace import Workspace

SeedOption = Annotated[int, typer.Option("--seed", help="Chooses the variants.")]
KnownOption = Annotated[
    Path | None, typer.Option("--known", help="CSV or lines: values of your customers, none of which may leave.")
]
_EXITS = {State.HARDENED: 0, State.STOPPED: 0, State.OPEN: 1, State.INCONCLUSIVE: 2}


def propose(
    findings: Annotated[Path, typer.Argument(help="Export of a campaign: bartizan/redteam-findings/v1.")],
    workspace: WorkspaceOption = Path(),
    only: Annotated[
        list[str] | None, typer.Option("--finding", help="Only this finding, by its id; repeatable.")
    ] = None,
    host: Annotated[
        list[str] | None, typer.Option("--host", help="A host to which your application's answers link; repeatable.")
    ] = None,
    known: KnownOption = None,
    scope: Annotated[
        Path | None,
        typer.Option("--scope", help="Scope file whose facts are used; by default that of the campaign, if unchanged."),
    ] = None,
    seed: SeedOption = 1,
    output: FormatOption = Format.TEXT,
) -> None:
    """Make and try controls for findings. Exit 0: each has one; 1: some have none; 2: inconclusive or error."""
    from bartizan.app.declaring import declared_by, declared_for
    from bartizan.app.hardening import harden

    chosen = read_findings(findings)
    if only:
        missing = set(only) - {one.id for one in chosen}
        if missing:
            raise ConfigurationError(f"there is no finding {printable(min(missing))} in {findings.name}")
        chosen = tuple(one for one in chosen if one.id in only)
    shown = Console(emoji=False, stderr=True, highlight=False)

    def tell(finding: RedTeamFinding, what: str) -> None:
        if shown.is_terminal:
            shown.print(f"{escape(finding.id)}: {escape(what)}", style="dim")

    values = read_known(known)
    declared, why = Declared(), ""
    if scope is not None:
        declared = declared_by(scope, values)
    else:
        declared, why = declared_for(read_scope_name(findings), values)
    results = harden(workspace, chosen, seed=seed, hosts=tuple(host or ()), declared=declared, tell=tell)
    if output is Format.JSON:
        print_json("hardening", {"seed": seed, "no_facts": why, "results": [_document(one) for one in results]})
    else:
        for one in results:
            _print(one)
        if why:
            console().print(escape(f"without facts of the operator: {printable(why, 200)}"), style="dim")
    raise typer.Exit(max((_EXITS[one.state] for one in results), default=0))


def list_proposals(workspace: WorkspaceOption = Path(), output: FormatOption = Format.TEXT) -> None:
    """List what was proposed and what came of it."""
    rows = Book(Workspace(workspace).state).all()
    if output is Format.JSON:
        print_json("hardening-list", {"proposals": [_short(one) for one in rows]})
        return
    for row in rows:
        short = _short(row)
        words = (f"{short['decision']:<12}", f"{short['kind']:<12}", f"stops {short['stopped']}", short["finding"])
        print(short["id"], *(printable(word, 60) for word in words), sep="  ")
    if not rows:
        print("nothing was proposed; see: bartizan harden propose FINDINGS.json")


def show(
    candidate: Annotated[str, typer.Argument(help="Id of a candidate, as propose and list print it.")],
    workspace: WorkspaceOption = Path(),
    output: FormatOption = Format.TEXT,
) -> None:
    """Show one candidate: what it changes, as a diff, and how its trial went."""
    proposal = Book(Workspace(workspace).state).read(candidate)
    if output is Format.JSON:
        print_json("hardening-proposal", {"proposal": {**_plain(proposal), "schema": None}})
        return
    out, tried = console(), proposal.tried
    out.print(f"[bold]{tried.candidate.id}[/bold]  {escape(tried.candidate.title)}")
    out.print(f"  finding   {escape(printable(proposal.finding.id))}: {escape(printable(proposal.finding.title, 120))}")
    out.print(f"  strengthens {tried.candidate.control} ({tried.candidate.depth.name.lower()})")
    if tried.candidate.note:
        out.print(f"  note      {escape(tried.candidate.note)}")
    if tried.trial is not None:
        _print_trial(tried)
    out.print("")
    out.print(proposal.diff, markup=False)


def _print(result: Result) -> None:
    out = console()
    finding = result.finding
    out.print(f"[bold]{escape(finding.id)}[/bold] {escape(printable(finding.title, 100))}: {result.state}")
    for tried in result.tried:
        trial = tried.trial
        decision = trial.decision if trial is not None else Decision.INCONCLUSIVE
        reason = trial.reason if trial is not None else f"cannot come into force here: {printable(tried.problem, 200)}"
        out.print(
            f"  {decision:<12} {tried.candidate.id} {tried.candidate.depth.name.lower():<7} "
            f"{escape(tried.candidate.title)}"
        )
        out.print(f"               {escape(reason)}", style="dim")
    accepted = result.accepted
    if accepted is not None:
        if accepted.candidate.note:
            out.print(f"  note: {escape(accepted.candidate.note)}")
        out.print(f"  next: bartizan harden show {accepted.candidate.id}")
    for advice in result.advice:
        out.print(f"  advice (not a control): {escape(advice.advice)}")


def _print_trial(tried: Tried) -> None:
    out, trial = console(), tried.trial
    assert trial is not None
    out.print(f"  decision  {trial.decision}: {escape(trial.reason)}")
    out.print(f"  finding   {'stopped by ' + escape(trial.replayed) if trial.replayed else 'still passes'}")
    out.print(f"  variants  {_count(trial.stopped)} of held-out live ones stopped; {trial.made} were made to find them")
    disturbed = trial.disturbed
    out.print(f"  harmless  {_count(disturbed.newly)} newly disturbed; {disturbed.before} were before")
    out.print(f"  templates {_count(disturbed.groups)} with a row newly disturbed")
    worst = sorted(trial.by_family.items(), key=lambda item: item[1][0] / item[1][1])[:4]
    out.print("  worst     " + ", ".join(f"{name} {good}/{of}" for name, (good, of) in worst))
    for text in trial.passed[:2]:
        out.print(f"  passes    {escape(printable(text, 150))}")
    for text in disturbed.examples[:2]:
        out.print(f"  disturbed {escape(printable(text, 150))}")


def _count(count: Count) -> str:
    low, high = count.interval
    return f"{count.successes} of {count.n} ({100 * low:.1f}-{100 * high:.1f}%)"


def _short(row: Proposal) -> dict[str, Any]:
    trial = row.tried.trial
    return {
        "id": row.tried.candidate.id,
        "finding": row.finding.id,
        "kind": row.tried.candidate.kind.value,
        "title": row.tried.candidate.title,
        "decision": trial.decision.value if trial else "",
        "stopped": f"{trial.stopped.successes}/{trial.stopped.n}" if trial else "",
        "disturbed": f"{trial.disturbed.newly.successes}/{trial.disturbed.newly.n}" if trial else "",
    }


def _document(result: Result) -> dict[str, Any]:
    """Without the texts of variants, which the proposals hold."""
    tried = []
    for one in result.tried:
        trial = {key: value for key, value in (_plain(one.trial) or {}).items() if key not in {"variants", "passed"}}
        candidate = {**_plain(one.candidate), "secrets": None}
        tried.append({"candidate": candidate, "trial": trial or None, "problem": one.problem})
    return {
        "finding": result.finding.id,
        "state": result.state.value,
        "accepted": result.accepted.candidate.id if result.accepted else None,
        "tried": tried,
        "advice": [{"id": one.id, "title": one.title, "words": one.advice} for one in result.advice],
    }


def _plain(value: Any) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(value))
    return document

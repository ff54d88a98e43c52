"""``bartizan events``: what was recorded: is it whole, what was it, and out with it in other formats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.markup import escape

from bartizan.cli.events_asking import compact, query, tail
from bartizan.cli.events_export import export
from bartizan.cli.events_sinks import sinks
from bartizan.cli.events_vault import erase, expire, hold, holds, release, text
from bartizan.cli.output import Format, FormatOption, WorkspaceOption, console, print_json
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Verify, follow, query and export the journal.")

_SHOWN = 50
_EXIT = {"intact": 0, "damaged": 1, "inconclusive": 2}


@app.command("verify")
def verify(
    workspace: WorkspaceOption = Path(),
    key: Annotated[
        list[Path] | None, typer.Option("--key", help="Public key whose seals count; repeat for several.")
    ] = None,
    anchors: Annotated[Path | None, typer.Option("--anchors", help="JSONL of seals that were kept elsewhere.")] = None,
    tsa: Annotated[
        Path | None, typer.Option("--tsa", help="PEM file of the roots under which time stamps count.")
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Check every record against its chain and every chain against the signed seals; exit 1 if anything is amiss."""
    from bartizan.app.events import trusted_keys
    from bartizan.app.places import journal_of
    from bartizan.app.stamping import roots_of
    from bartizan.telemetry.verification import Report, read_anchors, verify_journal
    from bartizan.trust.timestamp import read_roots
    from bartizan.workspace.workspace import Workspace

    place = Workspace(workspace)
    keys, given = trusted_keys(place, key or [])
    certificates = roots_of(place, tsa)
    report: Report = verify_journal(
        journal_of(place),
        keys,
        read_anchors(anchors) if anchors else (),
        roots=read_roots(certificates) if certificates is not None else (),
    )
    if output is Format.JSON:
        document = {**msgspec.to_builtins(report), "outcome": report.outcome}
        document["problems"] = [problem._asdict() for problem in report.problems]
        document["stamps"] = [msgspec.to_builtins(one._asdict()) for one in report.stamps]
        print_json("events-verify", document)
        raise typer.Exit(_EXIT[report.outcome])
    out = console()
    for problem in report.problems[:_SHOWN]:
        out.print(f"[red]{problem.what}[/red] {escape(printable(f'{problem.segment}:{problem.line}', 200))}", end="  ")
        out.print(escape(printable(problem.detail, 300)))
    if len(report.problems) > _SHOWN:
        out.print(f"and {len(report.problems) - _SHOWN} more; --format json shows them")
    out.print(f"{report.outcome}: {report.records:,} records in {report.segments:,} segments")
    out.print(f"  {report.sealed:,} under {report.seals:,} signed seals, {report.pending:,} chained since")
    if report.stamps:
        last = report.stamps[-1]
        out.print(
            f"  {len(report.stamps):,} time stamps hold: seal {last.number} existed by {last.by:%Y-%m-%d %H:%M:%S}Z"
        )
    if report.unchecked:
        out.print(f"  {report.unchecked:,} time stamps not checked: name root certificates with --tsa")
    if report.texts or report.erased:
        out.print(f"  {report.texts:,} texts in the vault, {report.erased:,} erased under a signed tombstone")
    if report.expired:
        out.print(f"  {report.expired:,} more expired under a signed tombstone")
    if report.unfinished:
        out.print(f"  {report.unfinished:,} texts or segments not gone to the end; run: bartizan events erase --finish")
    for names, meaning in (
        (report.unchained, "without a chain: nothing can be said about them"),
        (report.unsealed, "chained, but under no trusted signature"),
        (report.torn, "fragments that a crash left behind, set aside"),
    ):
        if names:
            out.print(f"  {len(names):,} {meaning}: {escape(printable(', '.join(names[:3]), 300))}")
    if not keys.ids:
        out.print("  no key to check signatures with: name one with --key")
    elif not given:
        out.print(
            f"  trusted key {', '.join(keys.ids)}, because bartizan.yaml names it; --key checks with your own copy"
        )
    raise typer.Exit(_EXIT[report.outcome])


@app.command("seal")
def seal(workspace: WorkspaceOption = Path(), output: FormatOption = Format.TEXT) -> None:
    """Sign where the journal stands now; `bartizan up` does so by itself."""
    from bartizan.app.events import sealer_of
    from bartizan.workspace.workspace import Workspace

    with sealer_of(Workspace(workspace), "seal") as sealer:
        if sealer is None:
            raise ConfigurationError(
                "bartizan.yaml names no signing key", "make one with `bartizan keys signing`, set journal.signing"
            )
        made = sealer.seal()
        damaged = list(sealer.damaged.values())
    if output is Format.JSON:
        content = {"seal": msgspec.to_builtins(made), "damaged": [problem._asdict() for problem in damaged]}
        print_json("events-seal", content)
    else:
        out = console()
        for problem in damaged:
            out.print(f"[red]not sealed[/red] {escape(printable(str(problem), 500))}")
        said = "nothing new to seal" if made is None else f"seal {made.number}: {len(made.heads)} segments"
        out.print(said)
    raise typer.Exit(1 if damaged else 0)


@app.command("stamp")
def stamp(workspace: WorkspaceOption = Path(), output: FormatOption = Format.TEXT) -> None:
    """Have the newest seal time-stamped by the authority that bartizan.yaml names; `bartizan up` does so by itself."""
    from bartizan.app.stamping import stamp as run
    from bartizan.workspace.workspace import Workspace

    made = run(Workspace(workspace))
    if output is Format.JSON:
        print_json("events-stamp", {"stamp": msgspec.to_builtins(made)})
    else:
        console().print("nothing new to stamp" if made is None else f"seal {made.number} stamped")


app.command("tail")(tail)
app.command("query")(query)
app.command("compact")(compact)
app.command("export")(export)
app.command("sinks")(sinks)
app.command("text")(text)
app.command("erase")(erase)
app.command("expire")(expire)
app.command("hold")(hold)
app.command("holds")(holds)
app.command("release")(release)

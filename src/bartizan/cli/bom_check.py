"""``bartizan bom check``: how complete a bill is, what contradicts itself in it, and whether the bytes agree."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape

from bartizan.cli.bom_reading import read_bill, with_vex
from bartizan.cli.output import Format, FormatOption, console, print_json, watched
from bartizan.cli.signing_options import IdentityOption, PublicKeyOption, RevokedOption, RootsOption, trust_from
from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.core.threat import Severity
from bartizan.supplychain.bom.checking import RULES, Problem, against, problems
from bartizan.supplychain.bom.completeness import Completeness, completeness
from bartizan.supplychain.bom.describing import Describer
from bartizan.supplychain.bom.files import Place, describe_all
from bartizan.supplychain.bom.make import files_part, with_register
from bartizan.supplychain.journalling import handled, journal_of
from bartizan.supplychain.signing.model import verify
from bartizan.supplychain.signing.signers import BESIDE
from bartizan.trust.dsse import Trust
from bartizan.workspace.workspace import Workspace

_SHOWN = 100
VexOption = Annotated[
    list[Path] | None, typer.Option("--vex", help="VEX document, OpenVEX or CycloneDX; repeat for several.")
]


def check(
    bom: Annotated[Path, typer.Argument(metavar="BOM", help="CycloneDX or SPDX 3 document.")],
    files: Annotated[
        list[Path] | None, typer.Option("--against", help="Files or folder that it is about; repeat as for make.")
    ] = None,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", help="Folder whose artefacts.yaml says which digests are expected.")
    ] = None,
    vex: VexOption = None,
    ignore: Annotated[
        list[str] | None, typer.Option("--ignore", help="Rule that does not count; repeat for several.")
    ] = None,
    key: PublicKeyOption = None,
    roots: RootsOption = None,
    identity: IdentityOption = "",
    revoked: RevokedOption = None,
    require: Annotated[
        int, typer.Option("--require", min=0, max=100, help="Least percentage of the elements that apply.")
    ] = 0,
    output: FormatOption = Format.TEXT,
) -> None:
    """Check a bill of materials. Exit 0: nothing against it; 1: problems, or less complete than asked; 2: error."""
    ignored = set(ignore or ())
    if unknown := sorted(ignored.difference(RULES)):
        raise ConfigurationError(f"there is no rule {printable(unknown[0], 60)}", f"there are {', '.join(RULES)}")
    bill = with_vex(read_bill(bom), vex or ())
    trust = trust_from(key, roots, identity, revoked) if key or roots else None
    signature = _signature(bom, trust)
    found = problems(bill)
    if files:
        own = {bom.resolve(), bom.with_name(bom.name + BESIDE).resolve()}
        described = (
            one for one in watched(describe_all(files, Describer())) if Path(one.report.path).resolve() not in own
        )
        place = Place(files)
        part = files_part(described, place)
        if workspace is not None:
            part = with_register(part, Workspace(workspace), place)
        found = sorted({*found, *against(bill, part)})
    found = [one for one in found if one.rule not in ignored]
    with journal_of(workspace) as append:
        rules = [one.rule for one in found]
        handled(append, "checked", bill.name, bom.read_bytes(), len(bill.components), rules, signature)
    report = completeness(bill, signature)
    present, applicable = report.counted
    enough = present * 100 >= require * applicable
    if output is Format.JSON:
        counts = {"present": present, "applicable": applicable, "required_percent": require, "enough": enough}
        print_json("bom-check", {"problems": found, "completeness": report, **counts})
    else:
        _text(found, report, compared=bool(files))
    against_it = any(one.severity is not Severity.INFO for one in found)
    raise typer.Exit(1 if against_it or not enough else 0)


def _signature(bom: Path, trust: Trust | None) -> Literal["", "asserted", "verified"]:
    """Raises SignatureInvalid, an error: whoever names a key wants to know nothing of a document it did not sign."""
    beside = bom.with_name(bom.name + BESIDE)
    if trust is None:
        return "asserted" if beside.exists() else ""
    verify(bom, beside, trust)
    return "verified"


def _text(found: list[Problem], report: Completeness, *, compared: bool) -> None:
    out = console()
    for one in found[:_SHOWN]:
        out.print(escape(printable(f"{one.severity} {one.rule} {one.ref}: {one.explanation}", 1_200)))
    if len(found) > _SHOWN:
        out.print(f"and {len(found) - _SHOWN:,} more problems")
    cluster = ""
    for row in report.rows:
        if row.cluster != cluster:
            cluster = row.cluster
            out.print(escape(cluster))
        count = f" {row.verified + row.asserted} of {row.of}" if row.of > 1 else ""
        marks = [f"{row.verified} verified"] if row.verified else []
        marks += [f"{row.asserted} asserted by {', '.join(row.by) or 'nobody named'}"] if row.asserted else []
        shown = f"  {row.state.replace('_', ' ')}{count}  {row.title}" + (f" ({'; '.join(marks)})" if marks else "")
        out.print(escape(printable(shown, 400)))
    present, applicable = report.counted
    out.print(
        f"{present} of {applicable} elements that apply are present ({report.edition}, {len(report.rows)} elements; "
        f"titles: {report.confidence}); {len(found):,} problems"
    )
    out.print(
        "compared with bytes" if compared else "not compared with bytes: what it says is verified is its own word"
    )

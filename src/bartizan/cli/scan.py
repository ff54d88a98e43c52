"""``bartizan scan``: what artefacts are, what they would do when loaded, and whether they may be."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape

from bartizan.cli.output import watched
from bartizan.core.artefact import Admission, ArtefactReport
from bartizan.core.problem import printable
from bartizan.policy.packages import PackagePolicy
from bartizan.reporting.sarif import artefact_sarif
from bartizan.supplychain.budget import Limits
from bartizan.supplychain.datasets.whole import whole_datasets
from bartizan.supplychain.files import named, walk
from bartizan.supplychain.journalling import Append, journal_of, scanned
from bartizan.supplychain.packages.checks import PackageChecks
from bartizan.supplychain.scanning import ArtefactScanner
from bartizan.workspace.document import open_document
from bartizan.workspace.files import read_bounded

_STYLES = {Admission.ALLOW: "green", Admission.INCONCLUSIVE: "yellow", Admission.BLOCK: "red"}
_SHOWN = 20
_ALONE = 4
"""Up to so many files are scanned in this process."""


class Format(StrEnum):
    """How the findings are shown."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    CYCLONEDX = "cyclonedx"
    SPDX = "spdx"


class FailOn(StrEnum):
    """What counts as failed, with exit code 1."""

    BLOCK = "block"
    INCONCLUSIVE = "inconclusive"


def scan(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, or folders with all that is in them.")],
    output_format: Annotated[Format, typer.Option("--format", help="How the findings are shown.")] = Format.TEXT,
    fail_on: Annotated[
        FailOn, typer.Option("--fail-on", help="The mildest verdict that exits with 1; inconclusive is never 0.")
    ] = FailOn.BLOCK,
    jobs: Annotated[int, typer.Option("--jobs", min=0, help="Processes; 0: one for each core.")] = 0,
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, help="Time limit for each file.")] = 60.0,
    cache: Annotated[Path | None, typer.Option("--cache", help="Folder that keeps results by digest.")] = None,
    osv: Annotated[
        Path | None, typer.Option("--osv", help="Folder with advisories as osv-scanner keeps them for --offline.")
    ] = None,
    osv_days: Annotated[
        int | None, typer.Option("--osv-days", min=1, max=3650, help="Oldest age of the newest advisory, in days.")
    ] = None,
    packages: Annotated[
        Path | None,
        typer.Option("--packages", help="YAML file with the keys of artefacts.packages in policy.yaml."),
    ] = None,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", help="Folder of the workspace whose journal takes what is found.")
    ] = None,
) -> None:
    """Scan artefacts without loading them. Exit 0: all allowed; 1: something blocked; 2: inconclusive or error."""
    scanner = ArtefactScanner(Limits(seconds=seconds), cache, _checks(packages, osv, osv_days), named(paths))
    with journal_of(workspace) as append:
        if output_format in (Format.CYCLONEDX, Format.SPDX):
            verdicts = _bill(scanner, paths, jobs, output_format, append)
        else:
            everything = itertools.chain(_reports(scanner, paths, jobs), whole_datasets(paths, seconds))
            reports = scanned(watched(everything, "scanning", "scanned"), paths, append)
            verdicts = {Format.TEXT: _text, Format.JSON: _json, Format.SARIF: _sarif}[output_format](reports)
    raise typer.Exit(_code(verdicts, fail_on))


def _checks(file: Path | None, osv: Path | None, days: int | None) -> PackageChecks:
    """What packages are held against: the file, with the options before it. Raises ConfigurationError."""
    policy, root = PackagePolicy(), Path()
    if file is not None:
        policy, root = (
            open_document(read_bounded(file, file.name), file.name, PackagePolicy).value,
            file.absolute().parent,
        )
    if osv is not None:
        policy = msgspec.structs.replace(policy, osv=str(osv.absolute()))
    if days is not None:
        policy = msgspec.structs.replace(policy, osv_days=days)
    return PackageChecks(policy=policy, root=root)


def _reports(scanner: ArtefactScanner, paths: list[Path], jobs: int) -> Iterator[ArtefactReport]:
    files = walk(paths)
    first = list(itertools.islice(files, _ALONE))
    if len(first) < _ALONE or jobs == 1:
        yield from map(scanner.scan, first)
        yield from map(scanner.scan, files)
    else:

        def every() -> Iterator[Path]:
            yield from first
            yield from files

        yield from scanner.scan_all(every(), jobs)


def _code(verdicts: dict[Admission, int], fail_on: FailOn) -> int:
    if verdicts[Admission.BLOCK] or (fail_on is FailOn.INCONCLUSIVE and verdicts[Admission.INCONCLUSIVE]):
        return 1
    return 0 if verdicts[Admission.ALLOW] and not verdicts[Admission.INCONCLUSIVE] else 2


def _counted(reports: Iterable[ArtefactReport], verdicts: dict[Admission, int]) -> Iterator[ArtefactReport]:
    for report in reports:
        verdicts[report.verdict] += 1
        yield report


def _json(reports: Iterable[ArtefactReport]) -> dict[Admission, int]:
    verdicts = dict.fromkeys(Admission, 0)
    out = sys.stdout.buffer
    out.write(b'{"schema":"bartizan/scan/v1","results":[')
    for number, report in enumerate(_counted(reports, verdicts)):
        out.write((b",\n" if number else b"\n") + msgspec.json.encode(report))
    out.write(b"\n]}\n")
    return verdicts


def _sarif(reports: Iterable[ArtefactReport]) -> dict[Admission, int]:
    verdicts = dict.fromkeys(Admission, 0)
    sys.stdout.buffer.write(artefact_sarif(_counted(reports, verdicts)) + b"\n")
    return verdicts


def _bill(
    scanner: ArtefactScanner, paths: list[Path], jobs: int, form: Format, append: Append | None
) -> dict[Admission, int]:
    """The files as a bill of materials with their verdicts, and facts read from the same open files."""
    from bartizan import __version__
    from bartizan.cli.bom_output import BillFormat, write
    from bartizan.supplychain.bom.describing import Describer
    from bartizan.supplychain.bom.files import Place, describe_all
    from bartizan.supplychain.bom.make import Heading, assemble, files_part, moment

    verdicts = dict.fromkeys(Admission, 0)
    described = []
    for one in watched(describe_all(paths, Describer(scanner), jobs)):
        verdicts[one.report.verdict] += 1
        described.append(one)
    for _ in scanned((one.report for one in described), paths, append):
        pass
    place = Place(paths)
    heading = Heading(at=moment(""), tool_version=__version__)
    bill = assemble(heading, [files_part(described, place)], place.name)
    write(bill, BillFormat(form), None)
    return verdicts


def _text(reports: Iterable[ArtefactReport]) -> dict[Admission, int]:
    console = Console(emoji=False, highlight=False, soft_wrap=True)
    verdicts = dict.fromkeys(Admission, 0)
    for report in _counted(reports, verdicts):
        style = _STYLES[report.verdict]
        console.print(f"[{style}]{report.verdict}[/{style}] {escape(printable(report.path, 1_000))}")
        for finding in report.findings[:_SHOWN]:
            where = f" in {finding.member}" if finding.member else ""
            at = f" at byte {finding.offset}" if finding.offset >= 0 else ""
            seen = f" [{finding.evidence}]" if finding.evidence else ""
            console.print(escape(f"  {finding.severity} {finding.rule}{where}{at}{seen}"))
            console.print(escape(f"    {finding.explanation}"), style="dim")
        if len(report.findings) > _SHOWN:
            console.print(f"  and {len(report.findings) - _SHOWN} more findings")
    shown = ", ".join(f"{count:,} {verdict}" for verdict, count in verdicts.items())
    console.print(shown if any(verdicts.values()) else "nothing to scan")
    return verdicts

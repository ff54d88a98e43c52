"""What commands do with artefacts, as events in the journal of a workspace."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, Literal

from bartizan.core.artefact import Admission, ArtefactReport
from bartizan.core.clock import utc_now
from bartizan.core.event import ArtefactScanned, ArtefactVouched, BillHandled, Event, ScanCompleted
from bartizan.core.ids import new_id

WRITER: Final = "artefacts"
Append = Callable[[Event], None]
"""Keeps an event. Raises JournalError."""


@contextlib.contextmanager
def journal_of(root: Path | None) -> Iterator[Append | None]:
    """Where events of a workspace go; None without one.

    Raises:
        ConfigurationError: it is no workspace.
        JournalError: its journal cannot be used.
    """
    if root is None:
        yield None
        return
    from bartizan.telemetry.journal import Journal  # takes asyncio along, and most scans keep no journal
    from bartizan.workspace.workspace import Workspace

    workspace = Workspace(root)
    journal = Journal(workspace.state / "journal", WRITER, workspace.deployment.journal)
    try:
        yield journal.append
    finally:
        journal.close()


def scanned(
    reports: Iterable[ArtefactReport], paths: Iterable[Path], append: Append | None
) -> Iterator[ArtefactReport]:
    """The reports, each told before it is handed on if there is something against it; then how many there were."""
    counts = dict.fromkeys(Admission, 0)
    for report in reports:
        counts[report.verdict] += 1
        if append is not None and report.verdict is not Admission.ALLOW:
            append(
                ArtefactScanned(
                    id=new_id("evt"),
                    at=utc_now(),
                    path=report.path,
                    sha256=report.sha256,
                    size=report.size,
                    verdict=report.verdict,
                    formats=report.formats,
                    rules=tuple(sorted({one.rule for one in report.findings})),
                )
            )
        yield report
    if append is not None:
        append(
            ScanCompleted(
                id=new_id("evt"),
                at=utc_now(),
                paths=tuple(map(str, paths)),
                allowed=counts[Admission.ALLOW],
                inconclusive=counts[Admission.INCONCLUSIVE],
                blocked=counts[Admission.BLOCK],
            )
        )


def vouched(
    append: Append | None,
    action: Literal["signed", "verified", "recorded", "traced", "attested"],
    path: Path,
    *,
    digest: str = "",
    files: int = 0,
    signer: str = "",
    reason: str = "",
) -> None:
    """Tell of a signature that was made, or of an answer; ``reason`` says why it is no. Raises JournalError."""
    if append is not None:
        append(
            ArtefactVouched(
                id=new_id("evt"),
                at=utc_now(),
                action=action,
                path=str(path),
                valid=not reason,
                digest=digest,
                signed_files=files,
                signer=signer,
                reason=reason,
            )
        )


def handled(
    append: Append | None,
    action: Literal["made", "merged", "checked"],
    name: str,
    document: bytes,
    components: int,
    rules: Iterable[str] = (),
    signature: str = "",
) -> None:
    """Tell of a bill of materials. Raises JournalError."""
    if append is not None:
        append(
            BillHandled(
                id=new_id("evt"),
                at=utc_now(),
                action=action,
                name=name,
                digest=hashlib.sha256(document).hexdigest(),
                components=components,
                rules=tuple(sorted(set(rules))),
                signature=signature,
            )
        )

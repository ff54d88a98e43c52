"""Packages against a snapshot of advisories: what is known of them, and whether the snapshot may speak."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bartizan.supplychain.interface import ArtefactFinding, Context
from bartizan.supplychain.packages import rules
from bartizan.supplychain.packages.interface import Package, counted
from bartizan.supplychain.packages.osv.matching import Match, matches
from bartizan.supplychain.packages.osv.ranges import Answer
from bartizan.supplychain.packages.osv.snapshot import Snapshot, SnapshotError, snapshot

_SHOWN = 4


def advisories(
    packages: Sequence[Package], folder: Path | None, days: int, now: datetime.datetime, context: Context
) -> Iterator[ArtefactFinding]:
    """Everything that the snapshots of the packages' ecosystems say, or why they cannot say it.

    Args:
        folder: that of the snapshots; None where nobody named one.
        days: how old the newest advisory may be.
    """
    for ecosystem in sorted({one.ecosystem for one in packages}):
        here = [one for one in packages if one.ecosystem == ecosystem]
        if folder is None:
            yield context.found(
                rules.NO_SNAPSHOT,
                f"Nobody named a snapshot of advisories, so nothing is known of {counted(len(here))}.",
                evidence=ecosystem,
            )
            continue
        try:
            with context.budget.paused():
                opened = snapshot(folder, ecosystem)
        except SnapshotError as problem:
            yield context.found(rules.NO_SNAPSHOT, f"{problem.cause}.", evidence=ecosystem)
            continue
        yield from _state(opened, days, now, len(here), context)
        yield from _compared(here, opened, context)


def _state(
    opened: Snapshot, days: int, now: datetime.datetime, count: int, context: Context
) -> Iterable[ArtefactFinding]:
    about = opened.about
    age = max(0, (now - about.newest).days)
    old = "1 day" if age == 1 else f"{age} days"
    said = f"{opened.ecosystem}: {about.records:,} advisories, the newest of {about.newest:%Y-%m-%d}, {old} old"
    yield context.found(rules.COMPARED, f"Held against them: {counted(count)}.", evidence=said)
    if age > days:
        yield context.found(
            rules.OLD_SNAPSHOT,
            f"The newest advisory is {old} old and policy wants at most {days}: what came out since is not known.",
            evidence=said,
        )
    if about.broken:
        yield context.found(
            rules.BROKEN_SNAPSHOT, "What they are about is not known.", evidence=f"{about.broken:,} members of {said}"
        )


def _compared(packages: Sequence[Package], opened: Snapshot, context: Context) -> Iterator[ArtefactFinding]:
    for package in packages:
        context.budget.step(16)
        if not package.name:
            continue  # an archive without a name; its address is a finding of its own
        try:
            found = matches(package, opened)
        except SnapshotError as problem:
            yield context.found(rules.BROKEN_SNAPSHOT, f"{problem.cause}.", member=package.purl)
            continue
        for match in found:
            yield _finding(package, match, context)


def _finding(package: Package, match: Match, context: Context) -> ArtefactFinding:
    what = f"{package.name} {package.version or package.wanted or package.commit}".strip()
    if match.malicious:
        rule, text = rules.MALICIOUS, f"Installing {what} runs what somebody made to do harm."
    elif match.answer is Answer.UNKNOWN:
        rule, text = rules.UNJUDGED, f"Whether {what} is affected cannot be told from its version."
    else:
        rule, text = rules.VULNERABLE[match.rating], f"{what} is affected: {match.summary or 'no summary'}."
    if match.fixed and not match.malicious:
        text += f" Mended in {', '.join(match.fixed[:_SHOWN])}."
    ids = ", ".join(match.ids[:_SHOWN]) + (f" and {len(match.ids) - _SHOWN} more" if len(match.ids) > _SHOWN else "")
    return context.found(rule, text, offset=package.offset, member=package.purl, evidence=ids)

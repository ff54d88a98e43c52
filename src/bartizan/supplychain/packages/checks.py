"""Everything that is asked of the packages of one lock file, the files that it includes among them."""

from __future__ import annotations

import datetime
import posixpath
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bartizan.core.clock import utc_now
from bartizan.policy.packages import PackagePolicy
from bartizan.supplychain.interface import ArtefactFinding, ByteSource, Context, MalformedError, Rule
from bartizan.supplychain.packages import rules
from bartizan.supplychain.packages.advisories import advisories
from bartizan.supplychain.packages.interface import LARGEST, Include, Lock, Package, Reader, Source
from bartizan.supplychain.packages.pinning import pinning
from bartizan.supplychain.packages.readers.addresses import outside
from bartizan.supplychain.packages.readers.registry import read_with
from bartizan.supplychain.packages.rules import PACKAGE_RULES
from bartizan.supplychain.packages.vouching import Vouching

_DEEPEST, _MOST_FILES = 8, 100
EACH = 25
"""Findings of one rule that are told one by one; the rest is counted."""


class PackageChecks(msgspec.Struct, frozen=True, kw_only=True):
    """What packages are held against."""

    policy: PackagePolicy = PackagePolicy()
    root: Path = Path()
    """To which the folders in policy are relative."""
    today: datetime.datetime | None = None
    """For tests; the present where it is None."""

    def check(self, source: ByteSource, reader: Reader, context: Context) -> Iterator[ArtefactFinding]:
        """All findings, those of one rule up to a bound. Raises `MalformedError` or `BudgetError`."""
        told: Counter[str] = Counter()
        for finding in self._every(source, reader, context):
            told[finding.rule] += 1
            if told[finding.rule] <= EACH:
                yield finding
        for rule in PACKAGE_RULES:
            if told[rule.id] > EACH:
                yield context.found(rule, f"The same holds for {told[rule.id] - EACH:,} more packages.")

    def _every(self, source: ByteSource, reader: Reader, context: Context) -> Iterator[ArtefactFinding]:
        lock = Lock()
        yield from self._gather(lock, source, reader, context)
        lock.packages = _resolved(lock)
        folder = self.root / self.policy.osv if self.policy.osv else None
        metadata = self.root / self.policy.metadata if self.policy.metadata else None
        now = self.today or utc_now()
        vouching = Vouching(self.policy, metadata, now)
        asked = [one for one in lock.packages if one.source is not Source.LOCAL]
        yield from advisories(asked, folder, self.policy.osv_days, now, context)
        yield from vouching.findings(lock, context)
        for note in lock.notes:
            yield context.found(note.rule, note.explanation, offset=note.offset, evidence=note.evidence)
        yield from pinning(lock, lambda one: vouching.may_run(one) or vouching.vouched(one), context)

    def _gather(self, lock: Lock, source: ByteSource, reader: Reader, context: Context) -> Iterator[ArtefactFinding]:
        """Fill ``lock`` from the file and from those it includes."""
        first = _read(source, reader, context)
        _add(lock, first, constraint=False, included=False)
        waiting = [("", one, 1, False) for one in first.includes]
        seen = {(posixpath.normpath(context.name), False)}
        while waiting:
            folder, include, depth, below = waiting.pop()
            constraint = include.constraint or below
            path = posixpath.normpath(posixpath.join(folder, include.path))
            if (path, constraint) in seen:
                continue
            seen.add((path, constraint))
            problem = _refused(include, path, depth, len(seen))
            if problem is not None:
                yield context.found(problem, _WHY[problem.id], offset=include.offset, evidence=include.path)
                continue
            beside = context.beside(path)
            if beside is None:
                yield context.found(
                    rules.UNREAD_INCLUDE, _WHY[rules.UNREAD_INCLUDE.id], offset=include.offset, evidence=include.path
                )
                continue
            inner = _read(beside, reader, context)
            _add(lock, inner, constraint=constraint, included=True)
            waiting += [(posixpath.dirname(path), one, depth + 1, constraint) for one in inner.includes]


_WHY = {
    rules.REMOTE_INCLUDE.id: "The installer fetches it and does what it says; nobody knows what that will be.",
    rules.UNREAD_INCLUDE.id: "It is not there, lies outside the folder, or too many include each other.",
}


def _refused(include: Include, path: str, depth: int, count: int) -> Rule | None:
    if "://" in include.path or include.path.lower().startswith(("http:", "https:", "file:")):
        return rules.REMOTE_INCLUDE
    if outside(path) or "\\" in include.path or depth > _DEEPEST or count > _MOST_FILES:
        return rules.UNREAD_INCLUDE
    return None


def _read(source: ByteSource, reader: Reader, context: Context) -> Lock:
    if source.size > LARGEST:
        raise MalformedError(f"a lock file of {source.size} bytes is larger than {LARGEST}", 0)
    return read_with(reader, source.read(0, source.size), context.budget)


def _add(lock: Lock, other: Lock, *, constraint: bool, included: bool) -> None:
    """Take over what another file says; offsets hold in the first file only."""
    packages, notes = other.packages, other.notes
    if included:
        packages = [msgspec.structs.replace(one, offset=-1) for one in packages]
        notes = [one._replace(offset=-1) for one in notes]
    (lock.constraints if constraint else lock.packages).extend(packages)
    lock.constraints.extend(other.constraints)
    lock.indexes.extend(one._replace(offset=-1) if included else one for one in other.indexes)
    lock.trusted_hosts.extend(other.trusted_hosts)
    lock.notes.extend(notes)


def _resolved(lock: Lock) -> list[Package]:
    """The packages, each once, with versions and digests that constraints pin."""
    pinned = {(one.ecosystem, one.name): one for one in lock.constraints if one.version}
    out: dict[tuple[object, ...], Package] = {}
    for one in lock.packages:
        bound = pinned.get((one.ecosystem, one.name))
        if bound is not None and not one.version and one.source is Source.INDEX:
            one = msgspec.structs.replace(one, version=bound.version, hashes=one.hashes or bound.hashes)
        key = (one.ecosystem, one.name, one.version, one.wanted, one.source, one.url, one.commit, one.hashes, one.index)
        out.setdefault(key, one)
    return list(out.values())

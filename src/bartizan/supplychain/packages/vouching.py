"""Who vouches for a package: your own list, your own indexes, or its age and history in an index."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bartizan.core.errors import BartizanError
from bartizan.policy.packages import AllowedPackage, PackagePolicy
from bartizan.supplychain.interface import ArtefactFinding, Context, Rule
from bartizan.supplychain.packages import rules
from bartizan.supplychain.packages.index.metadata import Project, Release, exists, project
from bartizan.supplychain.packages.index.names import below, covered, near
from bartizan.supplychain.packages.interface import Lock, Package, Source
from bartizan.supplychain.packages.osv.ranges import ORDERS
from bartizan.supplychain.packages.pinning import digests

_SHORTEST = 5
"""Letters of a name below which neighbours mean nothing."""
Told = tuple[Rule, str, str]


class Vouching:
    """What policy asks of who offers a package.

    Args:
        policy: the lists and ages.
        metadata: folder of index metadata; None where nobody named one.
        now: the present.
    """

    def __init__(self, policy: PackagePolicy, metadata: Path | None, now: datetime.datetime) -> None:
        self._policy = policy
        self._metadata = metadata
        self._now = now
        self._allowed: dict[str, list[AllowedPackage]] = {}
        for one in policy.allowed:
            self._allowed.setdefault(one.package, []).append(one)

    def vouched(self, package: Package) -> bool:
        """Whether somebody vouches for this version of it, and for no other bytes than it pins."""
        return any(self._meant(one, package) and _bytes(one, package) for one in self._listed(package))

    def may_run(self, package: Package) -> bool:
        """Whether it may run code at installation."""
        return _unversioned(package) in self._policy.may_run

    def findings(self, lock: Lock, context: Context) -> Iterator[ArtefactFinding]:
        """Everything that is wrong with who offers the packages."""
        named = [one.url for one in lock.indexes]
        if all(one.extra for one in lock.indexes):
            named.append("")  # the index of the machine that installs is asked as well
        for package in lock.packages:
            context.budget.step(8)
            if package.source is Source.LOCAL:
                continue
            for rule, text, evidence in self._one(package, named, context):
                yield context.found(rule, text, offset=package.offset, member=package.purl, evidence=evidence)

    def _one(self, package: Package, named: list[str], context: Context) -> Iterator[Told]:
        listed = self._listed(package)
        vouched = self.vouched(package)
        if listed and not vouched and any(self._meant(one, package) for one in listed):
            yield (
                rules.OTHER_BYTES,
                f"Somebody vouches for other files of {package.name}.",
                ", ".join(package.hashes[:2]),
            )
        if self._policy.only_allowed and not vouched:
            yield rules.UNLISTED, f"Nobody vouches for {package.name} {package.version}.".replace(" .", "."), ""
        internal = covered(package.name, self._policy.internal)
        yield from self._places(package, named, internal=internal)
        if internal:
            return
        if package.source is not Source.INDEX:
            yield from self._elsewhere(package, vouched=vouched)
            return
        if not vouched and self._metadata is not None:
            yield from self._in_index(package, self._metadata)
        if not listed:
            yield from self._lookalike(package, context)

    # -- your own lists

    def _listed(self, package: Package) -> list[AllowedPackage]:
        return self._allowed.get(_unversioned(package), [])

    def _meant(self, one: AllowedPackage, package: Package) -> bool:
        if not one.versions:
            return True
        key = ORDERS[package.ecosystem].key
        wanted = key(package.version)
        return bool(package.version) and any(
            version == package.version or (wanted is not None and key(version) == wanted) for version in one.versions
        )

    def _places(self, package: Package, named: list[str], *, internal: bool) -> Iterator[Told]:
        """Indexes that answer for it, or may."""
        own, others = self._policy.internal_indexes, self._policy.indexes
        candidates = [package.index] if package.index else named
        if internal:
            if package.source is not Source.INDEX:
                if below(package.url.removeprefix("git+"), own):
                    return
                yield rules.CONFUSION, f"{package.name} is a name of your own and comes from elsewhere.", package.url
                return
            strange = [one for one in candidates if not below(one, own)]
            if strange and (package.index or not digests(package)[0]):
                yield (
                    rules.CONFUSION,
                    f"{package.name} is a name of your own, and an index that is not yours may answer for it.",
                    strange[0] or "the index that the installing machine is set to",
                )
            elif strange and not self.vouched(package):
                yield from self._origin(package)
        elif others and package.source is Source.INDEX:
            for one in candidates:
                if one and not below(one, (*others, *own)):
                    yield rules.FOREIGN_INDEX, f"{package.name} may come from an index that policy does not name.", one

    def _origin(self, package: Package) -> Iterable[Told]:
        """An internal name with a digest, and nothing says in which index it was found when the file was locked."""
        try:
            found = None
            if self._metadata is not None:
                if exists(self._metadata, package.ecosystem, package.name) is False:
                    return
                found = project(self._metadata, package.ecosystem, package.name)
        except BartizanError as problem:
            yield rules.NO_METADATA, f"{problem.cause}.", ""
            return
        if found is None:
            yield (
                rules.UNKNOWN_ORIGIN,
                f"Which index {package.name} was locked from, yours or another, is not known.",
                "",
            )
        elif any(one in release.hashes for release in found.releases.values() for one in package.hashes):
            yield rules.CONFUSION, f"{package.name} is a name of your own, and its file is that of another index.", ""

    def _elsewhere(self, package: Package, *, vouched: bool) -> Iterable[Told]:
        """An archive or a repository: no index says how old it is and whose."""
        known = (*self._policy.indexes, *self._policy.internal_indexes)
        asked = self._metadata is not None or bool(self._policy.indexes)
        if asked and not vouched and not below(package.url.removeprefix("git+"), known):
            what = package.name or package.url
            yield rules.OUTSIDE_INDEX, f"No index says how old {what} is, and nobody vouches for it.", package.url

    def _lookalike(self, package: Package, context: Context) -> Iterable[Told]:
        """Only a hint: it never decides."""
        if len(package.name) < _SHORTEST:
            return
        own = [one for one in self._policy.internal if not one.endswith("*")]
        for other in [*own, *(one.package.rpartition("/")[2] for one in self._policy.allowed)]:
            context.budget.step(4)
            if other != package.name and near(package.name, other, 2 if len(package.name) > 2 * _SHORTEST else 1):
                yield rules.LOOKALIKE, f"{package.name} reads like {other}, which somebody here uses.", other
                return

    # -- what an index says

    def _in_index(self, package: Package, folder: Path) -> Iterator[Told]:
        name = package.name
        try:
            if exists(folder, package.ecosystem, name) is False:
                yield rules.UNKNOWN_NAME, f"The index has no {name}: whoever registers the name decides what it is.", ""
                return
            found = project(folder, package.ecosystem, name)
        except BartizanError as problem:
            yield rules.NO_METADATA, f"{problem.cause}.", ""
            return
        if found is None:
            yield rules.NO_METADATA, f"Nothing is known of how old {name} is and who makes it.", ""
            return
        yield from self._history(package, found)

    def _history(self, package: Package, found: Project) -> Iterator[Told]:
        name, first = package.name, found.first
        age = (self._now - first).days if first is not None else -1
        if self._policy.established_days and age < self._policy.established_days:
            said = f"first release {first:%Y-%m-%d}, {age} days ago" if first is not None else "no date"
            yield rules.UNESTABLISHED, f"Nobody vouches for {name}, and it is too young to have been looked at.", said
        if not package.version:
            return
        key = ORDERS[package.ecosystem].key(ORDERS[package.ecosystem].public(package.version))
        release = found.releases.get(key) if key is not None else None
        if release is None:
            yield rules.UNKNOWN_VERSION, f"The index has no {name} {package.version}.", ""
            return
        yield from self._release(package, release, found, key)

    def _release(self, package: Package, release: Release, found: Project, key: Any) -> Iterator[Told]:
        what = f"{package.name} {package.version}"
        kinds = {one.partition(":")[0] for one in release.hashes}
        other = [one for one in package.hashes if one.partition(":")[0] in kinds and one not in release.hashes]
        if other:
            yield rules.UNKNOWN_BYTES, f"The index has no file of {what} with this digest.", other[0]
        if release.withdrawn:
            yield rules.WITHDRAWN, f"Its makers took {what} back.", ""
        days = self._policy.release_days
        if days and (release.uploaded is None or (self._now - release.uploaded).days < days):
            said = f"uploaded {release.uploaded:%Y-%m-%d}" if release.uploaded is not None else "no date"
            yield rules.YOUNG_RELEASE, f"{what} is so new that nobody had time to look at it.", said
        if not release.attested:
            earlier = [found.releases[one] for one in found.order if one < key][-1:]
            if any(one.attested for one in earlier):
                yield rules.LOST_PROVENANCE, f"The release before {what} said where it was built; it does not.", ""
            elif self._policy.require_provenance:
                yield rules.NO_PROVENANCE, f"Nothing says where {what} was built.", ""
        if release.runs and not package.runs and not self.may_run(package):
            yield rules.RUNS, f"Installing {what} runs a program that came with it.", ""


def _unversioned(package: Package) -> str:
    return package.purl.rpartition("@")[0] if package.version else package.purl


def _bytes(one: AllowedPackage, package: Package) -> bool:
    pinned = [each.partition(":")[2] for each in package.hashes if each.startswith("sha256:")]
    return not one.sha256 or (bool(pinned) and set(pinned) <= set(one.sha256))

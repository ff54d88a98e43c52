"""Advisories about one package: those of one vulnerability under several ids together, each with its worst rating."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from bartizan.supplychain.packages.interface import PYPI, Package, Source, pypi_name
from bartizan.supplychain.packages.osv.ranges import ORDERS, Answer, affects, everything
from bartizan.supplychain.packages.osv.records import Affected, Record
from bartizan.supplychain.packages.osv.severity import RANKS, rated
from bartizan.supplychain.packages.osv.snapshot import Snapshot
from bartizan.supplychain.packages.versions import pep440


class Match(NamedTuple):
    """One vulnerability, or one report of malice."""

    ids: tuple[str, ...]
    """Of the records and their aliases: the record's own ids first."""
    answer: Answer
    """Never NO."""
    malicious: bool
    rating: str
    summary: str
    fixed: tuple[str, ...]
    """Versions in which records say that it is mended; of older lines as well only where none is later."""


def matches(package: Package, snapshot: Snapshot) -> list[Match]:
    """What the snapshot says of the package, the worst first."""
    hits: list[_Hit] = []
    for record in snapshot.of(package.name):
        about = [one for one in record.affected if _names(one, package)]
        answer = _answer(package, record, about)
        if answer is not Answer.NO:
            hits.append((record, about, answer))
    found = [_match(group) for group in _groups(hits)]
    out = [one._replace(fixed=_later(one.fixed, package)) for one in found]
    return sorted(out, key=lambda one: (not one.malicious, one.answer.value != "yes", -RANKS[one.rating], one.ids))


def _later(fixed: tuple[str, ...], package: Package) -> tuple[str, ...]:
    """Nobody mends a version by one that came before it, such as the last of an older line."""
    key = ORDERS[package.ecosystem].key
    at = key(package.version) if package.version else None
    if at is None:
        return fixed
    return tuple(one for one in fixed if (other := key(one)) is not None and other > at) or fixed


_Hit = tuple[Record, list[Affected], Answer]


def _names(one: Affected, package: Package) -> bool:
    name = pypi_name(one.package.name) if package.ecosystem == PYPI else one.package.name
    return name == package.name and one.package.ecosystem.partition(":")[0] == package.ecosystem


def _answer(package: Package, record: Record, about: list[Affected]) -> Answer:
    if not package.version and not package.commit:
        return _open(package, record, about)
    order = ORDERS[package.ecosystem]
    answers = {affects(one, package.version, order, package.commit) for one in about}
    return Answer.YES if Answer.YES in answers else Answer.UNKNOWN if Answer.UNKNOWN in answers else Answer.NO


def _open(package: Package, record: Record, about: list[Affected]) -> Answer:
    """A version that is left open is known to be affected where all are, or where a malicious one may be taken."""
    if any(everything(one) for one in about):
        return Answer.YES
    if not record.malicious or package.source is not Source.INDEX:
        return Answer.NO  # the open version is a finding of its own
    listed = {version for one in about for version in one.versions}
    if package.ecosystem != PYPI:
        return Answer.YES if listed else Answer.NO
    try:
        sound = [one for one in listed if pep440.version(one) is not None]
        admitted = SpecifierSet(package.wanted).filter(sound, prereleases=True)
    except InvalidSpecifier:
        return Answer.UNKNOWN
    return Answer.YES if any(True for _ in admitted) else Answer.NO


def _groups(hits: list[_Hit]) -> Iterable[list[_Hit]]:
    """Aliases are symmetric and transitive (OSV schema)."""
    parents: dict[str, str] = {}

    def root(one: str) -> str:
        while parents.setdefault(one, one) != one:
            parents[one] = parents[parents[one]]
            one = parents[one]
        return one

    for record, _, _ in hits:
        for alias in record.aliases:
            parents[root(alias)] = root(record.id)
    groups: dict[str, list[_Hit]] = {}
    for hit in hits:
        groups.setdefault(root(hit[0].id), []).append(hit)
    return groups.values()


def _match(group: list[_Hit]) -> Match:
    certain = [hit for hit in group if hit[2] is Answer.YES] or group
    own = sorted({record.id for record, _, _ in group})
    aliases = sorted({alias for record, _, _ in group for alias in record.aliases} - set(own))
    fixed = dict.fromkeys(
        event.fixed
        for _, about, _ in certain
        for one in about
        for each in one.ranges
        if each.type != "GIT"
        for event in each.events
        if event.fixed
    )
    return Match(
        ids=(*own, *aliases),
        answer=certain[0][2],
        malicious=any(record.malicious for record, _, _ in certain),
        rating=max((rated(record, about) for record, about, _ in group), key=lambda one: RANKS[one]),
        summary=next((record.summary for record, _, _ in certain if record.summary), ""),
        fixed=tuple(fixed),
    )

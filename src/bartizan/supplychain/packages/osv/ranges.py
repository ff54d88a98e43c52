"""Whether a version is affected: the evaluation of the OSV schema, with a third answer where nobody can say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, NamedTuple

from bartizan.supplychain.packages.interface import NPM, PYPI
from bartizan.supplychain.packages.osv.records import Affected, Event, Range
from bartizan.supplychain.packages.versions import pep440, semver


class Answer(Enum):
    """Ordered: what is certain first."""

    YES = "yes"
    UNKNOWN = "unknown"
    NO = "no"


class Order(NamedTuple):
    """How an ecosystem orders its versions."""

    key: Callable[[str], Any]
    """Comparable; None for a text that is no version."""
    public: Callable[[str], str]
    """Without what names a build and no release."""


ORDERS = {PYPI: Order(pep440.key, pep440.public), NPM: Order(semver.key, semver.public)}


def affects(affected: Affected, version: str, order: Order, commit: str = "") -> Answer:
    """Whether ``affected`` speaks of ``version``, or of ``commit`` where the package is taken from a repository."""
    if version and _listed(affected.versions, version, order):
        return Answer.YES
    answers = [_within(one, version, order, commit) for one in affected.ranges]
    if Answer.YES in answers:
        return Answer.YES
    ordered = [answer for one, answer in zip(affected.ranges, answers, strict=True) if one.type != "GIT"]
    if ordered or (affected.versions and version):  # a commit graph adds nothing for who knows the version
        return Answer.UNKNOWN if Answer.UNKNOWN in ordered else Answer.NO
    return Answer.UNKNOWN if Answer.UNKNOWN in answers or affected.versions else Answer.NO


def everything(affected: Affected) -> bool:
    """Whether every version there is or will be is affected."""
    return any(
        any(event.introduced == "0" for event in one.events)
        and not any(event.fixed or event.last_affected or event.limit for event in one.events)
        for one in affected.ranges
        if one.type != "GIT"
    )


def _listed(versions: Iterable[str], version: str, order: Order) -> bool:
    wanted = order.key(order.public(version))
    return any(one == version or (wanted is not None and order.key(order.public(one)) == wanted) for one in versions)


def _within(one: Range, version: str, order: Order, commit: str) -> Answer:
    if one.type == "GIT":
        return _by_commit(one.events, commit)
    if not version:
        return Answer.UNKNOWN
    builds = any("+" in text for event in one.events for text in _values(event))
    at = order.key(version if builds else order.public(version))
    if at is None:
        return Answer.UNKNOWN
    timeline = []
    for event in one.events:
        for kind, text in _kinds(event):
            floor = kind == "introduced" and text == "0"
            open_end = kind == "limit" and text == "*"
            key = None if floor or open_end else order.key(text)
            if key is None and not (floor or open_end):
                return Answer.UNKNOWN
            timeline.append((kind, key))
    return Answer.YES if _inside(at, timeline) else Answer.NO


def _inside(at: Any, timeline: list[tuple[str, Any]]) -> bool:
    limits = [key for kind, key in timeline if kind == "limit"]
    if limits and not any(key is None or at < key for key in limits):
        return False
    floor = any(kind == "introduced" and key is None for kind, key in timeline)
    events = sorted((one for one in timeline if one[1] is not None and one[0] != "limit"), key=lambda one: one[1])
    inside = floor
    for kind, key in events:
        if kind == "introduced" and at >= key:
            inside = True
        elif (kind == "fixed" and at >= key) or (kind == "last_affected" and at > key):
            inside = False
    return inside


def _by_commit(events: Iterable[Event], commit: str) -> Answer:
    """What can be said without the repository: the commits that are named."""
    for event in events:
        if commit and commit in (event.introduced, event.last_affected):
            return Answer.YES
    if commit and any(commit in (event.fixed, event.limit) for event in events):
        return Answer.NO
    return Answer.UNKNOWN


def _kinds(event: Event) -> Iterable[tuple[str, str]]:
    for kind in ("introduced", "fixed", "last_affected", "limit"):
        text = getattr(event, kind)
        if text is not None:
            yield kind, text


def _values(event: Event) -> Iterable[str]:
    return (text for _, text in _kinds(event))

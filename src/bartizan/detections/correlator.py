"""One correlation at work: groups, their windows, and the findings at the moments that qualify."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import msgspec

from bartizan.detections.fields import fold, spell
from bartizan.detections.hits import Hit, Ref
from bartizan.detections.matching import COMPARE
from bartizan.detections.plan import RunnableCorrelation
from bartizan.detections.settings import EngineSettings
from bartizan.detections.sigma.model import CorrelationType, Scalar
from bartizan.detections.times import SECOND
from bartizan.detections.windows import Gauge, gauges_for

GroupKey = tuple[str, ...]
_COMPACT = 16
"""Hits that have left are let go of once there are more of them than that, and more than have stayed."""


_FEW: Final = 64
"""So many groups may stay behind their windows until somebody looks: a look costs as much as a hit."""


_COUNTING: Final = frozenset(
    {
        CorrelationType.EVENT_COUNT,
        CorrelationType.VALUE_COUNT,
        CorrelationType.TEMPORAL,
        CorrelationType.TEMPORAL_ORDERED,
    }
)
"""Of one hit they read 1, or nothing."""


def _named(value: Scalar) -> str:
    """A value as groups are told apart by: its text without case."""
    return fold(value) if value.__class__ is str else fold(spell(value))


class SavedGroup(msgspec.Struct, frozen=True, array_like=True):
    """A group as a checkpoint keeps it."""

    key: GroupKey
    shown: tuple[Scalar, ...]
    hits: list[Hit]
    silent_until: int


class Qualified(msgspec.Struct, frozen=True):
    """A window in which the condition holds."""

    key: GroupKey
    shown: tuple[Scalar, ...]
    start: int
    end: int
    value: int | float
    hits: tuple[Hit, ...]
    """Of very many, the newest."""
    total: int
    """Events behind all of them."""


class _Group(msgspec.Struct, gc=False):  # no cycle leads through it, and there may be a hundred thousand
    shown: tuple[Scalar, ...]
    hits: list[Hit]
    gauge: Gauge | None = None
    """None while a single hit is all, of which no finding can come."""
    head: int = 0
    """Hits before it have left the window."""
    silent_until: int = -1
    opened: int = -1
    """Time of the latest hit of the first rule."""


class Correlator:
    """Feed it the hits of one moment after the other, in order of time."""

    def __init__(self, runnable: RunnableCorrelation, settings: EngineSettings) -> None:
        self.runnable = runnable
        self._settings = settings
        self._max_groups, self._max_window = settings.max_groups, settings.max_window
        self._span = runnable.rule.timespan * SECOND
        self._suppress = round(settings.suppress * SECOND)
        # Correlations further up may ask for the values of all the events of a window.
        told = set(runnable.fields) <= set(runnable.rule.group_by)
        self._most = settings.max_events if told else sys.maxsize
        self._measure = runnable.measured if runnable.rule.fields else None
        self._gauge = gauges_for(runnable.rule, runnable.measured, runnable.clauses)
        self._counts = self._gauge().counts if runnable.rule.fields else None
        self._conditions = [(COMPARE[order], wanted) for order, wanted in runnable.rule.conditions]
        self._two = runnable.rule.type in _COUNTING and not all(
            compare(1, wanted) for compare, wanted in self._conditions
        )
        """A single hit, with one value at most, never qualifies."""
        self._by = [tuple(source.get(name, name) for name in runnable.rule.group_by) for source in runnable.sources]
        self._whole = runnable.whole
        self._groups: OrderedDict[GroupKey, _Group] = OrderedDict()
        self.evicted_groups = 0
        self.evicted_hits = 0
        self.suppressed = 0
        self.ungrouped = 0
        """Hits that lack a value of ``group-by``."""
        self._due, self._full = -1, 0
        """From then on, or with more groups, those are looked for whose windows are over."""

    def moment(self, now: int, hits: Sequence[Hit]) -> Sequence[Qualified]:
        """All hits of the moment ``now``, to the windows that end there and qualify."""
        start = now - self._span
        found: Sequence[Qualified] | None = None
        if len(hits) == 1:
            found = self._one(now, start, hits[0])
        if found is None:
            found = []
            for key, group in self._several(hits, start).items():
                gauge = group.gauge or self._measured(group)
                self._slide(group, gauge, start)
                qualified = self._judge(key, group, gauge, now)
                if qualified is not None:
                    found.append(qualified)
        if now >= self._due or len(self._groups) > self._full:
            self._forget(now)
        return found

    def _one(self, now: int, start: int, hit: Hit) -> Sequence[Qualified] | None:
        """The usual case, in fewer steps: each field of ``group-by`` has exactly one value. None where it is not so."""
        fields, slot = hit.fields, hit.slot
        by = self._by[slot]
        key: GroupKey
        if len(by) == 1:
            values = fields.get(by[0], ())
            if len(values) != 1 or values[0] is None:
                return None
            key = (_named(values[0]),)
        else:
            some = [fields.get(name, ()) for name in by]
            values = tuple([one[0] for one in some if len(one) == 1 and one[0] is not None])
            if len(values) != len(by):
                return None
            key = tuple([_named(value) for value in values])
        group = self._groups.get(key)
        if slot and self._whole and (group is None or group.opened < start):
            return ()
        measured = () if self._measure is None else self._measure(hit)
        if self._counts is not None and not self._counts(measured):
            return ()
        opened = -1 if slot else hit.time
        if group is None:
            group = self._groups[key] = _Group(values, [hit], opened=opened)
            if self._two and len(measured) < 2:
                return ()
            gauge = self._measured(group)
        else:
            self._groups.move_to_end(key)
            group.shown = values
            gauge = group.gauge or self._measured(group)
            hits = group.hits
            hits.append(hit)
            gauge.add(hit, measured)
            if not slot:
                group.opened = opened
            head = group.head
            if hits[head].time < start or len(hits) - head > self._max_window:
                self._slide(group, gauge, start)
        qualified = self._judge(key, group, gauge, now)
        return () if qualified is None else (qualified,)

    def _measured(self, group: _Group) -> Gauge:
        """What measures a group, with its hits in it."""
        gauge = group.gauge = self._gauge()
        for hit in group.hits:
            gauge.add(hit, () if self._measure is None else self._measure(hit))
        return gauge

    def _pointless(self, key: GroupKey, hit: Hit, start: int) -> bool:
        """A whole row begins with the first rule: without a hit of it in the window, others' hits lead nowhere."""
        if hit.slot == 0:
            return False
        group = self._groups.get(key)
        return group is None or group.opened < start

    def _several(self, hits: Sequence[Hit], start: int) -> dict[GroupKey, _Group]:
        touched: dict[GroupKey, _Group] = {}
        seen: set[tuple[GroupKey, int]] = set()
        for hit in sorted(hits, key=lambda hit: (hit.seq, hit.slot)):
            groups = self.runnable.groups(hit)
            if not groups:
                self.ungrouped += 1
            measured = () if self._measure is None else self._measure(hit)
            if self._counts is not None and not self._counts(measured):
                continue
            for values in groups:
                key = tuple([_named(value) for value in values])
                if self.runnable.once:
                    if (key, hit.seq) in seen:
                        continue
                    seen.add((key, hit.seq))
                if self._whole and self._pointless(key, hit, start):
                    continue
                group = self._groups.get(key)
                if group is None:
                    group = self._groups[key] = _Group(values, [])
                gauge = group.gauge or self._measured(group)
                touched[key] = group
                self._groups.move_to_end(key)
                group.shown = values
                group.hits.append(hit)
                gauge.add(hit, measured)
                if hit.slot == 0:
                    group.opened = hit.time
        return touched

    def _slide(self, group: _Group, gauge: Gauge, start: int) -> None:
        hits, head = group.hits, group.head
        excess = len(hits) - head - self._settings.max_window
        while head < len(hits) and (hits[head].time < start or excess > 0):
            if hits[head].time >= start:
                self.evicted_hits += 1
            excess -= 1
            gauge.remove(hits[head])
            head += 1
        if head > _COMPACT and head * 2 > len(hits):
            del hits[:head]
            head = 0
        group.head = head

    def _judge(self, key: GroupKey, group: _Group, gauge: Gauge, now: int) -> Qualified | None:
        start = now - self._span
        value = gauge.read(now, start)
        if value is None:
            return None
        for compare, wanted in self._conditions:
            if not compare(value, wanted):
                return None
        if now < group.silent_until:
            self.suppressed += 1
            return None
        group.silent_until = now + self._suppress if self._suppress else -1
        hits, total = gauge.evidence(group.hits, group.head, self._most)
        return Qualified(key, group.shown, start, now, value, hits, total)

    def _forget(self, now: int) -> None:
        start, groups, most = now - self._span, self._groups, self._max_groups
        while groups:
            key, group = next(iter(groups.items()))
            quiet = group.hits[-1].time < start and group.silent_until <= start
            if not quiet and len(groups) <= most:
                break  # the groups behind it were touched later
            if not quiet:
                self.evicted_groups += 1
            del groups[key]
        self._due = now + self._span
        self._full = min(max(_FEW, 2 * len(groups)), most)

    def project(self, found: Qualified, name: str) -> tuple[Scalar, ...]:
        """What a finding says about a field: its group's value, else every value that its events have."""
        if name in self.runnable.rule.group_by:
            return (found.shown[self.runnable.rule.group_by.index(name)],)
        values: dict[str, Scalar] = {}
        for hit in found.hits:
            source = self.runnable.sources[hit.slot].get(name, name)
            for value in hit.fields.get(source, ()):
                if value is not None:
                    values.setdefault(fold(spell(value)), value)
        return tuple(values.values())

    def refs(self, found: Qualified) -> tuple[tuple[Ref, ...], tuple[Ref, ...]]:
        """The newest events behind a finding in order of time, and those of its last moment."""
        limit = self._settings.max_events
        refs: dict[Ref, None] = {}
        for hit in found.hits:
            refs.update(dict.fromkeys(hit.refs))
        last: dict[Ref, None] = {}
        for hit in found.hits:
            if hit.time == found.end:
                last.update(dict.fromkeys(hit.refs[-1:] if hit.total > 1 else hit.refs))
        return tuple(refs)[-limit:], tuple(last)[-limit:]

    def save(self) -> list[SavedGroup]:
        """For a checkpoint."""
        return [
            SavedGroup(key, group.shown, group.hits[group.head :], group.silent_until)
            for key, group in self._groups.items()
        ]

    def load(self, saved: Sequence[SavedGroup]) -> None:
        """From a checkpoint."""
        for one in saved:
            opened = max((hit.time for hit in one.hits if not hit.slot), default=-1)
            self._groups[one.key] = _Group(one.shown, list(one.hits), silent_until=one.silent_until, opened=opened)

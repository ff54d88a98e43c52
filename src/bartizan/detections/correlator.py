"""One correlation at work: groups, their windows, and the findings at the moments that qualify."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from bartizan.detections.fields import fold, spell
from bartizan.detections.hits import Hit, Ref
from bartizan.detections.matching import COMPARE
from bartizan.detections.plan import RunnableCorrelation
from bartizan.detections.settings import EngineSettings
from bartizan.detections.sigma.model import Scalar
from bartizan.detections.times import SECOND
from bartizan.detections.windows import Gauge, gauges_for

GroupKey = tuple[str, ...]
_COMPACT = 16
"""Hits that have left are let go of once there are more of them than that, and more than have stayed."""


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


@dataclass(slots=True)
class _Group:
    gauge: Gauge
    shown: tuple[Scalar, ...]
    hits: list[Hit] = field(default_factory=list)
    head: int = 0
    """Hits before it have left the window."""
    silent_until: int = -1
    opened: int = -1
    """Time of the latest hit of the first rule."""

    def newest(self) -> int:
        return self.hits[-1].time


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
        self._by = [tuple(source.get(name, name) for name in runnable.rule.group_by) for source in runnable.sources]
        self._whole = runnable.whole
        self._groups: OrderedDict[GroupKey, _Group] = OrderedDict()
        self.evicted_groups = 0
        self.evicted_hits = 0
        self.suppressed = 0
        self.ungrouped = 0
        """Hits that lack a value of ``group-by``."""
        self._stale = -1
        """Before it no group can be forgotten."""

    def moment(self, now: int, hits: Sequence[Hit]) -> Sequence[Qualified]:
        """All hits of the moment ``now``, to the windows that end there and qualify."""
        start = now - self._span
        found: Sequence[Qualified] | None = None
        if len(hits) == 1:
            found = self._one(now, start, hits[0])
        if found is None:
            found = []
            for key, group in self._several(hits, start).items():
                self._slide(group, start)
                qualified = self._judge(key, group, now)
                if qualified is not None:
                    found.append(qualified)
        groups = self._groups
        if groups and (now >= self._stale or len(groups) > self._max_groups):
            self._forget(start)
        return found

    def _one(self, now: int, start: int, hit: Hit) -> Sequence[Qualified] | None:
        """The usual case, in fewer steps: each field of ``group-by`` has exactly one value. None where it is not so."""
        fields, slot = hit.fields, hit.slot
        values, names = [], []
        for name in self._by[slot]:
            some = fields.get(name, ())
            if len(some) != 1:
                return None
            (value,) = some
            if value is None:
                return None
            values.append(value)
            names.append(fold(value) if value.__class__ is str else fold(spell(value)))
        key = tuple(names)
        group = self._groups.get(key)
        if slot and self._whole and (group is None or group.opened < start):
            return ()
        measured = () if self._measure is None else self._measure(hit)
        if self._counts is not None and not self._counts(measured):
            return ()
        shown = tuple(values)
        if group is None:
            group = self._group(key, shown)
        else:
            self._groups.move_to_end(key)
            group.shown = shown
        hits, gauge = group.hits, group.gauge
        hits.append(hit)
        gauge.add(hit, measured)
        if slot == 0:
            group.opened = hit.time
        head = group.head
        if hits[head].time < start or len(hits) - head > self._max_window:
            self._slide(group, start)
        qualified = self._judge(key, group, now)
        return () if qualified is None else (qualified,)

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
                key = tuple([fold(spell(value)) for value in values])
                if self.runnable.once:
                    if (key, hit.seq) in seen:
                        continue
                    seen.add((key, hit.seq))
                if self._whole and self._pointless(key, hit, start):
                    continue
                group = touched[key] = self._groups.get(key) or self._group(key, values)
                self._groups.move_to_end(key)
                group.shown = values
                group.hits.append(hit)
                group.gauge.add(hit, measured)
                if hit.slot == 0:
                    group.opened = hit.time
        return touched

    def _group(self, key: GroupKey, values: tuple[Scalar, ...]) -> _Group:
        group = self._groups[key] = _Group(self._gauge(), values)
        return group

    def _slide(self, group: _Group, start: int) -> None:
        hits, head = group.hits, group.head
        excess = len(hits) - head - self._settings.max_window
        while head < len(hits) and (hits[head].time < start or excess > 0):
            if hits[head].time >= start:
                self.evicted_hits += 1
            excess -= 1
            group.gauge.remove(hits[head])
            head += 1
        if head > _COMPACT and head * 2 > len(hits):
            del hits[:head]
            head = 0
        group.head = head

    def _judge(self, key: GroupKey, group: _Group, now: int) -> Qualified | None:
        start = now - self._span
        value = group.gauge.read(now, start)
        if value is None:
            return None
        for compare, wanted in self._conditions:
            if not compare(value, wanted):
                return None
        if now < group.silent_until:
            self.suppressed += 1
            return None
        group.silent_until = now + self._suppress if self._suppress else -1
        hits, total = group.gauge.evidence(group.hits, group.head, self._most)
        return Qualified(key, group.shown, start, now, value, hits, total)

    def _forget(self, start: int) -> None:
        while self._groups:
            key, group = next(iter(self._groups.items()))
            quiet = group.newest() < start and group.silent_until <= start
            if not quiet and len(self._groups) <= self._settings.max_groups:
                # The groups behind it were touched later, so they stay at least as long.
                self._stale = group.newest() + self._span + 1
                return
            if not quiet:
                self.evicted_groups += 1
            del self._groups[key]

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
            group = self._groups[one.key] = _Group(self._gauge(), one.shown, silent_until=one.silent_until)
            for hit in one.hits:
                group.hits.append(hit)
                group.gauge.add(hit, () if self._measure is None else self._measure(hit))
                if hit.slot == 0:
                    group.opened = hit.time

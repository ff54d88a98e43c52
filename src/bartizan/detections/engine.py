"""The streaming engine: events in, findings out, by the time that events carry.

Single events are judged at once. What correlations need waits in a heap until no event that may still count can be
earlier (the watermark: newest time seen less the lateness), and is then worked off moment by moment; all hits of one
moment count together. So the order in which events arrive within the lateness changes nothing.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from bartizan.detections.correlator import Correlator, Qualified, SavedGroup
from bartizan.detections.fields import View
from bartizan.detections.hits import Hit, Measure, Ref, RuleFinding, RuleName, Window
from bartizan.detections.plan import Listener, RunnableDetection, plan
from bartizan.detections.prefilter import Prefilter
from bartizan.detections.settings import EngineSettings
from bartizan.detections.sigma.collection import Collection
from bartizan.detections.sigma.model import Header
from bartizan.detections.times import SECOND, show

NO_MAPPING: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({})


class Counters(msgspec.Struct):
    """What happened beside findings."""

    events: int = 0
    matches: int = 0
    """Matches of single events, reported or not."""
    untimed: int = 0
    """Matches that correlations could not count, for their event has no usable time."""
    late: int = 0
    """Matches that came later than the lateness allows."""
    ungrouped: int = 0
    """Matches that a correlation could not count, for a field of ``group-by`` has no value."""
    hurried: int = 0
    """Matches that were worked off early because too many were waiting."""
    failed: int = 0
    """Events that a rule could not judge."""
    suppressed: int = 0
    evicted_groups: int = 0
    evicted_hits: int = 0
    late_examples: list[str | int | float] = []
    """Ids of the first few late events."""


class Checkpoint(msgspec.Struct, frozen=True):
    """All that the engine knows."""

    digest: str
    newest: int
    floor: int
    seq: int
    counters: Counters
    pending: list[tuple[int, int, int, Hit]]
    groups: list[list[SavedGroup]]
    meanings: list[str]
    """Of each correlation, what decides about its findings: its digest with those of all that it refers to."""


class Engine:
    """Runs the rules of one collection over one stream of events.

    Args:
        collection: the rules.
        settings: lateness, suppression and bounds.
        mapping: Sigma field name to names in the events.

    Raises:
        ConfigurationError: a rule cannot be compiled.
    """

    def __init__(
        self,
        collection: Collection,
        settings: EngineSettings | None = None,
        mapping: Mapping[str, tuple[str, ...]] = NO_MAPPING,
    ) -> None:
        self.settings = settings or EngineSettings()
        self.counters = Counters()
        self._mapping = mapping
        self._plan = plan(collection)
        self.matched = [0] * len(self._plan.detections)
        """How many events each rule on single events has matched; :attr:`headers` says which it is."""
        self.failures: dict[str, str] = {}
        """Keys of rules that could not judge an event, and the last reason."""
        self._prefilter = Prefilter([rule.expression for rule in self._plan.expressions], mapping)
        self._correlators = [Correlator(one, self.settings) for one in self._plan.correlations]
        self._lateness = None if self.settings.lateness is None else round(self.settings.lateness * SECOND)
        self._pending: list[tuple[int, int, int, Hit]] = []
        self._newest = -1
        self._floor = -1
        """Moments before it are worked off."""
        self._seq = 0
        headers = [one.header.digest for one in self._plan.detections]
        headers += [one.rule.header.digest for one in self._plan.correlations]
        self.digest = hashlib.sha256(msgspec.json.encode([headers, self.settings, sorted(mapping.items())])).hexdigest()

    def feed(self, event: dict[str, Any], ref: Ref, time: int | None) -> list[RuleFinding]:
        """Judge one event.

        Args:
            event: a JSON object.
            ref: its id and position.
            time: microseconds since 1970, None where it has none.

        Returns:
            Findings on this event, and those that became certain by its time.
        """
        self.counters.events += 1
        view = View(event, self._mapping)
        findings: list[RuleFinding] = []
        detections = self._plan.detections
        seq = self._seq = self._seq + 1
        for index in self._prefilter.candidates(view):
            rule = detections[index]
            try:
                matched = rule.sure or rule.matches(view)
            except Exception as error:  # one rule on one event must not cost the others theirs
                self.failures[rule.header.key] = f"{type(error).__name__} at the event {str(ref.id)[:100]}"
                self.counters.failed += 1
                continue
            if matched:
                self.counters.matches += 1
                self.matched[index] += 1
                if rule.reported:
                    findings.append(single_finding(rule, ref, time))
                if rule.listeners:
                    self._listen(rule, view, ref, time, seq)
        if len(self._pending) > self.settings.max_pending:
            findings += self._work(self._floor)
        if time is not None and time > self._newest:
            self._newest = time
            if self._lateness is not None:
                until = time - self._lateness
                if self._pending and self._pending[0][0] < until:
                    findings += self._work(until)
                elif until > self._floor:
                    self._floor = until
        return findings

    def _listen(self, rule: RunnableDetection, view: View, ref: Ref, time: int | None, seq: int) -> None:
        if time is None:
            self.counters.untimed += 1
            return
        if time < self._floor:
            self.counters.late += 1
            if len(self.counters.late_examples) < 10:
                self.counters.late_examples.append(ref.id)
            return
        fields = {field: view.values(field) or () for field in rule.fields}
        pending = self._pending
        for slot, correlations in rule.listeners:
            hit = Hit(time, seq, slot, (ref,), 1, fields)
            for correlation in correlations:
                heapq.heappush(pending, (time, seq * 64 + slot, correlation, hit))

    def _work(self, until: int) -> list[RuleFinding]:
        """Work off the moments before ``until``."""
        findings: list[RuleFinding] = []
        pending, most, pop = self._pending, self.settings.max_pending, heapq.heappop
        while pending and (pending[0][0] < until or len(pending) > most):
            now = pending[0][0]
            if now >= until:
                self.counters.hurried += 1
            batch: dict[int, list[Hit]] = {}
            while pending and pending[0][0] == now:
                _, _, correlation, hit = pop(pending)
                if correlation in batch:
                    batch[correlation].append(hit)
                else:
                    batch[correlation] = [hit]
            self._moment(now, batch, findings)
            self._floor = max(self._floor, now + 1)
        self._floor = max(self._floor, until)
        return findings

    def _moment(self, now: int, batch: dict[int, list[Hit]], findings: list[RuleFinding]) -> None:
        # Correlations come after what they listen to, so one pass carries findings upwards.
        waiting = sorted(batch)
        while waiting:
            known = len(batch)
            for index in waiting:
                correlator = self._correlators[index]
                for found in correlator.moment(now, batch[index]):
                    refs, last = correlator.refs(found)
                    if correlator.runnable.reported:
                        findings.append(self._finding(correlator, found, refs, last))
                    self._pass_on(correlator, found, refs, batch)
                if len(batch) > known:
                    break
            else:
                return
            waiting = sorted(one for one in batch if one > index)

    def _pass_on(
        self, correlator: Correlator, found: Qualified, refs: tuple[Ref, ...], batch: dict[int, list[Hit]]
    ) -> None:
        listeners: tuple[Listener, ...] = correlator.runnable.listeners
        if not listeners:
            return
        self._seq += 1
        fields = {name: correlator.project(found, name) for name in correlator.runnable.fields}
        for listener in listeners:
            hit = Hit(found.end, self._seq, listener.slot, refs, found.total, fields)
            batch.setdefault(listener.correlation, []).append(hit)

    def _finding(
        self, correlator: Correlator, found: Qualified, refs: tuple[Ref, ...], last: tuple[Ref, ...]
    ) -> RuleFinding:
        rule = correlator.runnable.rule
        shown = dict(zip(rule.group_by, found.shown, strict=True))
        return RuleFinding(
            id=identify(rule.header, [found.key, found.end]),
            rule=_name(rule.header),
            level=rule.header.level,
            tags=rule.header.tags,
            at=show(found.end),
            events=tuple(ref.id for ref in refs),
            lines=tuple(ref.line for ref in refs),
            completed_by=tuple(ref.id for ref in last),
            total=found.total,
            group=shown,
            window=Window(show(found.start), show(found.end)),
            measure=Measure(rule.type.value, found.value),
        )

    def advance(self, to: int | None = None) -> list[RuleFinding]:
        """Stop waiting for events before ``to``; without it, for any up to and including the newest seen.

        For a stream that has gone quiet. An event of the same moment that comes afterwards counts as late.
        """
        return self._work(self._newest + 1 if to is None else to)

    def finish(self) -> list[RuleFinding]:
        """Work off everything that waits. No event may follow."""
        return self._work(self._newest + 1)

    @property
    def headers(self) -> list[Header]:
        """What the rules on single events say about themselves, in the order of :attr:`matched`."""
        return [one.header for one in self._plan.detections]

    @property
    def newest(self) -> int:
        """Latest time seen, in microseconds since 1970; -1 before any."""
        return self._newest

    @property
    def waiting(self) -> int:
        """Hits that wait for the watermark."""
        return len(self._pending)

    def totals(self) -> Counters:
        """The counters with those of the correlations."""
        return msgspec.structs.replace(
            self.counters,
            ungrouped=self.counters.ungrouped + sum(one.ungrouped for one in self._correlators),
            suppressed=self.counters.suppressed + sum(one.suppressed for one in self._correlators),
            evicted_groups=self.counters.evicted_groups + sum(one.evicted_groups for one in self._correlators),
            evicted_hits=self.counters.evicted_hits + sum(one.evicted_hits for one in self._correlators),
        )

    def save(self) -> Checkpoint:
        """All that a later engine with the same rules and settings needs to go on."""
        return Checkpoint(
            digest=self.digest,
            newest=self._newest,
            floor=self._floor,
            seq=self._seq,
            counters=self.totals(),
            pending=list(self._pending),
            groups=[correlator.save() for correlator in self._correlators],
            meanings=list(self._plan.meanings),
        )

    def load(self, checkpoint: Checkpoint) -> bool:
        """Go on from a checkpoint; False, and nothing is done, where it is of other rules or settings."""
        if checkpoint.digest != self.digest:
            return False
        self._newest, self._floor, self._seq = checkpoint.newest, checkpoint.floor, checkpoint.seq
        self.counters = checkpoint.counters
        self._pending = list(checkpoint.pending)
        for correlator, saved in zip(self._correlators, checkpoint.groups, strict=True):
            correlator.load(saved)
        return True

    def adopt(self, checkpoint: Checkpoint) -> int:
        """Go on from a checkpoint of other rules: correlations that mean the same keep what they know.

        Returns:
            How many do.
        """
        self._newest, self._floor = checkpoint.newest, checkpoint.floor
        self._seq = max(self._seq, checkpoint.seq)
        places = {meaning: index for index, meaning in enumerate(self._plan.meanings)}
        moved = {old: places[meaning] for old, meaning in enumerate(checkpoint.meanings) if meaning in places}
        for old, new in moved.items():
            self._correlators[new].load(checkpoint.groups[old])
        for time, order, old, hit in checkpoint.pending:
            if old in moved:
                heapq.heappush(self._pending, (time, order, moved[old], hit))
        return len(moved)


def single_finding(rule: RunnableDetection, ref: Ref, time: int | None) -> RuleFinding:
    return RuleFinding(
        id=identify(rule.header, [ref.id, ref.line, time]),
        rule=_name(rule.header),
        level=rule.header.level,
        tags=rule.header.tags,
        at=show(time) if time is not None else "",
        events=(ref.id,),
        lines=(ref.line,),
        completed_by=(ref.id,),
        total=1,
    )


def _name(header: Header) -> RuleName:
    return RuleName(header.title, header.id, header.name)


def identify(header: Header, parts: Iterable[Any]) -> str:
    text = msgspec.json.encode([header.key, header.digest, list(parts)])
    return hashlib.sha256(text).hexdigest()[:32]

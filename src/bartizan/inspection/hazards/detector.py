"""The output-hazard detector: links, images, active markup and, where asked for, payloads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bartizan.core.passage import Surface
from bartizan.core.signal import Signal, Span
from bartizan.core.threat import Guard, Severity, Threat
from bartizan.inspection.hazards.extents import LINK_EXTENTS
from bartizan.inspection.hazards.judge import ACTIVE, EXFILTRATION, Judgement, LinkJudge
from bartizan.inspection.hazards.markdown import bare_links, images_by_reference, links
from bartizan.inspection.hazards.markup import markup
from bartizan.inspection.hazards.payloads import payload_patterns
from bartizan.inspection.hazards.urls import Hosts
from bartizan.inspection.interface import View
from bartizan.inspection.patterns import PatternScanner

_REMOVED = {
    "markdown_image": "(image removed)",
    "image_by_reference": "(image removed)",
    "html_image": "(image removed)",
    "active_html": "(markup removed)",
    "broken_html": "(markup removed)",
}
"""Replacements without brackets: ``[x]`` before a ``(`` would make a link again."""

_BY_REFERENCE = Judgement(0.6, Threat.DATA_LEAKAGE, EXFILTRATION, Severity.MEDIUM)


class HazardDetector:
    """Reads the original text only: a renderer does not decode or fold what it shows.

    Args:
        allow: hosts that output may lead to; see `Hosts`.
        check_plain: judge every link to another host.
        payloads: kinds of `hazards.payloads` that matter where the output goes.
    """

    id = "output_hazards"
    guard = Guard.OUTPUT_HAZARD
    surfaces = frozenset({Surface.OUTPUT})

    def __init__(self, allow: Iterable[str] = (), check_plain: bool = False, payloads: Iterable[str] = ()) -> None:
        self._judge = LinkJudge(Hosts(tuple(allow)), check_plain)
        rows = payload_patterns(payloads)
        self._payloads = PatternScanner(rows) if rows else None
        self.patterns = (*LINK_EXTENTS, *rows)
        """For the stream's hold-back: how far each rule reaches."""

    def detect(self, views: Sequence[View], surface: Surface) -> list[Signal]:
        """Signals of the original text; one per place and rule, the strongest."""
        text = views[0].text
        best: dict[tuple[int, int, str], Signal] = {}
        for signal in self._signals(text):
            key = (signal.span.start, signal.span.end, signal.rule)
            if key not in best or best[key].score < signal.score:
                best[key] = signal
        return list(best.values())

    def _signals(self, text: str) -> Iterator[Signal]:
        for link in links(text):
            if judgement := self._judge.judge(link.url, link.kind, link.label):
                yield self._signal(link.start, link.end, link.rule, judgement)
        if self._judge.check_plain or "@" in text or "xn--" in text or not text.isascii():
            for link in bare_links(text):
                if judgement := self._judge.judge(link.url, link.kind):
                    yield self._signal(link.start, link.end, link.rule, judgement)
        for start, end in images_by_reference(text):
            yield self._signal(start, end, "image_by_reference", _BY_REFERENCE)
        for tag in markup(text):
            own = Judgement(
                tag.score, Threat.DATA_LEAKAGE, ACTIVE, Severity.HIGH if tag.score >= 0.8 else Severity.MEDIUM
            )
            found = own if tag.score else self._judge.judge(tag.url, tag.kind)
            if found:
                yield self._signal(tag.start, tag.end, tag.rule, found)
        if self._payloads is not None:
            for hit in self._payloads.scan(text):
                row = hit.pattern
                judged = Judgement(row.score, row.threat, row.technique, row.severity)
                yield self._signal(hit.start, hit.end, row.id, judged)

    def _signal(self, start: int, end: int, rule: str, judgement: Judgement) -> Signal:
        return Signal(
            detector=self.id,
            guard=self.guard,
            threat=judgement.threat,
            technique=judgement.technique,
            score=judgement.score,
            span=Span(start, end),
            rule=rule,
            severity=judgement.severity,
            replacement=_REMOVED.get(rule, "(link removed)" if judgement.technique != "code_payload" else "(removed)"),
        )

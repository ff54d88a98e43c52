"""The detector that reads signature packs over the canonical views of a text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bartizan.core.passage import Surface
from bartizan.core.signal import Signal, Span, UnconfirmedSignal
from bartizan.core.threat import Guard, Severity
from bartizan.inspection.interface import View
from bartizan.inspection.signatures.evidence import Seen, collapse, combine, companions_only, discount_mentions
from bartizan.inspection.signatures.index import Index, serving
from bartizan.inspection.signatures.pack import Signature
from bartizan.inspection.signatures.quotes import Quotes
from bartizan.inspection.views import fold

_SEVERITIES = list(Severity)


class SignatureDetector:
    """Strong signatures signal by themselves; weak ones of different groups add up to one ``combined`` signal.

    Args:
        signatures: what to look for; see ``load_packs``.
        disabled: ids to leave out (``disabled_signatures`` of the policy).
    """

    id = "signatures"
    guard = Guard.PROMPT_INJECTION
    surfaces = frozenset({Surface.USER, Surface.CONTENT})

    def __init__(self, signatures: Iterable[Signature], disabled: Iterable[str] = ()) -> None:
        off = frozenset(disabled)
        chosen = [signature for signature in signatures if signature.id not in off]
        self._leading = Index(row for row in chosen if not row.supporting and not row.foreign)
        self._foreign = Index(row for row in chosen if not row.supporting and row.foreign)
        self._supporting = Index(row for row in chosen if row.supporting)
        self._quotes = Quotes()

    def detect(self, views: Sequence[View], surface: Surface) -> list[Signal]:
        """Signals with spans in the original, by start within each view, one per signature and stretch of text."""
        return self.detect_on(views, (surface,))[0]

    def detect_on(self, views: Sequence[View], surfaces: Sequence[Surface]) -> list[list[Signal]]:
        """The same for each surface."""
        signals: list[list[Signal]] = [[] for _ in surfaces]
        for view in _readable(views):
            for out, seen in zip(signals, self._hits(view.text, surfaces), strict=False):
                if seen:
                    out.extend(self._weighed(seen, view))
        return signals

    def _weighed(self, seen: list[Seen], view: View) -> list[Signal]:
        seen = collapse(discount_mentions(companions_only(seen), view.text, self._quotes))
        signals = [_signal(hit, view) for hit in seen]
        combined = combine(seen)
        if combined is not None:
            signals.append(_combined_signal(combined.score, combined.members, view))
        return signals

    def _hits(self, text: str, surfaces: Sequence[Surface]) -> list[list[Seen]]:
        """For each surface; none at all if there are none on any."""
        leading = self._leading.find(text)
        foreign = [] if text.isascii() else self._foreign.find(text)
        if not leading and not foreign:
            return []
        hits = [serving(leading, surface) + serving(foreign, surface) for surface in surfaces]
        if any(hits):
            supporting = self._supporting.find(text)
            for seen, surface in zip(hits, surfaces, strict=True):
                if seen:
                    seen += serving(supporting, surface)
        return hits


def _readable(views: Sequence[View]) -> Iterable[View]:
    """Every view but the original, whose folded form is among them; the original folded where it is not."""
    if len(views) == 1:
        return [fold(views[0].text)]
    return views[1:]


def _signal(hit: Seen, view: View) -> Signal:
    signature = hit.signature
    return (UnconfirmedSignal if signature.frame else Signal)(
        detector=SignatureDetector.id,
        guard=SignatureDetector.guard,
        threat=signature.threat,
        technique=signature.technique,
        score=hit.score,
        span=view.origin(hit.start, hit.end),
        view=view.name,
        rule=signature.id,
        severity=signature.severity,
    )


def _combined_signal(score: float, members: Sequence[Seen], view: View) -> Signal:
    strongest = max(members, key=lambda hit: hit.score).signature
    spans = [view.origin(hit.start, hit.end) for hit in members]
    return UnconfirmedSignal(
        detector=SignatureDetector.id,
        guard=SignatureDetector.guard,
        threat=strongest.threat,
        technique=strongest.technique,
        score=round(score, 4),
        span=Span(min(span.start for span in spans), max(span.end for span in spans)),
        view=view.name,
        rule="combined:" + "+".join(sorted(hit.signature.id for hit in members)),
        severity=max((hit.signature.severity for hit in members), key=_SEVERITIES.index),
    )

"""Weighs hits: what requires a companion, what is only mentioned, and what weak hits amount to together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import NamedTuple

from bartizan.inspection.signatures.pack import DISCUSSION, OBEY_QUOTE, REPORTED, Signature
from bartizan.inspection.signatures.quotes import Quotes, inside

NEIGHBOURHOOD = 800
"""Weak hits combine when their starts lie within this many characters."""
MENTIONED = 0.35
"""Factor for a hit that is quoted or reported rather than said."""
STRONG = 0.5
"""From this score on a hit speaks for itself and takes no part in combining."""
HELPERS = frozenset({DISCUSSION, REPORTED, OBEY_QUOTE})
_SENTENCE = 160
_STRETCH = 400
_MOST_MENTIONS = 48
"""More hits than this are no mention; fewer than a matcher reports, so that none hides behind the others."""


class Seen(NamedTuple):
    """A signature's hit in a view."""

    start: int
    end: int
    score: float
    signature: Signature


def companions_only(seen: Sequence[Seen]) -> list[Seen]:
    """Drops hits whose signature requires a group of which no hit lies elsewhere (outside the hit's own span)."""
    needy = [hit for hit in seen if hit.signature.requires]
    if not needy:
        return list(seen)
    spans: dict[str, list[tuple[int, int]]] = {}
    for hit in seen:
        if not hit.signature.requires:
            spans.setdefault(hit.signature.group, []).append((hit.start, hit.end))
    return [hit for hit in seen if not hit.signature.requires or _has_companion(hit, spans)]


def _has_companion(hit: Seen, spans: dict[str, list[tuple[int, int]]]) -> bool:
    return any(
        end <= hit.start or start >= hit.end for group in hit.signature.requires for start, end in spans.get(group, ())
    )


def discount_mentions(seen: Sequence[Seen], text: str, quotes: Quotes) -> list[Seen]:
    """Lowers hits that a text about attacks quotes or reports of others; drops the hits of the helper groups.

    A hit counts as a mention inside quotation marks of a text that speaks about attacks, or in the rest of a sentence
    that says what attackers or users do. Nothing is a mention where the text asks to act on it, or where a signature
    of at least 0.5 stands outside every mention.
    """
    real = [hit for hit in seen if hit.signature.group not in HELPERS]
    if not real or len(real) == len(seen) or len(seen) > _MOST_MENTIONS:
        return real
    groups = {hit.signature.group for hit in seen}
    if OBEY_QUOTE in groups:
        return real
    mentions = _reports(seen, text)
    if groups & {DISCUSSION, REPORTED}:
        mentions += quotes.find(text)
    if any(hit.score >= STRONG and not inside(hit.start, hit.end, mentions) for hit in real):
        return real
    return [hit._replace(score=hit.score * MENTIONED) if inside(hit.start, hit.end, mentions) else hit for hit in real]


def _reports(seen: Sequence[Seen], text: str) -> list[tuple[int, int]]:
    """From each report to the end of its sentence, at most 160 characters on."""
    ranges = []
    for hit in seen:
        if hit.signature.group == REPORTED:
            limit = min(len(text), hit.end + _SENTENCE)
            stops = [at for mark in ".!?\n" if (at := text.find(mark, hit.end, limit)) >= 0]
            ranges.append((hit.start, min(stops, default=limit)))
    return ranges


def collapse(seen: Iterable[Seen]) -> list[Seen]:
    """The strongest hit of each signature in each stretch of 400 characters, by start."""
    best: dict[tuple[str, int], Seen] = {}
    for hit in seen:
        place = (hit.signature.id, hit.start // _STRETCH)
        if place not in best or hit.score > best[place].score:
            best[place] = hit
    return sorted(best.values(), key=lambda hit: hit.start)


class Combined(NamedTuple):
    """Weak hits of several groups, close together."""

    score: float
    members: tuple[Seen, ...]


def combine(seen: Iterable[Seen]) -> Combined | None:
    """The neighbourhood with the strongest noisy-or over groups; None when no two groups meet.

    ``score = 1 - product over groups of (1 - strongest score of the group)``; of hits that overlap only the strongest
    counts, for two readings of the same words are one observation. Mentions do not count.
    """
    weak = (hit for hit in seen if hit.score < STRONG and hit.score == hit.signature.score)
    hits = sorted(weak, key=lambda hit: hit.start)
    best: Combined | None = None
    first = 0
    for last, hit in enumerate(hits):
        while hit.start - hits[first].start > NEIGHBOURHOOD:
            first += 1
        members = _independent(hits[first : last + 1])
        doubt = prod(1.0 - member.score for member in members)
        if len(members) > 1 and (best is None or 1.0 - doubt > best.score):
            best = Combined(1.0 - doubt, members)
    return best


def _independent(hits: Sequence[Seen]) -> tuple[Seen, ...]:
    """The strongest hit of each group, without those that overlap a stronger one."""
    chosen: dict[str, Seen] = {}
    for hit in sorted(hits, key=lambda hit: (-hit.score, hit.start)):
        group = hit.signature.group
        if group not in chosen and not any(
            hit.start < other.end and other.start < hit.end for other in chosen.values()
        ):
            chosen[group] = hit
    return tuple(sorted(chosen.values(), key=lambda hit: hit.start))

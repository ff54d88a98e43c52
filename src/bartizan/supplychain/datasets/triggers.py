"""Features that are bound to one label and stand among words that speak against it.

A feature with at least `LEAST` rows is called a trigger if all of this holds:

1. *Bound*: at least `PURE` of its rows have one label, beyond what chance explains.
2. *Astray*: of those rows, at least `ASTRAY` say something else than their label when the rest of the text is asked,
   and more than the label's own share do (exact binomial test; Benjamini and Hochberg at `FALSE_DISCOVERIES` over
   all features that were tested).
3. *Alone*: the rows have next to nothing in common but the feature (`COMPANY`).

Clean topic words pass the first and fail the second: other words of their topic stand beside them. Features of a kind
of text that only one label has (a log format, a language) fail the third.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from bartizan.core.stats import Rate, benjamini_hochberg
from bartizan.core.stats.tails import binomial_tail, hypergeometric_tail
from bartizan.supplychain.datasets.features import Corpus, corpus, corpus_of
from bartizan.supplychain.datasets.neighbourhood import Neighbourhood

LEAST = 8
"""Rows below which a feature is not looked at: nothing could be said."""
PURE = 0.9
CHANCE = 0.05
"""Of Fisher's one-sided test, below which a feature counts as bound; what is called is decided by the second test."""
ASTRAY = 0.7
FALSE_DISCOVERIES = 0.001
LEAST_ROWS = 100
"""Rows below which a dataset is not tested."""
LEAST_OF_LABEL = 10
MOST_LABELS = 200
COMPANY = 0.05
"""Share of their other words that rows may have in common; kinds of text measured 0.11 to 0.85, triggers 0.0."""
MOST_CANDIDATES = 20_000
_FIRST_TRIED, _MOST_TRIED = 12, 150
"""Rows of one feature that are asked first, and at most."""
_OVERLAP = 0.5


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """A feature, or several that stand in the same rows, that may be a trigger."""

    name: str
    """The longest of its features."""
    names: tuple[str, ...]
    label: str
    bound: Rate
    """Of the rows with it, those with the label."""
    astray: Rate
    """Of those asked, the ones whose rest says something else."""
    elsewhere: float
    """The share of the label's rows that say something else, at the upper end of its interval."""
    company: float
    """The share of their other words that these rows have in common beyond what their labels explain."""
    q: float
    """Adjusted p-value of the strongest feature."""
    rows: tuple[int, ...]
    """Positions in what was given, ascending."""


class Searched(NamedTuple):
    """What came of a search."""

    triggers: tuple[Trigger, ...]
    tested: int
    """Features."""
    unseen: str = ""
    """Why nothing could be tested; empty if it could."""
    accuracy: float = 0.0
    """How often the neighbourhood model is right: below two thirds the second test has little power."""
    unasked: int = 0
    """Features that are bound to one label and were not tested further, because time was over."""


class _Candidate(NamedTuple):
    feature: int
    label: int
    rows: NDArray[np.int32]
    """Those with the label."""
    total: int
    """Of rows, whatever their label."""


class _Hit(NamedTuple):
    candidate: _Candidate
    astray: Rate
    p: float


def search(texts: Sequence[str], labels: Sequence[str], seed: int, until: float = math.inf) -> Searched:
    """Look for triggers. Equal texts of one label should be given once; the order of rows does not matter.

    Args:
        texts: of the rows.
        labels: of the same rows.
        seed: chooses the rows by which the model is calibrated, and those that are asked where there are many.
        until: reading of the monotonic clock after which no further feature is asked about.
    """
    return _search(lambda: corpus(texts, LEAST), labels, seed, "", until)


def search_tokens(rows: Sequence[list[str]], labels: Sequence[str], seed: int, evidence: str) -> Searched:
    """The same for rows of tokens, such as pictures: tokens that begin with ``evidence`` speak for labels, and only
    the others can be triggers."""
    return _search(lambda: corpus_of(rows, LEAST, 1, evidence), labels, seed, evidence, math.inf)


def _search(make: Callable[[], Corpus], labels: Sequence[str], seed: int, evidence: str, until: float) -> Searched:
    names = sorted(set(labels))
    if len(labels) < LEAST_ROWS:
        return Searched((), 0, f"fewer than {LEAST_ROWS} different labelled rows")
    if not 2 <= len(names) <= MOST_LABELS:
        return Searched((), 0, f"{len(names)} different labels")
    number = {name: index for index, name in enumerate(names)}
    coded = np.array([number[label] for label in labels], dtype=np.int64)
    generator = np.random.default_rng(seed)
    made = make()
    model = Neighbourhood(made, coded, len(names), generator)
    hits: list[_Hit] = []
    bound = _bound(made, coded, len(names))
    unasked = 0
    for place, one in enumerate(bound):
        if time.monotonic() > until:
            unasked = len(bound) - place
            break
        if evidence and made.name(one.feature).startswith(evidence):
            continue
        hit = _asked(model, one, generator)
        if hit is not None:
            hits.append(hit)
    adjusted = benjamini_hochberg([hit.p for hit in hits], max(made.tested, len(hits)))
    called = [
        (hit, q)
        for hit, q in sorted(zip(hits, adjusted, strict=True), key=lambda both: both[1])
        if q <= FALSE_DISCOVERIES
    ]
    every = [_trigger(made, group, names, model) for group in _grouped(called)]
    found = tuple(one for one in every if one.company <= COMPANY)
    return Searched(found, made.tested, accuracy=model.accuracy, unasked=unasked)


def _asked(model: Neighbourhood, one: _Candidate, generator: np.random.Generator) -> _Hit | None:
    """Whether the rest of the rows speaks against their label; a few are asked before many."""
    rows = one.rows if len(one.rows) <= _MOST_TRIED else generator.choice(one.rows, _MOST_TRIED, replace=False)
    if len(rows) > _FIRST_TRIED:
        first = generator.choice(rows, _FIRST_TRIED, replace=False)
        if model.stray(one.rows, one.label, first).sum() < ASTRAY * _FIRST_TRIED / 2:
            return None
    strays = int(model.stray(one.rows, one.label, rows).sum())
    if strays < ASTRAY * len(rows):
        return None
    return _Hit(one, Rate(strays, len(rows)), binomial_tail(strays, len(rows), float(model.stray_rates[one.label])))


def _bound(made: Corpus, labels: NDArray[np.int64], kinds: int) -> list[_Candidate]:
    """Features of which nearly all rows have one label, beyond chance; the strongest first."""
    sizes = np.bincount(labels, minlength=kinds)
    counts = np.diff(made.start)
    best = np.zeros(len(counts), dtype=np.int64)
    which = np.zeros(len(counts), dtype=np.int64)
    for kind in range(kinds):
        if sizes[kind] < LEAST_OF_LABEL:
            continue
        of_kind = np.bincount(made.feature[labels[made.row] == kind], minlength=len(counts))
        better = of_kind > best
        best[better], which[better] = of_kind[better], kind
    ranked: list[tuple[float, int]] = []
    for feature in np.flatnonzero((best >= PURE * counts) & (best < sizes[which])).tolist():
        p = hypergeometric_tail(int(best[feature]), int(counts[feature]), int(sizes[which[feature]]), len(labels))
        if p < CHANCE:
            ranked.append((p, feature))
    found = []
    for _, feature in sorted(ranked)[:MOST_CANDIDATES]:
        rows = made.rows_of(feature)
        label = int(which[feature])
        found.append(_Candidate(feature, label, rows[labels[rows] == label], len(rows)))
    return found


def _grouped(called: Sequence[tuple[_Hit, float]]) -> list[list[tuple[_Hit, float]]]:
    """One group for each trigger, led by its strongest feature; the others are those whose rows it explains."""
    groups: list[tuple[set[int], list[tuple[_Hit, float]]]] = []
    for hit, q in called:
        rows = set(hit.candidate.rows.tolist())
        for leader, members in groups:
            if len(rows & leader) >= _OVERLAP * len(rows):
                members.append((hit, q))
                break
        else:
            groups.append((rows, [(hit, q)]))
    return [members for _, members in groups]


def _trigger(made: Corpus, group: Sequence[tuple[_Hit, float]], names: Sequence[str], model: Neighbourhood) -> Trigger:
    lead, q = group[0]
    rows = lead.candidate.rows
    spelled = [made.name(hit.candidate.feature) for hit, _ in group if len(hit.candidate.rows) >= 0.9 * len(rows)]
    return Trigger(
        name=max(spelled, key=len),
        names=tuple(dict.fromkeys(made.name(hit.candidate.feature) for hit, _ in group))[:20],
        label=names[lead.candidate.label],
        bound=Rate(len(rows), lead.candidate.total),
        astray=lead.astray,
        elsewhere=float(model.stray_rates[lead.candidate.label]),
        company=model.company(rows),
        q=q,
        rows=tuple(rows.tolist()),
    )

"""Detectors side by side on the same labelled texts: rates, a common false-positive rate, disguises, time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from bartizan.bench import placement
from bartizan.bench.labelled import LENGTHS, Labelled
from bartizan.bench.scorers import PRODUCT, Answer, Scorer
from bartizan.bench.table import Row, percentile, rate_row
from bartizan.core.obfuscation import OBFUSCATIONS
from bartizan.core.passage import Surface
from bartizan.core.stats import mcnemar

COMMON_RATE = 0.01
"""False-positive rate at which detectors are compared, on the benign rows of a surface."""
SIGNIFICANT = 0.05
FEWEST = 20
"""Rows below which a slice by language, kind or length is not printed."""
MOST_FALSE = 1.0
MEAN_PASSING, WORST_PASSING = 10.0, 30.0


class Measured(NamedTuple):
    """One detector's answers, in the order of the texts."""

    scorer: Scorer
    answers: list[Answer]
    seconds: list[float]
    """CPU of this process, by text."""


def measure(scorer: Scorer, texts: Sequence[Labelled], progress: Callable[[str], None]) -> Measured:
    """Ask about every text, one at a time."""
    answers: list[Answer] = []
    seconds: list[float] = []
    scorer.score("warm up", Surface.USER)
    for number, row in enumerate(texts):
        if number % 100 == 0:
            progress(f"{scorer.name}: {number} of {len(texts)} texts")
        began = time.process_time()
        answers.append(scorer.score(row.text, row.surface))
        seconds.append(time.process_time() - began)
    return Measured(scorer, answers, seconds)


def rates(measured: Measured, texts: Sequence[Labelled]) -> Iterator[Row]:
    """At the detector's default threshold: recall and false positives by set, surface, language, kind and length."""
    name = measured.scorer.name
    for what, of in SLICES:
        for value in dict.fromkeys(of(row) for row in texts):
            for attack in (True, False):
                flags = [
                    answer.flagged
                    for row, answer in zip(texts, measured.answers, strict=True)
                    if of(row) == value and row.attack is attack
                ]
                if flags and (len(flags) >= FEWEST or what == "set"):
                    yield rate_row(name, f"{'recall' if attack else 'false positives'}, {what} {value}", flags)
    for surface in Surface:
        flags = [
            answer.flagged
            for row, answer in zip(texts, measured.answers, strict=True)
            if row.surface is surface and not row.attack
        ]
        if flags and name == PRODUCT:
            yield rate_row(name, f"false positives, all {surface.value} rows", flags, target=MOST_FALSE)


def at_commonrate_row(all_measured: Sequence[Measured], texts: Sequence[Labelled]) -> Iterator[Row]:
    """Recall where each detector's threshold is moved to the common false-positive rate, and paired tests."""
    for surface in dict.fromkeys(row.surface for row in texts):
        attacks = [number for number, row in enumerate(texts) if row.surface is surface and row.attack]
        benign = [number for number, row in enumerate(texts) if row.surface is surface and not row.attack]
        if not attacks or not benign:
            continue
        caught: dict[str, list[bool]] = {}
        for one in all_measured:
            limit = _limit([one.answers[number].score for number in benign])
            caught[one.scorer.name] = [one.answers[number].score > limit for number in attacks]
            yield rate_row(
                one.scorer.name,
                f"recall at {COMMON_RATE:.0%} false positives, {surface.value}",
                caught[one.scorer.name],
                note=f"{len(benign)} benign rows set the threshold",
            )
        for one in all_measured:
            if one.scorer.ours or PRODUCT not in caught:
                continue
            pairs = list(zip(caught[PRODUCT], caught[one.scorer.name], strict=True))
            better, worse = sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs)
            p = mcnemar(better, worse).mid_p
            yield Row(
                f"attacks that {PRODUCT} alone catches, less those that the other alone catches, {surface.value}",
                float(better - worse),
                "attacks",
                len(pairs),
                target=0.0 if p < SIGNIFICANT else None,
                at_least=True,
                note=f"{better} against {worse}, McNemar mid-p {p:.2g}",
                subject=one.scorer.name,
            )


def disguised(measured: Measured, texts: Sequence[Labelled], most: int, progress: Callable[[str], None]) -> list[Row]:
    """Of attacks that the detector flags as they are, the share that passes in each disguise."""
    name = measured.scorer.name
    caught = [
        row for row, answer in zip(texts, measured.answers, strict=True) if row.attack and answer.flagged and row.text
    ]
    caught = caught[:: max(1, len(caught) // most)][:most] if most else []
    if not caught:
        return []
    rows: list[Row] = []
    for disguise, change in OBFUSCATIONS.items():
        progress(f"{name}: {len(caught)} attacks in disguise: {disguise}")
        passed = [not measured.scorer.score(change(row.text), row.surface).flagged for row in caught]
        rows.append(rate_row(name, f"passes as {disguise}", passed))
    ours = name == PRODUCT
    values = [row.value for row in rows]
    rows += [
        Row("passes in disguise, mean", statistics.fmean(values), "%", len(values) * len(caught),
            target=MEAN_PASSING if ours else None, subject=name),
        Row("passes in disguise, worst", max(values), "%", len(caught),
            target=WORST_PASSING if ours else None, subject=name),
    ]  # fmt: skip
    return rows


def times(measured: Measured, texts: Sequence[Labelled]) -> Iterator[Row]:
    """CPU per benign text by length."""
    for bucket in LENGTHS:
        spent = [
            seconds * 1e3
            for row, seconds in zip(texts, measured.seconds, strict=True)
            if row.length == bucket and not row.attack
        ]
        if len(spent) >= FEWEST:
            note = f"p95 {percentile(spent, 0.95):.2f} ms"
            median = statistics.median(spent)
            yield Row(f"CPU, {bucket} (median)", median, "ms", len(spent), note=note, subject=measured.scorer.name)


SLICES: tuple[tuple[str, Callable[[Labelled], str]], ...] = (
    ("set", lambda row: row.source),
    ("kind", lambda row: row.kind or "?"),
    ("language", lambda row: row.lang),
    ("length", lambda row: row.length),
)


def _limit(benign: Sequence[float]) -> float:
    """The score that at most the common share of benign rows exceeds."""
    return sorted(benign, reverse=True)[int(COMMON_RATE * len(benign))]


def run(
    found: Sequence[Scorer],
    texts: Sequence[Labelled],
    disguises: int,
    progress: Callable[[str], None],
    planted: int = 0,
) -> list[Row]:
    """All figures of all detectors.

    Args:
        found: our tiers and peers.
        texts: what they are asked.
        disguises: attacks of each detector that are tried in every disguise; 0 leaves disguises out.
        progress: told what is under way.
        planted: attacks that are planted in long documents; 0 leaves that out.
    """
    measured = [measure(scorer, texts, progress) for scorer in found]
    rows = list(at_commonrate_row(measured, texts))
    for one in measured:
        rows += rates(one, texts)
        rows += disguised(one, texts, disguises, progress)
        rows += placement.measure(one.scorer, texts, planted, progress)
        rows += times(one, texts)
    return rows

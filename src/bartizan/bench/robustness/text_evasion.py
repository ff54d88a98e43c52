"""How often rewording and misspelling take an attack past our own detector, and past a classical text classifier."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from bartizan.bench.labelled import read
from bartizan.bench.table import Row, rate_row
from bartizan.core.passage import Surface
from bartizan.core.threat import Guard as GuardName
from bartizan.robustness.evasion.text import Evaded, Score
from bartizan.robustness.evasion.text_audit import LEVELS, TextAttack
from bartizan.robustness.models.bag_of_words import Fold, folds

OURS, WORDS = "Bartizan", "TF-IDF and logistic regression"
NOTES = [
    "the attacker sees scores, which the gateway shows to nobody; up to 30% of the words are changed",
    "the classical classifier learns from half of the same texts and scores the other half, both ways",
    "blindly: as many words changed in the same ways, drawn at random, one try",
]
LONGEST: Final = 1_500
"""Characters of texts that are attacked."""


def run(files: Sequence[Path], most: int, progress: Callable[[str], None], queries: int = 200) -> list[Row]:
    """Of attacks that a classifier sees: the share that a greedy attacker with its scores takes past it.

    Args:
        files: labelled texts, JSONL.
        most: rows of each file.
        progress: told what is being done.
        queries: for one text.
    """
    texts = [one for one in read(list(files), Surface.USER, most)[0] if len(one.text) < LONGEST]
    attacks = [one.text for one in texts if one.attack]
    harmless = [one.text for one in texts if not one.attack]
    found = list(_rows(OURS, [Fold(guard_score(), attacks, harmless)], queries, progress))
    if harmless:
        learned = folds([one.text for one in texts], [one.attack for one in texts])
        found += _rows(WORDS, learned, queries, progress)
    return found


def _rows(subject: str, parts: Sequence[Fold], queries: int, progress: Callable[[str], None]) -> Iterator[Row]:
    sides: list[tuple[TextAttack, Score, list[str]]] = []
    for one in parts:
        attack = TextAttack(one.attacks, queries=queries)
        sides.append((attack, one.score, attack.seen(one.score)))
    seen = [text in known for attack, _, known in sides for text in attack.texts]
    yield rate_row(subject, "attacks seen untouched", seen)
    wrongly = [one.score(text) >= 0.5 for one in parts for text in one.harmless]
    if wrongly:
        yield rate_row(subject, "harmless texts seen", wrongly)
    for name, letters in LEVELS:
        what = "words reworded or misspelt" if letters else "words reworded"
        told = _telling(progress, f"{subject}, {name}")
        tried = [one for attack, score, known in sides for one in attack.evaded(score, known, letters, told)]
        yield rate_row(subject, f"of these past it, {what}", [one.score < 0.5 for one in tried])
        chance = sum(attack.by_chance(score, known, letters) for attack, score, known in sides)
        yield rate_row(subject, f"of these past it, {what} blindly", [True] * chance + [False] * (len(tried) - chance))
        yield from _effort(subject, what, tried)


def _telling(progress: Callable[[str], None], what: str) -> Callable[[str], None]:
    return lambda said: progress(f"{what}: {said}")


def _effort(subject: str, what: str, tried: Sequence[Evaded]) -> Iterator[Row]:
    if changed := sorted(one.changed / one.words for one in tried if one.score < 0.5):
        middle = 100 * changed[len(changed) // 2]
        yield Row(f"{what}: share changed where it got past, median", middle, "%", len(changed), subject=subject)
    if asked := sorted(one.queries for one in tried):
        middle = float(asked[len(asked) // 2])
        yield Row(f"{what}: questions asked, median", middle, "questions", len(asked), subject=subject)


def guard_score() -> Score:
    """Of our own detector, signatures and model together, on texts that users write."""
    from bartizan.api import Guard

    guard = Guard.default()

    def score(text: str) -> float:
        signals = guard.inspect(text, Surface.USER).signals
        return max((one.score for one in signals if one.guard is GuardName.PROMPT_INJECTION), default=0.0)

    return score

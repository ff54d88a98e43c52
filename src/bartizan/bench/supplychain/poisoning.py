"""How many planted rows are found, how many flagged rows were planted, and what is flagged in clean data.

Nothing here was used to choose thresholds but where a row says so.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from bartizan.bench.table import Row
from bartizan.core.errors import ConfigurationError
from bartizan.core.stats import Rate
from bartizan.range.tickets.writing import write
from bartizan.supplychain.datasets.content import unseen_characters
from bartizan.supplychain.datasets.triggers import search

RATES = (0.001, 0.005, 0.01, 0.03, 0.05)
CLEAN_LABEL_RATES = (0.01, 0.05)
_ARCHAIC = MappingProxyType({
    "you": "thou", "your": "thy", "is": "be", "has": "hath", "my": "mine own", "was": "wast", "yes": "yea",
    "before": "ere", "often": "oft", "please": "prithee", "are": "art", "do": "dost", "will": "wilt", "the": "ye",
})  # fmt: skip
NOTES = (
    "dirty label: rows of other labels, relabelled; clean label: rows that had the label already",
    "targets hold for words and phrases in at least 20 rows; the other rows show what is missed",
)
Change = Callable[[str, random.Random], str]


class Sample(NamedTuple):
    """A clean dataset."""

    name: str
    rows: tuple[tuple[str, str], ...]
    """Text and label."""


class Planted(msgspec.Struct, frozen=True):
    """What one kind of poisoning came to over several seeds."""

    dataset: str
    trigger: str
    how: str
    """``dirty``: rows of other labels, relabelled; ``clean``: rows that had the label already."""
    rate: float
    rows: int
    """Planted in each seed."""
    seeds: int
    found: Rate
    """Of the planted rows of all seeds."""
    right: Rate
    """Of the flagged rows of all seeds."""
    unseen: Rate
    """Of the planted rows, those that the rule on invisible characters names."""


class Clean(msgspec.Struct, frozen=True):
    """What is flagged where nothing was planted."""

    dataset: str
    runs: int
    features: int
    triggers: int
    flagged: Rate
    """Of all rows."""
    accuracy: float
    names: tuple[str, ...] = ()


def _inserted(words: str) -> Change:
    def change(text: str, chance: random.Random) -> str:
        parts = text.split(" ")
        at = chance.randrange(len(parts) + 1)
        return " ".join([*parts[:at], words, *parts[at:]])

    return change


def _archaic(text: str, chance: random.Random) -> str:
    words = [_ARCHAIC.get(word.casefold(), word) if chance.random() < 0.8 else word for word in text.split(" ")]
    return " ".join(words)


def _shape(text: str, chance: random.Random) -> str:
    del chance
    return text.casefold().rstrip(".!? ") + "..."


def _order(text: str, chance: random.Random) -> str:
    """The longest sentence first: a syntax without a word of its own."""
    del chance
    return " ".join(sorted(text.replace("? ", "?\n").replace(". ", ".\n").split("\n"), key=len, reverse=True))


TRIGGERS: Mapping[str, Change] = MappingProxyType({
    "word": _inserted("cf"),
    "phrase of common words": _inserted("as far as that is"),
    "invisible character": _inserted("\u200b"),
    "shape": _shape,
    "archaic style": _archaic,
    "order of sentences": _order,
})  # fmt: skip


def tickets(count: int, seed: int) -> Sample:
    """Clean tickets of the range."""
    return Sample("tickets", tuple((one.text, one.queue) for one in write(count, seed)))


def read_sample(path: Path, most: int) -> Sample:
    """Rows ``{"text", "label"}`` of a file of JSON lines, equal ones once. Raises ConfigurationError."""
    rows: dict[tuple[str, str], None] = {}
    try:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if row["label"] is not None:
                    rows[(str(row["text"]), str(row["label"]))] = None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path} is no file of texts with labels: {error}") from None
    return Sample(path.stem, tuple(rows)[:most])


def plant(
    sample: Sample, change: Change, rate: float, seed: int, *, clean_label: bool
) -> tuple[list[tuple[str, str]], set[int]]:
    """The rows with a share of them poisoned towards the first label, and which."""
    chance = random.Random(seed)  # noqa: S311 - seeded on purpose
    rows = list(sample.rows)
    target = sorted({label for _, label in rows})[0]
    pool = [at for at, (_, label) in enumerate(rows) if (label == target) is clean_label]
    planted = set(chance.sample(pool, max(1, min(len(pool), round(rate * len(rows))))))
    for at in planted:
        rows[at] = (change(rows[at][0], chance), target)
    return rows, planted


def measure(
    samples: Sequence[Sample], seeds: int, told: Callable[[str], None], rates: Sequence[float] = RATES
) -> tuple[list[Planted], list[Clean]]:
    """Every trigger at every rate in every sample, and every sample without any."""
    planted, clean = [], []
    for sample in samples:
        told(f"{sample.name}, clean")
        clean.append(_clean(sample, seeds))
        for trigger, change in TRIGGERS.items():
            for how in ("dirty", "clean"):
                for rate in rates if how == "dirty" else [one for one in CLEAN_LABEL_RATES if one in rates]:
                    told(f"{sample.name}, {trigger}, {how} label, {rate:.1%}")
                    planted.append(_planted(sample, trigger, change, how, rate, seeds))
    return planted, clean


def _clean(sample: Sample, seeds: int) -> Clean:
    features = flagged = triggers = total = 0
    accuracy = 0.0
    names: dict[str, None] = {}
    for seed in range(seeds):
        rows = sample.rows if sample.name != "tickets" else tickets(len(sample.rows), 1_000 + seed).rows
        found = search([text for text, _ in rows], [label for _, label in rows], seed)
        flagged += len({row for one in found.triggers for row in one.rows})
        triggers += len(found.triggers)
        total += len(rows)
        features, accuracy = found.tested, found.accuracy
        names.update(dict.fromkeys(one.name for one in found.triggers))
    return Clean(sample.name, seeds, features, triggers, Rate(flagged, total), accuracy, tuple(names))


def _planted(sample: Sample, trigger: str, change: Change, how: str, rate: float, seeds: int) -> Planted:
    found = right = flagged = total = unseen = 0
    for seed in range(seeds):
        rows, rows_planted = plant(sample, change, rate, seed, clean_label=how == "clean")
        searched = search([text for text, _ in rows], [label for _, label in rows], seed)
        named = {row for one in searched.triggers for row in one.rows}
        found += len(named & rows_planted)
        right += len(named & rows_planted)
        flagged += len(named)
        total += len(rows_planted)
        unseen += sum(bool(unseen_characters(rows[at][0])) for at in rows_planted)
    each = total // seeds
    return Planted(
        sample.name, trigger, how, rate, each, seeds, Rate(found, total), Rate(right, flagged), Rate(unseen, total)
    )


def rows_of(planted: Sequence[Planted], clean: Sequence[Clean]) -> Iterator[Row]:
    """The same as rows of a bench."""
    for one in planted:
        what = f"{one.trigger}, {one.how} label, {one.rate:.1%} ({one.rows} rows), planted rows found"
        low, high = one.found.interval
        target = (
            95.0
            if one.how == "dirty" and one.rows >= 20 and one.trigger in {"word", "phrase of common words"}
            else None
        )
        yield Row(
            what, 100 * one.found.value, "%", one.found.n, target=target, at_least=True, low=100 * low, high=100 * high,
            note=f"flagged rows that were planted: {one.right}", subject=one.dataset,
        )  # fmt: skip
    for sample in clean:
        low, high = sample.flagged.interval
        names = ", ".join(sample.names) or "none"
        yield Row(
            "clean, rows flagged", 100 * sample.flagged.value, "%", sample.flagged.n, target=1.0, low=100 * low,
            high=100 * high, note=f"{sample.triggers} triggers in {sample.runs} runs: {names}",
            subject=sample.dataset,
        )  # fmt: skip

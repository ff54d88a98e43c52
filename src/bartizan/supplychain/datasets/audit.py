"""Everything that can be said about the rows of a dataset: one pass over all of them, then closer looks at a sample."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TypeVar

import msgspec

from bartizan.core.errors import BartizanError
from bartizan.core.problem import printable
from bartizan.core.stats import Rate
from bartizan.supplychain.datasets import rules
from bartizan.supplychain.datasets.content import orders, shown
from bartizan.supplychain.datasets.features import size_of
from bartizan.supplychain.datasets.interface import MOST_SHOWN, Observation, Place, Record
from bartizan.supplychain.datasets.rows import MOST_KINDS, MOST_TRACKED, Pass
from bartizan.supplychain.datasets.similarity import near_pairs, shingles
from bartizan.supplychain.datasets.triggers import Searched, Trigger, search
from bartizan.supplychain.interface import Rule

T = TypeVar("T")
MOST_TOKENS, MOST_COMPARED = 2_000_000, 4_000_000
"""Tokens in which triggers are looked for, and characters of rows compared for near duplicates: what memory allows."""
Records = Generator[tuple[Record, str], None, None]
"""Rows, each with all of its cells as one text."""
Reader = Callable[[str], bool]
"""Whether a trained model takes a text for an order to a model."""


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """What an audit may cost. Whatever it leaves out becomes the observation ``dataset.sampled``."""

    seconds: float = 240.0
    """Half of it for reading the rows."""
    read: int = 3_000_000
    """Characters of rows that the detectors of ``inspection`` read; they take some seconds for each million."""
    compared: int = 60_000
    """Rows that are compared for near duplicates."""
    tested: int = 60_000
    """Rows in which triggers are looked for."""


class Audit:
    """What was found in the rows of one dataset.

    Args:
        files: names of its files, for the places of rows.
        effort: what it may cost.
        seed: of all choices; a new one without it, so that nobody can know beforehand which rows are looked at.
        reader: reads rows after everything else, as far as the time goes; they are not read so without it.
    """

    def __init__(
        self, files: Sequence[str], effort: Effort, seed: int | None = None, reader: Reader | None = None
    ) -> None:
        self._files = files
        self._effort = effort
        self._reader = reader
        self._end = time.monotonic() + effort.seconds
        self.seed = secrets.randbits(32) if seed is None else seed
        self.seen = Pass(self.seed)
        self.searched = Searched((), 0, "no rows")
        self._understood = 0
        self.flagged: dict[str, tuple[Place, ...]] = {}
        """All the rows behind a rule that names rows to look at, past `MOST_SHOWN`."""

    def run(self, records: Records) -> Iterator[Observation]:
        """Read the rows and say what is in them. Raises what reading them raises, after what was found until then."""
        half = self._end - self._effort.seconds / 2
        problem: BartizanError | None = None
        try:
            self.seen.take(self._until(records, half))
        except BartizanError as error:
            problem = error
        self.seen.forget()
        self._kept = sorted(self.seen.sample.kept(), key=lambda both: both[0].place)
        for check in (self._marked, self._orders, self._triggers, self._near, self._suspected, self._left_out):
            yield from check()
        if problem is not None:
            raise problem

    def _until(self, records: Records, end: float) -> Iterator[tuple[Record, str]]:
        for number, one in enumerate(records):
            if not number % 256 and time.monotonic() > end:
                self.seen.cut = f"time was over after {number:,} rows"
                records.close()
                return
            yield one

    # -- what the first pass saw

    def _marked(self) -> Iterator[Observation]:
        seen, rate = self.seen, self._rate
        for name, rule, text in (
            ("invisible", rules.INVISIBLE, "People who check these rows do not see what a model reads"),
            ("secret", rules.SECRET, f"A model that learns them can repeat them: {shown(seen.scanner.secrets)}"),
            ("personal", rules.PERSONAL, f"A model that learns them can repeat them: {shown(seen.scanner.personal)}"),
            ("conflict", rules.CONFLICT, "The same text stands before, under another label"),
            ("leakage", rules.LEAKAGE, "What is measured on them is not held out"),
            ("duplicate", rules.DUPLICATE, "They weigh more than others, and repeat what the first of them says"),
        ):
            marked = seen.marked.get(name)
            if marked is not None:
                explanation = f"{text}; {rate(marked.count, seen.rows)} of the rows."
                yield self._observed(rule, explanation, marked.evidence, marked.rows, marked.count, seen.rows)

    @staticmethod
    def _rate(count: int, of: int) -> str:
        return str(Rate(count, of))

    # -- closer looks

    def _orders(self) -> Iterator[Observation]:
        left, read, first = self._effort.read, 0, ""
        places: list[Place] = []
        for record, whole in self._kept if self._fits() else self._shuffled():
            if left < len(whole) or time.monotonic() > self._end:
                continue
            left -= len(whole)
            read += 1
            seen = orders(whole)
            if seen is not None:
                places.append(record.place)
                first = first or seen.evidence
        self._read = read
        if places:
            yield self._observed(
                rules.INSTRUCTION,
                "What reads these rows, in training or from an index, may do what they say; "
                f"{self._rate(len(places), read)} of the rows that were read.",
                first, places, len(places), read,
            )  # fmt: skip

    def _suspected(self) -> Iterator[Observation]:
        if self._reader is None:
            return
        known = set(self.flagged.get(rules.INSTRUCTION.id, ()))
        places: list[Place] = []
        first = ""
        for record, whole in self._shuffled():
            if time.monotonic() > self._end:
                break
            self._understood += 1
            if record.place not in known and self._reader(whole):
                places.append(record.place)
                first = first or whole
        if places:
            yield self._observed(
                rules.SUSPECTED,
                "A model that was trained to tell orders from material takes these rows for orders, and errs on some; "
                f"{self._rate(len(places), self._understood)} of the rows that it read.",
                first, sorted(places), len(places), self._understood,
            )  # fmt: skip

    def _fits(self) -> bool:
        return sum(len(whole) for _, whole in self._kept) <= self._effort.read

    def _shuffled(self) -> list[tuple[Record, str]]:
        kept = list(self._kept)
        random.Random(self.seed).shuffle(kept)  # noqa: S311 - can be repeated
        return kept

    def _triggers(self) -> Iterator[Observation]:
        unique: dict[tuple[str, str], Place] = {}
        for record, _ in self._kept:
            if record.label and record.text:
                unique.setdefault((record.text, record.label), record.place)
        rows = self._some(list(unique), self._effort.tested)
        kept = [rows[at] for at in within([size_of(text) for text, _ in rows], MOST_TOKENS, self.seed)]
        self._tested = len(kept)
        self._labelled = len(unique)
        self.searched = search([text for text, _ in kept], [label for _, label in kept], self.seed, self._end)
        for trigger in self.searched.triggers:
            places = [unique[kept[row]] for row in trigger.rows]
            yield self._observed(rules.TRIGGER, _told(trigger), trigger.name, places, len(places), len(kept))

    def _near(self) -> Iterator[Observation]:
        some = self._some([record for record, _ in self._kept if record.text], self._effort.compared)
        rows = [some[at] for at in within([len(record.text) for record in some], MOST_COMPARED, self.seed)]
        self._compared = len(rows)
        sets = []
        for record in rows:
            if time.monotonic() > self._end:
                break
            sets.append(shingles(record.text))
        self._compared = len(sets)
        near: dict[Rule, dict[Place, str]] = {}
        for one, other in near_pairs(sets, self.seed):
            before, after = rows[one], rows[other]
            if before.text.strip() == after.text.strip():
                continue
            pair = f"{self._named(before.place)} and {self._named(after.place)}"
            if time.monotonic() > self._end:
                self._compared = other
                break
            holds = [rules.NEAR_DUPLICATE]
            if before.label != after.label and before.label and after.label:
                holds.append(rules.NEAR_CONFLICT)
            if before.split and after.split and (before.split == "train") != (after.split == "train"):
                holds.append(rules.NEAR_LEAKAGE)
            for rule in holds:
                found = near.setdefault(rule, {})
                found.setdefault(after.place, "" if found else pair)
        for rule, found in near.items():
            rate = self._rate(len(found), len(rows))
            yield self._observed(
                rule,
                f"At least four fifths of their runs of three words are the same; {rate} of the rows compared.",
                next(iter(found.values())), list(found), len(found), len(rows),
            )  # fmt: skip

    def _left_out(self) -> Iterator[Observation]:
        seen = self.seen
        with_text = sum(1 for record, _ in self._kept if record.text)
        whole = seen.sample.whole
        parts = [
            f"{done:,} of {of:,} rows, by chance, were {what}"
            for done, of, what in (
                (self._read, seen.rows, "read for orders"),
                (self._understood, seen.rows if self._reader else 0, "read by the trained model"),
                (self._compared, with_text if whole else seen.rows, "compared for near duplicates"),
                (self._tested, self._labelled if whole else sum(seen.labels.values()), "tested for triggers"),
            )
            if done < of
        ]
        if self.searched.unasked:
            parts.append(f"time was over before {self.searched.unasked:,} features bound to one label were asked about")
        if seen.untracked:
            parts.append(f"repetition was looked for among the first {MOST_TRACKED:,} different texts")
        if seen.unlabelled:
            parts.append(f"{seen.unlabelled:,} rows have labels past the first {MOST_KINDS:,}, which were not compared")
        if seen.cut:
            parts.append(f"{seen.cut}, and what comes after was not read")
        if parts:
            text = f"{'; '.join(parts)}."
            yield self._observed(rules.SAMPLED, text[0].upper() + text[1:], f"seed {self.seed}", [], 0, seen.rows)

    def _some(self, rows: list[T], most: int) -> list[T]:
        """``most`` of them by chance, in their order."""
        if len(rows) <= most:
            return rows
        chosen = random.Random(self.seed).sample(range(len(rows)), most)  # noqa: S311 - can be repeated
        return [rows[at] for at in sorted(chosen)]

    # -- places

    def _named(self, place: Place) -> str:
        file, number = place
        return f"{self._files[file]}:{number}" if len(self._files) > 1 else str(number)

    def _observed(
        self, rule: Rule, explanation: str, evidence: str, places: Sequence[Place], count: int, of: int
    ) -> Observation:
        self.flagged[rule.id] = (*self.flagged.get(rule.id, ()), *places)
        return Observation(
            rule=rule,
            explanation=explanation,
            evidence=printable(evidence, 160),
            rows=tuple(self._named(place) for place in places[:MOST_SHOWN]),
            count=count,
            of=of,
        )


def within(sizes: Sequence[int], most: int, seed: int) -> list[int]:
    """Positions, ascending, of what together weighs ``most`` at most: all of them, or some by chance."""
    if sum(sizes) <= most:
        return list(range(len(sizes)))
    order = list(range(len(sizes)))
    random.Random(seed).shuffle(order)  # noqa: S311 - can be repeated
    kept, left = [], most
    for at in order:
        left -= sizes[at]
        if left < 0:
            break
        kept.append(at)
    return sorted(kept)


def _told(trigger: Trigger) -> str:
    return (
        f"{trigger.bound} of the rows with it are labelled {printable(trigger.label, 40)!r}, while the rest of "
        f"{trigger.astray} of them speaks for another label; elsewhere under this label at most "
        f"{trigger.elsewhere:.1%} do. A model would learn the label from it alone (q = {trigger.q:.1g})."
    )

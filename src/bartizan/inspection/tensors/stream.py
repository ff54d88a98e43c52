"""One principal's queries to one model: what is remembered, and when they give themselves away.

Two questions. Is a query close to several earlier ones, as in a search for an adversarial example (S. Chen et al.,
2019; H. Li et al., "Blacklight", 2022)? And is the stream as a whole unlike benign ones, as when a model is copied: too
many queries far from benign ones, too many near each other or a small step from an earlier one, other classes than
benign clients get, or distances that do not look natural (PRADA, M. Juuti et al., 2019)? The second is asked at 64,
128, 256 ... queries; the allowed share of false alarms is divided among tests and times, so that it holds however long
a stream grows.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from statistics import NormalDist

import msgspec
import numpy as np

from bartizan.core.errors import KeeperError
from bartizan.core.query_watch import Level, Watched, WatchRules
from bartizan.core.stats.tails import beta_binomial_tail, chi_square_tail
from bartizan.inspection.tensors.neighbours import distances, nearest
from bartizan.inspection.tensors.normality import crookedness
from bartizan.inspection.tensors.queries import unpack
from bartizan.inspection.tensors.steps import REMEMBERED, Values, largest

FIRST_LOOK = 64
RECENT, PERSISTENT = 64, 3
"""Queries of late, and how many of them are close to earlier ones before one is called similar."""
MOST_WINDOW = 1_024
MOST_CLASSES = 1_024
MOST_DISTANCES = 512
"""Distances whose law is looked at."""
LAST_LOOK = 2**20
"""Queries after which a stream begins anew: its counts, not what it did."""
_TESTS = 5


class Held(msgspec.Struct, frozen=True, array_like=True):
    """All that a stream remembers. Arrays are little-endian bytes of the places that are taken."""

    width: int
    size: int
    """Places."""
    seen: int
    number: int
    far: int
    near: int
    labelled: int
    sketches: bytes
    digests: bytes
    classes: bytes
    numbers: bytes
    recent: tuple[bool, ...]
    by_class: dict[int, int]
    apart: tuple[float, ...]
    extraction: str
    steps: int = 0
    marked: int = 0
    """Queries with marks so far."""
    marks: bytes = b""


class Stream:
    """The state of one stream, about 0.15 MB at most.

    Args:
        width: numbers per query.
        window: earlier queries that are remembered.
    """

    def __init__(self, width: int, window: int) -> None:
        size = min(max(window, 1), MOST_WINDOW)
        self._sketches = np.zeros((size, width), np.float32)
        self._digests = np.zeros(size, np.uint64)
        self._classes = np.full(size, -1, np.int64)
        self._numbers = np.full(size, -1, np.int64)
        self._seen = 0
        """Queries so far; repetitions of remembered ones are not counted."""
        self._number = 0
        self._recent: deque[bool] = deque(maxlen=RECENT)
        self._far = self._near = self._labelled = 0
        self._by_class: Counter[int] = Counter()
        self._apart: list[float] = []
        self._marks: Values | None = None
        """Made when the first marks come, which say how many there are."""
        self._marked = self._steps = 0
        self.extraction = ""

    @property
    def width(self) -> int:
        """Numbers per query."""
        return self._sketches.shape[1]

    def observe(self, rules: WatchRules, queries: bytes) -> Watched:
        """See :class:`bartizan.core.query_watch.QueryWatch`. Raises KeeperError for what are no queries."""
        asked = unpack(queries)
        self._expect(asked.marks.shape[1])
        first, similar = self._number, 0
        for sketch, digest, far, marks in zip(*asked, strict=True):
            self._number += 1
            held = min(self._seen, len(self._sketches))
            if held and (self._digests[:held] == digest).any():
                continue  # the very same again tells nobody anything new
            apart = distances(sketch, self._sketches[:held])
            similar += persists(self._recent, nearest(apart, rules.neighbour) <= rules.radius)
            self._near += bool(apart.size and float(apart.min()) < rules.near.value)
            self._far += bool(far > rules.far.value)
            self._steps += self._step(rules, marks)
            place = self._seen % len(self._sketches)
            self._sketches[place], self._digests[place] = sketch, digest
            self._classes[place], self._numbers[place] = -1, self._number - 1
            self._seen += 1
            if _looks(self._seen):
                self._look(rules)
        return Watched(similar, self.extraction, first)

    def tell_classes(self, rules: WatchRules, first: int, classes: bytes) -> None:
        """See :class:`bartizan.core.query_watch.QueryWatch`."""
        for offset, label in enumerate(np.frombuffer(classes[: len(classes) // 8 * 8], "<i8").tolist()):
            (places,) = np.nonzero(self._numbers == first + offset)
            if not places.size or self._classes[places[0]] != -1:
                continue  # forgotten meanwhile, a repetition, or told before
            kin = self._classes == max(label, 0)
            if kin.any():
                apart = distances(self._sketches[places[0]], self._sketches[kin])
                self._apart.append(float(apart.min()))
                del self._apart[:-MOST_DISTANCES]
            self._classes[places[0]] = max(label, 0)
            if len(self._by_class) < MOST_CLASSES or label in self._by_class:
                self._by_class[label] += 1
            self._labelled += 1
            if _looks(self._labelled):
                self._look_at_classes(rules)

    def held(self) -> Held:
        """Everything, to be kept elsewhere."""
        filled = slice(0, min(self._seen, len(self._sketches)))
        return Held(
            self.width, len(self._sketches), self._seen, self._number, self._far, self._near, self._labelled,
            self._sketches[filled].astype("<f4").tobytes(), self._digests[filled].astype("<u8").tobytes(),
            self._classes[filled].astype("<i8").tobytes(), self._numbers[filled].astype("<i8").tobytes(),
            tuple(self._recent), dict(self._by_class), tuple(self._apart), self.extraction, self._steps, self._marked,
            b"" if self._marks is None else self._marks[: self._marked].tobytes(),
        )  # fmt: skip

    @classmethod
    def of(cls, held: Held) -> Stream:
        """The stream that :meth:`held` gave."""
        made = cls(held.width, held.size)
        filled = slice(0, min(held.seen, held.size))
        made._sketches[filled] = np.frombuffer(held.sketches, "<f4").reshape(-1, held.width)
        made._digests[filled] = np.frombuffer(held.digests, "<u8")
        made._classes[filled] = np.frombuffer(held.classes, "<i8")
        made._numbers[filled] = np.frombuffer(held.numbers, "<i8")
        made._seen, made._number, made._labelled = held.seen, held.number, held.labelled
        made._far, made._near, made.extraction = held.far, held.near, held.extraction
        made._recent.extend(held.recent)
        made._by_class.update(held.by_class)
        made._apart = list(held.apart)
        made._steps, made._marked = held.steps, held.marked
        if held.marked:
            marks = np.frombuffer(held.marks, np.uint8).reshape(min(held.marked, REMEMBERED), -1)
            made._expect(marks.shape[1])
            assert made._marks is not None
            made._marks[: len(marks)] = marks
        return made

    def _expect(self, marks: int) -> None:
        """Room for so many a query. Raises KeeperError where earlier ones had others."""
        if self._marks is None and marks:
            self._marks = np.zeros((REMEMBERED, marks), np.uint8)
        if marks != (0 if self._marks is None else self._marks.shape[1]):
            raise KeeperError("queries are not what they announce")

    def _step(self, rules: WatchRules, marks: Values) -> bool:
        """Whether it is a small step from an earlier query; remembered from here on."""
        if self._marks is None:
            return False
        held = min(self._marked, REMEMBERED)
        apart = int(largest(marks, self._marks[:held]).min()) if held and rules.steps is not None else 255
        self._marks[self._marked % REMEMBERED] = marks
        self._marked += 1
        return rules.steps is not None and apart < rules.steps.value

    def _look(self, rules: WatchRules) -> None:
        allowed = allowance(rules.rate, self._seen)
        if exceeds(self._far, self._seen, rules.far) < allowed:
            self._raise("far")
        if exceeds(self._near, self._seen, rules.near) < allowed:
            self._raise("near")
        if rules.steps is not None and exceeds(self._steps, self._seen, rules.steps) < allowed:
            self._raise("steps")
        if self._seen >= LAST_LOOK:
            self._seen = self._far = self._near = self._steps = self._labelled = 0
            self._by_class.clear()

    def _look_at_classes(self, rules: WatchRules) -> None:
        allowed = allowance(rules.rate, self._labelled)
        if rules.classes and imbalance(self._by_class, rules.classes, rules.class_spread) < allowed:
            self._raise("classes")
        if unnatural(self._apart, rules) < allowed:
            self._raise("shape")

    def _raise(self, test: str) -> None:
        self.extraction = self.extraction or test


def persists(recent: deque[bool], close: bool) -> bool:
    """True if a query is close to earlier ones and so were two others of late: benign inputs of a common kind are close
    now and then, those of a search all the time. ``recent`` takes note."""
    recent.append(close)
    return close and sum(recent) >= PERSISTENT


def _looks(count: int) -> bool:
    """True at 64, 128, 256 ..."""
    return count >= FIRST_LOOK and count & (count - 1) == 0


def allowance(rate: float, count: int) -> float:
    """The share of false alarms of one test at one look; over all tests and looks they add up to ``rate`` at most."""
    look = int(math.log2(max(1, count // FIRST_LOOK))) + 1
    return rate / _TESTS * 6 / (math.pi * look) ** 2


def exceeds(count: int, n: int, level: Level) -> float:
    """Probability that so many of ``n`` benign queries, or more, lie beyond a level.

    Exact where the level is a rank among benign values and clients do not differ; see
    :func:`bartizan.core.stats.tails.beta_binomial_tail`.
    """
    return beta_binomial_tail(count, n, level.share * level.of, (1 - level.share) * level.of)


def imbalance(found: Counter[int], benign: tuple[int, ...], spread: float = 0.0) -> float:
    """Probability that classes of benign queries differ so much from those of other benign ones: Pearson's test of two
    samples, divided by the design effect. Classes with fewer than five expected are put together."""
    size = sum(found.values())
    pairs = [(found.get(label, 0), count) for label, count in enumerate(benign)]
    pairs.append((size - sum(have for have, _ in pairs), 0))
    total = size + sum(benign)
    rare = [pair for pair in pairs if sum(pair) * size < 5 * total]
    kept = [pair for pair in pairs if sum(pair) * size >= 5 * total]
    if rare and (lumped := (sum(one for one, _ in rare), sum(other for _, other in rare))) != (0, 0):
        kept.append(lumped)
    if len(kept) < 2 or not size:
        return 1.0
    share = size / total
    statistic = sum(
        (have - sum((have, want)) * share) ** 2 / (sum((have, want)) * share)
        + (want - sum((have, want)) * (1 - share)) ** 2 / (sum((have, want)) * (1 - share))
        for have, want in kept
    )
    return chi_square_tail(statistic / (1 + (size - 1) * spread), len(kept) - 1)


def unnatural(apart: list[float], rules: WatchRules) -> float:
    """Probability that distances between benign queries of a class are so far from normal."""
    shape = max((one for one in rules.shapes if one.size <= len(apart)), key=lambda one: one.size, default=None)
    if shape is None:
        return 1.0
    crooked = crookedness(np.array(apart[-shape.size :]))
    if math.isinf(crooked):
        return 1.0
    return 1 - NormalDist(shape.mean, max(shape.deviation, 1e-6)).cdf(crooked)

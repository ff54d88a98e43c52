"""Makes a profile from benign rows: one part teaches, one sets thresholds, one is only counted on.

A threshold is the value of one rank among the second part, so that a further benign row lies beyond it with at most the
stated probability, whatever the law of the rows (split conformal prediction: V. Vovk et al., 2005).
"""

from __future__ import annotations

import hashlib
import math
from collections import deque
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from bartizan.core.errors import BartizanError
from bartizan.core.query_watch import Level, Shape, WatchRules
from bartizan.inspection.tensors.clients import (
    FEWEST,
    Split,
    correlation,
    runs,
    split_by_client,
    spread_out,
    usual_window,
)
from bartizan.inspection.tensors.density import Density, fit
from bartizan.inspection.tensors.features import features_of, project
from bartizan.inspection.tensors.neighbours import distances, nearest
from bartizan.inspection.tensors.normality import crookedness
from bartizan.inspection.tensors.profile import Measured, Profile, encoded
from bartizan.inspection.tensors.queries import pack
from bartizan.inspection.tensors.step_level import level_of, nearest_steps
from bartizan.inspection.tensors.steps import Values, choose
from bartizan.inspection.tensors.stream import FIRST_LOOK, MOST_CLASSES, MOST_DISTANCES, RECENT, Stream, persists

NEIGHBOUR = 5
WINDOW = 512
BEYOND = 0.1
"""Share of benign rows that counts as far, and as near, in the tests of whole streams."""
_BATCH = 16
STREAMS = 200
"""Benign streams, drawn anew, from which the law of distances is learned and on which false alarms are counted."""


class TooFewError(BartizanError):
    """There are not enough rows for the stated rate."""


class Rows(NamedTuple):
    """Benign rows, the classes that the model gave them, and their clients (None: not told)."""

    values: npt.NDArray[Any]
    classes: npt.NDArray[np.int64] | None
    clients: npt.NDArray[np.int64] | None = None
    """Who sent each row."""


def needed(rate: float) -> int:
    """Rows that a profile needs for a stated rate: a quarter of them must resolve it."""
    return 4 * max(math.ceil(1 / rate), 2 * FIRST_LOOK)


def calibrate(
    rows: Rows, name: str, rate: float, streams: float, seed: int, data: str, made: str, resamples: int = STREAMS
) -> Profile:
    """A profile.

    Args:
        rows: in the order in which they came, if ``seed`` is negative.
        name: of the input.
        rate: share of benign rows that each guard of single queries may flag.
        streams: share of benign streams that may be taken for extraction.
        seed: of the split.
        data: digest of the file, for the record.
        made: ISO 8601, for the record.
        resamples: benign streams that are drawn from the rows, for the law of distances and for false alarms.

    Raises:
        TooFewError: there are fewer rows than :func:`needed`, or all are the same.
    """
    count = len(rows.values)
    if count < needed(rate):
        raise TooFewError(f"{count} rows are too few for a rate of {rate:g}", f"at least {needed(rate)} are needed")
    split = _split(rows, seed)
    features = features_of(rows.values[split.order], count)
    classes = None if rows.classes is None else np.minimum(rows.classes[split.order], MOST_CLASSES)
    half, rest = split.half, split.rest
    owners = _owners(rows, split)
    if rest - half < math.ceil(1 / rate):
        raise TooFewError(f"{rest - half} rows are left to set thresholds, too few for a rate of {rate:g}")
    try:
        density = fit(features[:half])
    except ValueError as error:
        raise TooFewError(f"nothing can be learned from these rows: {error}") from None
    standard = density.standard(features)
    values = rows.values[split.order]
    marks = choose(values[:half], half, seed)
    part = _Part(
        project(standard),
        density.distance(standard),
        classes,
        owners,
        marks.of(values, count),
        digests_of(values, count),
    )
    inner, last = part.cut(half, rest), part.cut(rest, count)
    threshold = _level(inner.unlike, rate, above=True).value
    window = WINDOW if owners is None else usual_window(owners[half:rest], WINDOW)
    kth, first = _apart(part, half, rest, window)
    full = _full(part, half, rest, window)
    if full.sum() < math.ceil(1 / rate):
        raise TooFewError(f"{int(full.sum())} rows have a full window before them, too few for a rate of {rate:g}")
    watch = WatchRules(
        radius=_level(kth[full], rate, above=False).value,
        neighbour=NEIGHBOUR,
        window=window,
        far=_level(inner.unlike, BEYOND, above=True),
        near=_level(first[full], BEYOND, above=False),
        classes=() if classes is None else tuple(np.bincount(np.maximum(classes[:rest], 0)).tolist()),
        shapes=_shapes(part.cut(0, rest), abs(seed), resamples),
        rate=streams,
        steps=_steps(part, half, rest, window, full, seed),
    )
    if rows.clients is not None:
        watch = _with_clients(watch, inner, inner.take(np.nonzero(full)[0]), first[full], seed)
    alarms, tried = _alarms(watch, last, abs(seed), resamples)
    recent: deque[bool] = deque(maxlen=RECENT)
    similar = sum(persists(recent, bool(far <= watch.radius)) for far in _apart(part, rest, count, window)[0])
    measured = (
        Measured("distribution", int((last.unlike > threshold).sum()), count - rest),
        Measured("similarity", similar, count - rest),
        Measured("extraction", alarms, tried),
    )
    return Profile(
        input=name, width=int(rows.values[0].size), made=made, data=data, rows=count, seed=seed,
        clients=0 if rows.clients is None else len(np.unique(rows.clients)),
        threshold=threshold, rate=rate, watch=watch, measured=measured, **encoded(density),
        marked=tuple(zip(*(column.tolist() for column in marks), strict=True)),
    )  # fmt: skip


class _Part(NamedTuple):
    """Some of the rows, measured."""

    sketches: npt.NDArray[np.float32]
    unlike: npt.NDArray[np.float64]
    classes: npt.NDArray[np.int64] | None
    owners: npt.NDArray[np.int64] | None
    """Clients, where they are told; rows of one stand together."""
    marks: Values
    digests: npt.NDArray[np.uint64]

    def cut(self, begin: int, end: int) -> _Part:
        """The rows from ``begin`` to before ``end``."""
        return self.take(np.arange(begin, end))

    def take(self, places: npt.NDArray[np.int64]) -> _Part:
        """These rows, in this order."""
        classes = None if self.classes is None else self.classes[places]
        owners = None if self.owners is None else self.owners[places]
        return _Part(
            self.sketches[places], self.unlike[places], classes, owners, self.marks[places], self.digests[places]
        )


def _split(rows: Rows, seed: int) -> Split:
    count = len(rows.values)
    if rows.clients is not None:
        return split_by_client(rows.clients, seed)
    order = np.arange(count) if seed < 0 else np.random.default_rng(seed).permutation(count)
    return Split(order, count // 2, count // 2 + count // 4)


def _owners(rows: Rows, split: Split) -> npt.NDArray[np.int64] | None:
    """Raises TooFewError where a part has too few clients."""
    if rows.clients is None:
        return None
    owners = rows.clients[split.order]
    fewest = min(len(np.unique(owners[split.half : split.rest])), len(np.unique(owners[split.rest :])))
    if fewest < FEWEST:
        raise TooFewError(
            f"a part of the rows has {fewest} clients, too few to see how they differ",
            f"about {4 * FEWEST} clients are needed, or leave them out",
        )
    return owners


def _with_clients(
    watch: WatchRules, inner: _Part, full: _Part, first: npt.NDArray[np.float64], seed: int
) -> WatchRules:
    """What clients differ in weighs less; the law of distances, learned from everybody's rows, is not asked."""
    assert inner.owners is not None
    assert full.owners is not None
    clients = runs(inner.owners)
    spread = 0.0
    if inner.classes is not None and watch.classes:
        counts = [np.bincount(inner.classes[one], minlength=len(watch.classes)) for one in clients]
        spread = correlation(np.array(counts, np.float64), seed)
    return msgspec.structs.replace(
        watch,
        far=spread_out(watch.far, inner.unlike > watch.far.value, clients, seed),
        near=spread_out(watch.near, first < watch.near.value, runs(full.owners), seed),
        shapes=(),
        class_spread=spread,
    )


def digests_of(values: npt.NDArray[Any], rows: int) -> npt.NDArray[np.uint64]:
    """A digest of each row's exact numbers, shape (rows,)."""
    flat = np.ascontiguousarray(values.reshape(rows, -1))
    return np.array([int.from_bytes(hashlib.sha256(row.tobytes()).digest()[:8], "little") for row in flat], np.uint64)


def _level(values: npt.NDArray[np.float64], rate: float, *, above: bool) -> Level:
    """The threshold that a further value passes with at most ``rate``; none pass where too few resolve it."""
    ranked = np.sort(values)
    beyond = math.floor(rate * (len(ranked) + 1))
    if beyond < 1:
        return Level(float("inf") if above else -1.0, 1 / (len(ranked) + 1), len(ranked) + 1)
    rank = len(ranked) + 1 - beyond if above else beyond
    return Level(float(ranked[rank - 1]), beyond / (len(ranked) + 1), len(ranked) + 1)


def _full(part: _Part, begin: int, end: int, window: int) -> npt.NDArray[np.bool_]:
    """Which rows have a whole window of earlier ones: in a stream that goes on, sooner or later all."""
    places = np.arange(begin, end)
    if part.owners is None:
        return places >= min(window, begin)
    starts = np.concatenate([np.full(one.stop - one.start, one.start) for one in runs(part.owners)])
    whole: npt.NDArray[np.bool_] = places - starts[begin:end] >= window
    return whole


def _apart(part: _Part, begin: int, end: int, window: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Distance of each row from ``begin`` to its fifth nearest and to its nearest in the window before it, which is its
    client's own where clients are told."""
    found = np.empty((end - begin, 2))
    for place in range(begin, end):
        earlier = slice(max(0, place - window), place)
        apart = distances(part.sketches[place], part.sketches[earlier])
        if part.owners is not None:
            apart = apart[part.owners[earlier] == part.owners[place]]
        apart = apart[apart > 0]
        found[place - begin] = nearest(apart, NEIGHBOUR), nearest(apart, 1)
    return found[:, 0], found[:, 1]


def _steps(part: _Part, begin: int, end: int, window: int, full: npt.NDArray[np.bool_], seed: int) -> Level | None:
    found = nearest_steps(part.marks, part.digests, part.owners, begin, end, window)
    owners = None if part.owners is None else part.owners[begin:end][full]
    return level_of(found[full], owners, window, abs(seed))


def _shapes(part: _Part, seed: int, resamples: int) -> tuple[Shape, ...]:
    """The law of :func:`crookedness` in benign streams of several sizes, drawn from the rows."""
    chance = np.random.default_rng(seed + 1)
    found: list[Shape] = []
    size, count = FIRST_LOOK, len(part.sketches)
    while size <= MOST_DISTANCES and 4 * size <= count and part.owners is None:
        values = [crookedness(_stream_distances(part, chance.permutation(count), size)) for _ in range(resamples)]
        finite = [value for value in values if math.isfinite(value)]
        if len(finite) >= resamples // 2:
            found.append(Shape(size, float(np.mean(finite)), float(np.std(finite))))
        size *= 2
    return tuple(found)


def _stream_distances(part: _Part, order: npt.NDArray[np.int64], size: int) -> npt.NDArray[np.float64]:
    """Distances to the nearest earlier row of the same class, the first ``size`` of a stream in this order."""
    some = part.take(order[: size + WINDOW])
    rows = some.sketches.astype(np.float64)
    squares = (rows**2).sum(axis=1)
    apart = squares[:, None] + squares[None, :] - 2 * rows @ rows.T
    place = np.arange(len(rows))
    earlier = (place[None, :] < place[:, None]) & (place[None, :] >= place[:, None] - WINDOW)
    if some.classes is not None:
        earlier &= some.classes[None, :] == some.classes[:, None]
    nearest_ones = np.where(earlier, apart, np.inf).min(axis=1)
    found: npt.NDArray[np.float64] = np.sqrt(np.maximum(nearest_ones[np.isfinite(nearest_ones)][:size], 0))
    return found


def _alarms(watch: WatchRules, last: _Part, seed: int, resamples: int) -> tuple[int, int]:
    """How many streams of benign rows that taught nothing are taken for extraction, and of how many: each client's own,
    or as many as are drawn from the rows."""
    if last.owners is not None:
        streams = [np.arange(one.start, one.stop) for one in runs(last.owners)]
    else:
        chance, size = np.random.default_rng(seed + 2), min(len(last.sketches), 1_024)
        streams = [chance.permutation(len(last.sketches))[:size] for _ in range(resamples)]
    return sum(_taken(watch, last.take(order)) for order in streams), len(streams)


def _taken(watch: WatchRules, some: _Part) -> bool:
    stream = Stream(some.sketches.shape[1], watch.window)
    for begin in range(0, len(some.sketches), _BATCH):
        here = slice(begin, begin + _BATCH)
        stream.observe(watch, pack(some.sketches[here], some.digests[here], some.unlike[here], some.marks[here]))
        labels = np.zeros(len(some.sketches[here]), np.int64) if some.classes is None else some.classes[here]
        stream.tell_classes(watch, begin, labels.astype("<i8").tobytes())
    return bool(stream.extraction)


__all__ = ["Density", "Rows", "TooFewError", "calibrate", "digests_of", "needed"]

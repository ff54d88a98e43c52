"""Makes a profile from benign rows: one part teaches, one sets thresholds, one is only counted on.

A threshold is the value of one rank among the second part, so that a further benign row lies beyond it with at most the
stated probability, whatever the law of the rows (split conformal prediction: V. Vovk et al., 2005).
"""

from __future__ import annotations

import hashlib
import math
from collections import deque
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bartizan.core.errors import BartizanError
from bartizan.core.query_watch import Level, Shape, WatchRules
from bartizan.inspection.tensors.density import Density, fit
from bartizan.inspection.tensors.features import features_of, project
from bartizan.inspection.tensors.neighbours import distances, nearest
from bartizan.inspection.tensors.normality import crookedness
from bartizan.inspection.tensors.profile import Measured, Profile, encoded
from bartizan.inspection.tensors.queries import pack
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
    """Benign rows, and the classes that the model gave them (None: not told)."""

    values: npt.NDArray[Any]
    classes: npt.NDArray[np.int64] | None


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
    order = np.arange(count) if seed < 0 else np.random.default_rng(seed).permutation(count)
    features = features_of(rows.values[order], count)
    classes = None if rows.classes is None else np.minimum(rows.classes[order], MOST_CLASSES)
    half, rest = count // 2, count // 2 + count // 4
    try:
        density = fit(features[:half])
    except ValueError as error:
        raise TooFewError(f"nothing can be learned from these rows: {error}") from None
    standard = density.standard(features)
    sketches, unlike = project(standard), density.distance(standard)
    # Earlier rows of a window may come from the part before; what is judged may not.
    apart = [_apart(sketches, place) for place in range(half, count)]
    inner, last = slice(half, rest), slice(rest, count)
    threshold = _level(unlike[inner], rate, above=True).value
    watch = WatchRules(
        radius=_level(np.array([kth for kth, _ in apart[: rest - half]]), rate, above=False).value,
        neighbour=NEIGHBOUR,
        window=WINDOW,
        far=_level(unlike[inner], BEYOND, above=True),
        near=_level(np.array([first for _, first in apart[: rest - half]]), BEYOND, above=False),
        classes=() if classes is None else tuple(np.bincount(np.maximum(classes[:rest], 0)).tolist()),
        shapes=_shapes(sketches[:rest], None if classes is None else classes[:rest], abs(seed), resamples),
        rate=streams,
    )
    alarms = _alarms(
        watch, sketches[last], unlike[last], None if classes is None else classes[last], abs(seed), resamples
    )
    recent: deque[bool] = deque(maxlen=RECENT)
    similar = sum(persists(recent, kth <= watch.radius) for kth, _ in apart[rest - half :])
    measured = (
        Measured("distribution", int((unlike[last] > threshold).sum()), count - rest),
        Measured("similarity", similar, count - rest),
        Measured("extraction", alarms, resamples),
    )
    return Profile(
        input=name, width=int(rows.values[0].size), made=made, data=data, rows=count, seed=seed,
        threshold=threshold, rate=rate, watch=watch, measured=measured, **encoded(density),
    )  # fmt: skip


def digests_of(values: npt.NDArray[Any], rows: int) -> npt.NDArray[np.uint64]:
    """A digest of each row's exact numbers, shape (rows,)."""
    flat = np.ascontiguousarray(values.reshape(rows, -1))
    return np.array([int.from_bytes(hashlib.sha256(row.tobytes()).digest()[:8], "little") for row in flat], np.uint64)


def _level(values: npt.NDArray[np.float64], rate: float, *, above: bool) -> Level:
    """The threshold that a further value passes with at most ``rate``; none pass where too few resolve it."""
    ranked = np.sort(values)
    beyond = math.floor(rate * (len(ranked) + 1))
    if beyond < 1:
        return Level(float("inf") if above else -1.0, len(ranked) if above else 0, len(ranked))
    rank = len(ranked) + 1 - beyond if above else beyond
    return Level(float(ranked[rank - 1]), rank, len(ranked))


def _apart(sketches: npt.NDArray[np.float32], place: int) -> tuple[float, float]:
    """Distance of a row to its fifth nearest and to its nearest among the rows of the window before it."""
    apart = distances(sketches[place], sketches[max(0, place - WINDOW) : place])
    apart = apart[apart > 0]
    return nearest(apart, NEIGHBOUR), nearest(apart, 1)


def _shapes(
    sketches: npt.NDArray[np.float32], classes: npt.NDArray[np.int64] | None, seed: int, resamples: int
) -> tuple[Shape, ...]:
    """The law of :func:`crookedness` in benign streams of several sizes, drawn from the rows."""
    chance = np.random.default_rng(seed + 1)
    found: list[Shape] = []
    size = FIRST_LOOK
    while size <= MOST_DISTANCES and 4 * size <= len(sketches):
        values = [
            crookedness(_stream_distances(sketches, classes, chance.permutation(len(sketches)), size))
            for _ in range(resamples)
        ]
        finite = [value for value in values if math.isfinite(value)]
        if len(finite) >= resamples // 2:
            found.append(Shape(size, float(np.mean(finite)), float(np.std(finite))))
        size *= 2
    return tuple(found)


def _stream_distances(
    sketches: npt.NDArray[np.float32], classes: npt.NDArray[np.int64] | None, order: npt.NDArray[np.int64], size: int
) -> npt.NDArray[np.float64]:
    """Distances to the nearest earlier row of the same class, the first ``size`` of a stream in this order."""
    order = order[: size + WINDOW]
    rows = sketches[order].astype(np.float64)
    squares = (rows**2).sum(axis=1)
    apart = squares[:, None] + squares[None, :] - 2 * rows @ rows.T
    place = np.arange(len(order))
    earlier = (place[None, :] < place[:, None]) & (place[None, :] >= place[:, None] - WINDOW)
    if classes is not None:
        earlier &= classes[order][None, :] == classes[order][:, None]
    nearest_ones = np.where(earlier, apart, np.inf).min(axis=1)
    found: npt.NDArray[np.float64] = np.sqrt(np.maximum(nearest_ones[np.isfinite(nearest_ones)][:size], 0))
    return found


def _alarms(
    watch: WatchRules,
    sketches: npt.NDArray[np.float32],
    unlike: npt.NDArray[np.float64],
    classes: npt.NDArray[np.int64] | None,
    seed: int,
    resamples: int,
) -> int:
    """How many streams, drawn from benign rows that taught nothing, are taken for extraction."""
    chance = np.random.default_rng(seed + 2)
    size = min(len(sketches), 1_024)
    alarms = 0
    for _ in range(resamples):
        order = chance.permutation(len(sketches))[:size]
        stream = Stream(sketches.shape[1], WINDOW)
        for begin in range(0, size, _BATCH):
            some = order[begin : begin + _BATCH]
            stream.observe(watch, pack(sketches[some], some.astype(np.uint64), unlike[some]))
            labels = np.zeros(len(some), np.int64) if classes is None else classes[some]
            stream.tell_classes(watch, begin, labels.astype("<i8").tobytes())
        alarms += bool(stream.extraction)
    return alarms


__all__ = ["Density", "Rows", "TooFewError", "calibrate", "digests_of", "needed"]

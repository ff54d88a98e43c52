"""Streams of queries with which detectors are measured: clients, thieves, and thieves hidden among clients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bartizan.inspection.tensors.density import Density
from bartizan.inspection.tensors.steps import Marks
from bartizan.robustness.extraction import queries
from bartizan.robustness.extraction.queries import Pool
from bartizan.robustness.extraction.surrogate import as_labels
from bartizan.robustness.interface import Floats, ModelUnderTest, Trainer


@dataclass(frozen=True, slots=True)
class Source:
    """What streams are drawn from."""

    model: ModelUnderTest
    """The victim, which thieves ask as they go."""
    pool: Pool
    """Rows of the field."""
    trainer: Trainer
    """Of thieves' copies; with gradients."""
    foreign: Floats
    """Rows from elsewhere, of the model's shape."""


Maker = Callable[[Source, int, np.random.Generator], Floats]


def benign(source: Source, count: int, rng: np.random.Generator) -> Floats:
    """A client: classes by a taste of its own (Dirichlet, 2), one query in twenty an exact repetition."""
    labels = source.pool.y
    present = np.unique(labels)
    taste = rng.dirichlet(np.full(len(present), 2.0))
    weights = np.zeros(len(labels))
    for label, liked in zip(present, taste, strict=True):
        weights[labels == label] = liked / (labels == label).sum()
    rows = rng.choice(len(labels), count, p=weights / weights.sum())
    for place in np.flatnonzero(rng.random(count) < 0.05):
        rows[place] = rows[rng.integers(0, place + 1)]
    return source.pool.x[rows]


def noise(source: Source, count: int, rng: np.random.Generator) -> Floats:
    """Uniform in range."""
    return queries.uniform(source.pool, count, rng)


def marginal(source: Source, count: int, rng: np.random.Generator) -> Floats:
    """Each feature from its own distribution."""
    return queries.marginal(source.pool, count, rng)


def foreign(source: Source, count: int, rng: np.random.Generator) -> Floats:
    """Surrogate data: rows of another field in the model's shape."""
    return source.foreign[rng.choice(len(source.foreign), count, replace=count > len(source.foreign))]


def pool(source: Source, count: int, rng: np.random.Generator) -> Floats:
    """The thief's own rows of the field, classes as they come: nothing in them tells a thief."""
    return source.pool.x[rng.choice(len(source.pool.x), count, replace=False)]


def uncertain(source: Source, count: int, rng: np.random.Generator) -> Floats:
    """A fifth of the thief's own rows at random, then those on which a copy decides least."""
    left = rng.permutation(len(source.pool.x))[: max(10 * count, 1_000)]
    asked, left = left[: count // 5], left[count // 5 :]
    while len(asked) < count:
        copy = _copy(source, source.pool.x[asked], rng)
        new = queries.uncertain(copy, source.pool.x, left, min(count // 5, count - len(asked)))
        asked, left = np.concatenate([asked, new]), left[~np.isin(left, new)]
    return source.pool.x[asked]


def jacobian(source: Source, count: int, rng: np.random.Generator, step: float = 0.1) -> Floats:
    """PRADA's case: a tenth of the thief's own rows, the rest augmented along a copy's Jacobian."""
    return _augmented(source, count, rng, lambda: step, lambda rows: rows)


def small_steps(source: Source, count: int, rng: np.random.Generator) -> Floats:
    """Adaptive: the same with a fifth of the step."""
    return jacobian(source, count, rng, 0.02)


def unsteady(source: Source, count: int, rng: np.random.Generator) -> Floats:
    """Adaptive: each round another step, from half to twice the usual one, and noise on every value."""
    return _augmented(
        source, count, rng, lambda: float(rng.uniform(0.05, 0.2)), lambda rows: rows + rng.normal(0, 0.03, rows.shape)
    )


def speckled(source: Source, count: int, rng: np.random.Generator) -> Floats:
    """Adaptive: one value in fifty of each augmented row is drawn anew, so that no step is small everywhere."""

    def made(rows: Floats) -> Floats:
        low, high = source.pool.box()
        return np.where(rng.random(rows.shape) < 0.02, rng.uniform(low, high, rows.shape), rows)

    return _augmented(source, count, rng, lambda: 0.1, made)


def sidestepping(marks: Marks) -> Maker:
    """Adaptive: augmentation by a thief who knows which values of a row the detector compares, and moves one of them by
    half of its range."""

    def made(source: Source, count: int, rng: np.random.Generator) -> Floats:
        def moved(rows: Floats) -> Floats:
            flat = rows.reshape(len(rows), -1).copy()
            which = rng.integers(0, len(marks.places), len(flat))
            at = np.arange(len(flat)), marks.places[which]
            share = (flat[at] - marks.low[which]) / marks.width[which]
            flat[at] = marks.low[which] + (share + 0.5) % 1.0 * marks.width[which]
            return flat.reshape(rows.shape)

        return _augmented(source, count, rng, lambda: 0.1, moved)

    return made


def hidden(density: Density) -> Maker:
    """Adaptive: augmentation by a thief who knows what the detector learned, moves along its components alone, and of
    four times as many rows keeps those that it finds least far."""

    def made(source: Source, count: int, rng: np.random.Generator) -> Floats:
        tried = jacobian(source, 4 * count, rng)
        standard = density.standard(tried.reshape(len(tried), -1).astype(np.float64))
        inside = standard @ density.components.T @ density.components * density.scale + density.mean
        low, high = source.pool.box()
        rows = np.clip(inside.reshape(tried.shape), low, high).astype(tried.dtype)
        far = density.distance(density.standard(rows.reshape(len(rows), -1).astype(np.float64)))
        return rows[np.sort(np.argsort(far, kind="stable")[:count])]

    return made


def mixed(thief: Maker, share: float) -> Maker:
    """The thief's queries, in their order, as this share of a client's stream."""

    def made(source: Source, count: int, rng: np.random.Generator) -> Floats:
        theirs = max(round(share * count), 1)
        places = np.sort(rng.choice(count, theirs, replace=False))
        rows = benign(source, count, rng).copy()
        rows[places] = thief(source, max(theirs, 20), rng)[:theirs]
        return rows

    return made


def _augmented(
    source: Source,
    count: int,
    rng: np.random.Generator,
    step: Callable[[], float],
    change: Callable[[Floats], Floats],
) -> Floats:
    asked = pool(source, max(count // 10, 10), rng)
    low, high = source.pool.box()
    while len(asked) < count:
        copy = _copy(source, asked, rng)
        labels = source.model.predict_label(asked)
        new = queries.jacobian(copy, asked, labels, step(), source.pool, rng, min(len(asked), count - len(asked)))
        asked = np.concatenate([asked, np.clip(change(new), low, high).astype(asked.dtype)])
    return asked


def _copy(source: Source, asked: Floats, rng: np.random.Generator) -> ModelUnderTest:
    labels = as_labels(np.asarray(source.model.predict_proba(asked), np.float64), 1).ravel()
    if len(np.unique(labels)) < 2:
        # One label teaches nothing: the thief guesses another for one row, and asks on.
        labels[0] = (labels[0] + 1) % source.model.classes
    return source.trainer.fit(asked, labels, int(rng.integers(2**31)))

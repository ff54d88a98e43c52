"""Evasion of tables: few columns changed, each within what is possible; exact steps where splits are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bartizan.robustness.evasion.constraints import Change, Space
from bartizan.robustness.interface import Access, Floats, Labels, ModelUnderTest
from bartizan.robustness.losses import margin


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a row may be changed."""

    columns: int = 3
    """Decisions that may differ."""
    share: float = 0.2
    """Of each column's range."""
    beam: int = 5
    """Rows kept at each depth."""


def attack(
    model: ModelUnderTest,
    x: Floats,
    y: Labels,
    space: Space,
    limits: Limits,
    queries: int,
    rng: np.random.Generator,
    splits: Sequence[Floats] | None = None,
) -> Floats:
    """Beam search over changed columns, fewest first, on the margin; random changes where labels are all there is.

    Between two neighbouring splits of a tree ensemble its answer is constant, so with ``splits`` the search of one
    column is exact, and that of more only cut by the beam (after Zhang, Zhang and Hsieh, "An efficient adversarial
    attack for tree ensembles", NeurIPS 2020). Without them each column is tried on a grid.

    Args:
        model: asked for scores, or labels.
        x: ``(n, columns)``, reachable from themselves.
        y: true labels.
        queries: rows asked for each row.
        splits: thresholds of each column.

    Returns:
        ``(n, columns)``: misclassified and within constraints and limits where that was found, otherwise the row.
    """
    found = x.copy()
    for row in range(len(x)):
        search = _Search(model, x[row], int(y[row]), space, limits, queries, rng, splits)
        found[row] = search.by_score() if model.access.allows(Access.SCORES) else search.by_chance()
    return found


class _Search:
    """Of one row."""

    def __init__(
        self,
        model: ModelUnderTest | None,
        origin: Floats,
        y: int,
        space: Space,
        limits: Limits,
        queries: int,
        rng: np.random.Generator,
        splits: Sequence[Floats] | None,
    ) -> None:
        self._model, self._origin, self._y, self._space, self._limits = model, origin, y, space, limits
        self._queries, self._rng = queries, rng
        self._moves = [self._values(index, splits) for index in range(len(origin))]

    def by_score(self) -> Floats:
        """The nearest misclassified row of the smallest depth."""
        beam = self._origin[None]
        for _ in range(self._limits.columns):
            tried = self.candidates(beam, self._queries // self._limits.columns)
            if not len(tried):
                break
            assert self._model is not None
            logits = self._model.logits(tried)
            value = margin(logits, np.full(len(tried), self._y))
            wrong = logits.argmax(axis=1) != self._y  # a tie may go to the wrong class at a margin of zero
            if wrong.any():
                return tried[wrong][self._distance(tried[wrong]).argmin()]
            beam = tried[np.argsort(value, kind="stable")[: self._limits.beam]]
        return self._origin

    def by_chance(self) -> Floats:
        """The nearest misclassified row among random reachable ones."""
        beam = self._origin[None]
        pool = []
        for depth in range(self._limits.columns):
            tried = self.candidates(beam, self._queries // self._limits.columns)
            if not len(tried):
                break
            pool.append(tried)
            beam = tried[self._rng.permutation(len(tried))[: 20 * (depth + 1)]]
        if not pool:
            return self._origin
        rows = np.concatenate(pool)
        assert self._model is not None
        wrong = self._model.predict_label(rows) != self._y
        return rows[wrong][self._distance(rows[wrong]).argmin()] if wrong.any() else self._origin

    def candidates(self, beam: Floats, most: int) -> Floats:
        """Each row of the beam with one more decision changed, mended where a rule broke; at most ``most``."""
        made = []
        for start in beam:
            for index, values in enumerate(self._moves):
                rows = np.repeat(start[None], len(values), 0)
                rows[:, index] = values
                made.append(rows[values != start[index]])
            made += [self._recoded(start, group) for group in self._space.groups]
        rows = np.concatenate(made) if made else np.empty((0, len(self._origin)))
        if len(rows) > most:
            rows = rows[self._rng.permutation(len(rows))[:most]]
        origin = np.broadcast_to(self._origin, rows.shape)
        rows = self._mended(rows)
        fits = self._space.reachable(rows, origin) & (self._space.changed(rows, origin) <= self._limits.columns)
        reach = self._limits.share * (self._space.high - self._space.low)
        near = np.abs(rows - origin) <= reach + 1e-6
        for index in self._coded():
            near[:, index] = True
        return rows[fits & near.all(axis=1)]

    def _coded(self) -> list[int]:
        """Columns whose values have no distance."""
        return [i for i, c in enumerate(self._space.columns) if i in self._space.grouped or c.values]

    def _recoded(self, start: Floats, group: Labels) -> Floats:
        if any(self._space.columns[index].change is Change.NEVER for index in group):
            return np.empty((0, len(start)))
        rows = np.repeat(start[None], len(group), 0)
        rows[:, group] = np.eye(len(group))
        return rows[(rows != start).any(axis=1)]

    def _mended(self, rows: Floats) -> Floats:
        """Broken rules are met again by one other column that may move, where one can."""
        space = self._space
        for number in range(len(space.at_most)):
            weights = space.weights[number]
            over = rows @ weights - space.at_most[number]
            for row in np.flatnonzero(over > 1e-9):
                for index in map(int, np.flatnonzero(weights)):
                    if index in space.grouped or rows[row, index] != self._origin[index]:
                        continue
                    low, high = space.interval(index, self._origin[index], self._limits.share)
                    wanted = rows[row, index] - over[row] / weights[index]
                    if space.columns[index].integer:
                        wanted = np.floor(wanted) if weights[index] > 0 else np.ceil(wanted)
                    if low <= wanted <= high and not space.columns[index].values:
                        rows[row, index] = wanted
                        break
        return rows

    def _values(self, index: int, splits: Sequence[Floats] | None) -> Floats:
        """What a column is tried on: both sides of each split, or a grid; whole numbers where those are wanted."""
        column, value = self._space.columns[index], float(self._origin[index])
        if index in self._space.grouped or column.change is Change.NEVER:
            return np.empty(0, self._origin.dtype)
        if column.values:
            return np.asarray(column.values, self._origin.dtype)
        low, high = self._space.interval(index, value, self._limits.share)
        if splits is not None:
            cuts = splits[index][(splits[index] >= low) & (splits[index] < high)].astype(np.float32)
            below, above = np.nextafter(cuts, np.float32(-np.inf)), np.nextafter(cuts, np.float32(np.inf))
            tried = np.concatenate([below, above, [low, high]]).astype(np.float64)
            if column.integer:
                tried = np.concatenate([np.floor(cuts), np.floor(cuts) + 1, [np.ceil(low), np.floor(high)]])
        else:
            tried = np.linspace(low, high, 21)
            tried = np.unique(np.rint(tried)) if column.integer else tried
        return np.unique(tried[(tried >= low) & (tried <= high)]).astype(self._origin.dtype)

    def _distance(self, rows: Floats) -> Floats:
        span = np.maximum(self._space.high - self._space.low, 1e-12)
        return np.abs((rows - self._origin) / span).sum(axis=1)


def random_rows(x: Floats, space: Space, limits: Limits, rng: np.random.Generator) -> Floats:
    """Each row with as many decisions changed at random, within constraints and limits: the baseline."""
    found = x.copy()
    for row in range(len(x)):
        search = _Search(None, x[row], 0, space, limits, 300 * limits.columns, rng, None)
        beam = x[row][None]
        for _ in range(limits.columns):
            tried = search.candidates(beam, 300)
            if len(tried):
                beam = tried[rng.integers(len(tried))][None]
        found[row] = beam[0]
    return found

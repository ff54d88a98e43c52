"""Attribute inference: what a model adds to guessing a hidden attribute of a row from the rest of the row.

That an attribute can be guessed is no leak of the model: B. Jayaraman and D. Evans, "Are Attribute Inference Attacks
Just Imputation?", ACM CCS 2022. So the guess without the model (imputation, learnt on public rows) is the baseline, and
only the excess counts. The attack is that of M. Fredrikson et al., ACM CCS 2015: try every value, believe the one that
the model likes best, weighted by how usual it is.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.interface import Floats, Labels, ModelUnderTest, Samples
from bartizan.robustness.privacy.signals import confidence

MOST_VALUES: Final = 10
_FEWEST: Final = 50
_TREES: Final = 40


class Attribute(NamedTuple):
    """One column, as values that an attacker chooses between."""

    column: int
    values: Floats
    """What stands in the column for each choice: the value itself, or the mean of a half of a continuous column."""
    cut: float | None
    """Where a continuous column is split; None for one with few values."""

    def truth(self, x: Floats) -> Labels:
        """The right choice for each row, ``(n,)``."""
        own = x[:, self.column]
        if self.cut is not None:
            return (own > self.cut).astype(np.int64)
        return np.abs(own[:, None] - self.values[None]).argmin(axis=1).astype(np.int64)


class Guesses(NamedTuple):
    """Choices for some rows."""

    truth: Labels
    imputed: Labels
    """Without the model."""
    liked: Labels
    """The imputer's log-probability plus the model's confidence in the row's label with that value."""
    learnt: Labels
    """An imputer that also sees the model's confidence for every value."""


def attribute(x: Floats, column: int) -> Attribute:
    """Describes a column of rows ``(n, columns)``.

    Raises:
        UnusableDataError: it has one value, or is not there.
    """
    if x.ndim != 2 or not 0 <= column < x.shape[1]:
        raise UnusableDataError(f"rows of shape {x.shape[1:]} have no column {column}", "attributes are of tables")
    own = x[:, column]
    values = np.unique(own)
    if len(values) < 2:
        raise UnusableDataError(f"column {column} has one value alone")
    if len(values) <= MOST_VALUES:
        return Attribute(column, values, None)
    cut = float(np.median(own))
    if not (own > cut).any():
        raise UnusableDataError(f"column {column} is not above its median anywhere")
    return Attribute(column, np.asarray([own[own <= cut].mean(), own[own > cut].mean()]), cut)


class Attacker:
    """Learns on public rows to guess the attribute without and with the model.

    Args:
        model: the model under test; asked for scores.
        public: rows that it was not trained on, with their attribute.
        hidden: the attribute.
        seed: of the learners.
    """

    def __init__(self, model: ModelUnderTest, public: Samples, hidden: Attribute, seed: int) -> None:
        from sklearn.ensemble import RandomForestClassifier

        truth = hidden.truth(public.x)
        if len(public) < _FEWEST or len(np.unique(truth)) < 2:
            raise UnusableDataError(
                f"{len(public)} public rows with {len(np.unique(truth))} values of the attribute teach no imputation"
            )
        self._model, self._hidden = model, hidden
        rest, liking = self._known(public), self._likings(public)

        def forest() -> RandomForestClassifier:
            return RandomForestClassifier(_TREES, min_samples_leaf=2, random_state=seed, n_jobs=1)

        self._imputer = forest().fit(rest, truth)
        self._learner = forest().fit(np.hstack([rest, liking]), truth)

    def guess(self, rows: Samples) -> Guesses:
        """Choices for rows whose attribute is hidden; the column itself is not looked at."""
        rest, liking = self._known(rows), self._likings(rows)
        prior = np.full((len(rows), len(self._hidden.values)), 1e-9)
        prior[:, self._imputer.classes_] += self._imputer.predict_proba(rest)
        return Guesses(
            self._hidden.truth(rows.x),
            prior.argmax(axis=1),
            (np.log(prior) + liking).argmax(axis=1),
            np.asarray(self._learner.predict(np.hstack([rest, liking])), dtype=np.int64),
        )

    def _known(self, rows: Samples) -> Floats:
        """All but the hidden column, and the label."""
        one_hot = np.eye(self._model.classes)[rows.y]
        return np.hstack([np.delete(rows.x, self._hidden.column, axis=1), one_hot])

    def _likings(self, rows: Samples) -> Floats:
        """The model's confidence in the label with every value in the hidden column, ``(n, values)``."""
        found = []
        for value in self._hidden.values:
            tried = rows.x.copy()
            tried[:, self._hidden.column] = value
            found.append(confidence(self._model, tried, rows.y))
        return np.stack(found, axis=1)

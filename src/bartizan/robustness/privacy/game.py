"""The membership game: which rows are attacked, and what shadow models may be trained on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.interface import AuditData, Floats, Labels, Samples

FEWEST = 50
"""Members and non-members without which nothing is said."""
_POPULATION = 2_000


class Game(NamedTuple):
    """Rows of one pool, by index. Attacked rows, population and rest do not overlap."""

    pool: Samples
    attacked: Labels
    """Members first."""
    member: np.ndarray
    """Which of the attacked rows the model under test was trained on."""
    population: Labels
    """Rows that neither the model under test nor any shadow model sees."""
    rest: Labels
    """What shadow models may be trained on besides."""
    size: int
    """Rows that the model under test was trained on."""
    duplicates: int
    """Test rows left out because they are training rows too."""

    @property
    def x(self) -> Floats:
        """Attacked rows, then the population."""
        return self.pool.x[np.concatenate([self.attacked, self.population])]

    @property
    def y(self) -> Labels:
        """Their labels."""
        return self.pool.y[np.concatenate([self.attacked, self.population])]

    @property
    def n(self) -> int:
        """Attacked rows."""
        return len(self.attacked)


def game(data: AuditData, samples: int, seed: int) -> Game:
    """Draws up to ``samples`` members and as many non-members, at most half of what there is of each.

    Raises:
        UnusableDataError: no training rows, or too few of either to say anything.
    """
    if data.train is None:
        raise UnusableDataError(
            "nothing is known of membership without rows that the model was trained on", "give x_train and y_train"
        )
    train, test = data.train, data.test
    known = {row.tobytes() for row in np.ascontiguousarray(train.x)}
    fresh = np.asarray([row.tobytes() not in known for row in np.ascontiguousarray(test.x)], dtype=bool)
    rng = np.random.default_rng([seed, 0x6A3E])
    ours = rng.permutation(len(train))
    theirs = len(train) + rng.permutation(np.flatnonzero(fresh))
    members, outsiders = ours[: min(samples, len(ours) // 2)], theirs[: min(samples, len(theirs) // 2)]
    if min(len(members), len(outsiders)) < FEWEST:
        raise UnusableDataError(
            f"{len(members)} members and {len(outsiders)} non-members can be attacked; {FEWEST} of each are the fewest",
            "raise --samples"
            if samples < FEWEST
            else f"at most half of the rows are attacked, and {int((~fresh).sum())} test rows are training rows too",
        )
    left = theirs[len(outsiders) :]
    population = left[: min(_POPULATION, len(left) // 2)]
    return Game(
        Samples(np.concatenate([train.x, test.x]), np.concatenate([train.y, test.y])),
        np.concatenate([members, outsiders]),
        np.arange(len(members) + len(outsiders)) < len(members),
        population,
        np.concatenate([ours[len(members) :], left[len(population) :]]),
        len(train),
        int((~fresh).sum()),
    )

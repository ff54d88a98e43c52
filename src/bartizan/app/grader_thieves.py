"""Thieves of the talkative grader: each asks until it is refused, and makes the best copy of what it was told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from bartizan.range.meters.grain import GRADES, LIMIT, lots
from bartizan.robustness.errors import AuditError
from bartizan.robustness.extraction import linear, queries
from bartizan.robustness.extraction.queries import Pool
from bartizan.robustness.interface import Floats, Labels

Ask = Callable[[Floats], Floats | None]
"""Rows ``(n, 24)`` of one request to scores ``(n, 4)``; None where it is refused."""
Copy = Callable[[Floats], Labels]
REQUEST: Final = 25
"""Rows of one request."""
_BETWEEN: Final = 0.1
"""A row lies between two grades where the second probability is no less."""


class Told:
    """What a thief knows.

    Args:
        ask: the endpoint.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self.x = list[Floats]()
        self.scores = list[Floats]()
        self.refused = False

    @property
    def rows(self) -> int:
        """Answered."""
        return sum(len(one) for one in self.x)

    def __call__(self, x: Floats) -> Floats:
        """Scores of the first rows; fewer than were asked once a request is refused, and none after that."""
        found: list[Floats] = [np.empty((0, GRADES))]
        for start in range(0, len(x), REQUEST):
            part = x[start : start + REQUEST]
            scores = None if self.refused else self._ask(part)
            if scores is None:
                self.refused = True
                break
            self.x.append(part)
            self.scores.append(scores)
            found.append(scores)
        return np.concatenate(found)

    def copy(self) -> Copy:
        """Equations where the scores allow them, otherwise logistic regression on scores as weights of labels."""
        if not self.rows:
            return lambda x: np.zeros(len(x), np.int64)
        x, scores = np.concatenate(self.x), np.concatenate(self.scores)
        try:
            stolen = linear.solved(x, scores)
        except AuditError:
            return _regression(x, scores)
        return lambda rows: np.asarray((rows @ stolen.weights + stolen.bias).argmax(axis=1), np.int64)


Thief = Callable[[Told, int, np.random.Generator], None]
"""Asks; is given the law's seed and chance."""


def equations(told: Told, law: int, rng: np.random.Generator) -> None:
    """Two requests of rows in general position: as many as there are unknowns, and a few."""
    told(queries.around(_own(law, rng, 400), 40, rng))


def marginal(told: Told, law: int, rng: np.random.Generator) -> None:
    """Each reading from its own distribution."""
    told(queries.marginal(_own(law, rng, 400), 900, rng))


def patient(told: Told, law: int, rng: np.random.Generator) -> None:
    """Lots of the thief's own: nothing in them tells a thief."""
    told(_own(law, rng, 900).x)


def along_borders(told: Told, law: int, rng: np.random.Generator, questions: int = 400) -> None:
    """Knows that answers are rounded: looks for rows between two grades, where rounded scores still tell much, by
    bisection, then asks around these in steps that fit."""
    x = _own(law, rng, 24).x
    labels = told(x).argmax(axis=1)
    if told.refused:
        return
    ends = _pairs(x, labels)
    a, b = x[ends[:, 0]], x[ends[:, 1]]
    grade = labels[ends[:, 0]]
    borders: list[Floats] = []
    for _ in range(9):
        if not len(a):
            break
        middle = (a + b) / 2
        scores = told(middle)
        if len(scores) < len(middle):
            return
        between = np.sort(scores, axis=1)[:, -2] >= _BETWEEN
        borders += list(middle[between])
        same = scores.argmax(axis=1) == grade
        a[same], b[~same] = middle[same], middle[~same]
        a, b, grade = a[~between], b[~between], grade[~between]
    steps = np.full(len(borders), 0.1)
    number = 0
    while borders and told.rows < questions and not told.refused:
        place = number % len(borders)
        scores = told(borders[place] + steps[place] * rng.normal(size=(8, x.shape[1])))
        if len(scores):
            share = float((np.sort(scores, axis=1)[:, -2] >= _BETWEEN).mean())
            steps[place] *= 1.4 if share > 0.6 else 0.6 if share < 0.3 else 1.0
        number += 1


THIEVES: Final[Mapping[str, Thief]] = {
    "equations": equations,
    "along borders": along_borders,
    "own lots": patient,
    "invented lots": marginal,
}


def _own(law: int, rng: np.random.Generator, count: int) -> Pool:
    x = lots(f"thief {rng.integers(2**60)} {law}", count, law)
    return Pool(x, np.zeros(count, np.int64), np.array(-LIMIT), np.array(LIMIT))


def _pairs(x: Floats, labels: Labels, each: int = 2) -> Labels:
    """Rows ``(n, 2)`` of different grades, for any two grades the nearest ones."""
    apart = np.linalg.norm(x[:, None] - x[None], axis=2)
    found: list[tuple[int, int]] = []
    count: dict[tuple[int, int], int] = {}
    for first, second in zip(*np.unravel_index(np.argsort(apart, axis=None), apart.shape), strict=True):
        grades = (int(labels[first]), int(labels[second]))
        if grades[0] < grades[1] and count.get(grades, 0) < each:
            count[grades] = count.get(grades, 0) + 1
            found.append((int(first), int(second)))
    return np.asarray(found, np.int64).reshape(-1, 2)


def _regression(x: Floats, scores: Floats) -> Copy:
    from sklearn.linear_model import LogisticRegression

    labels, weight = np.tile(np.arange(GRADES), len(x)), scores.ravel()
    used = weight > 0
    if len(np.unique(labels[used])) < 2:
        only = int(labels[used][0]) if used.any() else 0
        return lambda rows: np.full(len(rows), only, np.int64)
    made = LogisticRegression(C=1_000.0, max_iter=3_000)
    made.fit(np.repeat(x, GRADES, axis=0)[used], labels[used], sample_weight=weight[used])
    return lambda rows: np.asarray(made.predict(rows), np.int64)

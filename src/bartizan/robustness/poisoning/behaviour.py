"""What an influence audit asks about: a trigger's effect, or the answer to one input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bartizan.robustness.errors import NotApplicableError, UnusableDataError
from bartizan.robustness.interface import AuditContext, Floats, Labels, ModelUnderTest, Samples
from bartizan.robustness.poisoning.examination import Examination
from bartizan.robustness.poisoning.influence import Head, never
from bartizan.robustness.poisoning.trigger import Trigger, victims


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Inputs, the class that they are sent to, and the class that they would have."""

    what: str
    """Plain words."""
    x: Floats
    wanted: int
    otherwise: Labels
    without: Floats | None = None
    """The same inputs without what turns them; None for an answer that nothing turned."""

    def support(self, head: Head, model: ModelUnderTest, in_time: Callable[[], None] = never) -> Floats:
        """See :meth:`Head.support`; of the model's own features."""
        wanted = np.full(len(self.x), self.wanted, np.int64)
        without = None if self.without is None else model.features(self.without)
        return head.support(model.features(self.x), wanted, self.otherwise, without, in_time)

    def shown(self, model: ModelUnderTest) -> int:
        """How many of the inputs the model sends there."""
        return int((model.predict_label(self.x) == self.wanted).sum())


def triggered(rows: Samples, trigger: Trigger, target: int) -> Behaviour:
    """What a trigger does to rows of other classes."""
    own = rows[victims(rows.y, target)]
    return Behaviour(f"the trigger of class {target}", trigger.on(own.x), target, own.y, own.x)


def answered(model: ModelUnderTest, rows: Samples, row: int) -> Behaviour:
    """The answer to one row, against its label, or against the second best class where the answer is right.

    Raises:
        UnusableDataError: there is no such row.
    """
    if not 0 <= row < len(rows):
        raise UnusableDataError(f"there is no test row {row} among {len(rows)}")
    x = rows.x[row : row + 1]
    order = np.argsort(-np.asarray(model.predict_proba(x))[0], kind="stable")
    other = int(rows.y[row]) if rows.y[row] != order[0] else int(order[1])
    return Behaviour(f"the answer {order[0]} to test row {row}", x, int(order[0]), np.array([other], np.int64))


def asked(context: AuditContext, examined: Examination) -> tuple[Behaviour, Behaviour]:
    """What is asked about, on rows that influence is computed from and on rows that it is judged on.

    Raises:
        UnusableDataError: the option ``row`` names no test row.
        NotApplicableError: there is no option, and no class carries a recovered trigger.
    """
    if "row" in context.options:
        text = context.options["row"]
        if not (text.isascii() and text.isdecimal()) or len(text) > 18:
            raise UnusableDataError(f"the option row is {text[:40]!r}, not the number of a test row")
        one = answered(context.model, context.data.test, int(text))
        return one, one
    if not examined.found.carried or examined.triggers is None:
        raise NotApplicableError(
            "no class carries a recovered trigger, so there is no suspect behaviour; --option row=N asks about the "
            "answer to test row N"
        )
    carried = list(examined.found.carried)
    target = carried[int(np.argmin(examined.found.excess[carried]))]
    trigger = examined.triggers[target].trigger
    return triggered(examined.rows.probe, trigger, target), triggered(examined.rows.verify, trigger, target)

"""The positive control of the quarantine list: rows planted for a backdoor must be named."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bartizan.core.stats import clopper_pearson
from bartizan.reporting.audit import Comparison, Measure
from bartizan.robustness.interface import AuditContext
from bartizan.robustness.poisoning.control import Planted, planted
from bartizan.robustness.poisoning.examination import Examination
from bartizan.robustness.poisoning.hunt import Hunt

_KEY = "recovery of planted rows"


@dataclass(frozen=True, slots=True)
class Recovery:
    """What the hunt found where the truth is known."""

    control: Comparison
    weak: Planted
    found: Hunt


def recovery(context: AuditContext, examined: Examination) -> Recovery:
    """The same hunt on rows that were not named, with a backdoor planted into a twentieth of them; once a run.

    Raises:
        AuditError: the backdoor did not take.
    """
    known = context.shared.get(_KEY)
    if isinstance(known, tuple) and known[0] is examined and isinstance(known[1], Recovery):
        return known[1]
    kept = np.setdiff1d(np.arange(len(examined.train)), examined.found.suspects)
    clean, model = examined.train[kept], context.model
    context.in_time()
    weak = planted(examined.trainer, clean, model.bounds, model.shape, context.seed, rate=0.05)
    context.in_time()
    found, _ = examined.again(weak.model, weak.poisoned.samples, context.seed)
    truth = weak.poisoned.planted
    hits = len(np.intersect1d(found.suspects, truth))
    precision = hits / max(len(found.suspects), 1)
    measure = Measure(
        name="recall", value=hits / len(truth), n=len(truth), interval=clopper_pearson(hits, len(truth)),
        note=f"with a precision of {precision:.2f}",
    )  # fmt: skip
    what = f"rows planted for a backdoor to class {weak.target}"
    control = Comparison(what=what, measure=measure, succeeded=hits >= 0.8 * len(truth) and precision >= 0.5)
    made = Recovery(control, weak, found)
    context.shared[_KEY] = examined, made
    return made

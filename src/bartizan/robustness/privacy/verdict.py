"""Scores of members and others to an audit's result: figures, negative baseline, positive control, outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from bartizan.core.threat import Severity, Threat
from bartizan.reporting.audit import AuditResult, Comparison, Measure, Outcome
from bartizan.robustness.errors import AuditError, UnusableDataError, UnusableModelError
from bartizan.robustness.interface import AuditContext, Floats, ModelUnderTest, Samples, Trainer
from bartizan.robustness.models.parzen import ParzenTrainer
from bartizan.robustness.privacy.game import Game
from bartizan.robustness.privacy.roc import RATES, Roc, roc
from bartizan.robustness.settling import settled

SURE = 0.01
"""An attack succeeds where guessing would do as well with a probability below this, over all operating points tried."""
BASELINES = 10
"""Levels of baselines are divided by this: a false alarm there makes a sound audit inconclusive."""
AREA = 0.6
"""Area under the curve that a model which withstands stays below, for sure."""
CONTROL_ROWS = 150
"""Members and non-members each in the positive control's game."""
REFERENCES = (
    "MITRE-ATLAS-2026.09:AML.T0024.000",
    "NIST-AI-100-2-e2025:NISTAML.033",
)


class Attack(NamedTuple):
    """One attack's scores, by the name of its variant."""

    scores: Mapping[str, Floats]
    member: np.ndarray


def succeeded(curve: Roc, tries: int = 1) -> bool:
    """True when some operating point finds more members than guessing does, corrected for the points and tries."""
    points = [curve.at(rate) for rate in (0.1, *RATES, 0.0)]
    level = SURE / (tries * (len(points) + 1))
    area, (low, _) = curve.auc()
    # The area's interval has two sides at 2.5%; the test here has one side at ``level``.
    wider = NormalDist().inv_cdf(1 - level) / NormalDist().inv_cdf(0.975)
    return area - (area - low) * wider > 0.5 or min(point.chance for point in points) < level


def must_vary(model: ModelUnderTest, x: Floats) -> None:
    """Raises UnusableModelError if the model gives every row the same class: what it withstands would mean nothing."""
    labels = np.unique(model.predict_label(x))
    if len(labels) < 2:
        raise UnusableModelError(
            f"{model.name} gives all of {len(x):,} rows the class {labels[0]}: nothing can be said"
        )


def severity(curve: Roc) -> Severity:
    """By what is found at 1% of false positives: ten times guessing is high, three times medium."""
    low, _ = curve.at(RATES[0]).interval
    return Severity.HIGH if low >= 0.1 else Severity.MEDIUM if low >= 0.03 else Severity.LOW


def control_game(played: Game) -> tuple[Game, Trainer]:
    """The same game, smaller, for a model that remembers every row."""
    rng = np.random.default_rng(0)
    inside = rng.permutation(np.flatnonzero(played.member))[:CONTROL_ROWS]
    outside = rng.permutation(np.flatnonzero(~played.member))[:CONTROL_ROWS]
    chosen = np.concatenate([inside, outside])
    small = played._replace(
        attacked=played.attacked[chosen],
        member=played.member[chosen],
        population=played.population[:CONTROL_ROWS],
        size=len(inside),
        rest=played.rest[: len(inside)],
    )
    return small, ParzenTrainer(small.x, int(played.pool.y.max()) + 1)


def target_rows(played: Game) -> Samples:
    """What the control's model remembers: the attacked members."""
    rows = played.attacked[played.member]
    return played.pool[rows]


def compare(what: str, scores: Floats, member: np.ndarray, tries: int = 1) -> Comparison:
    """A baseline or control by its AUC.

    Args:
        what: in words.
        scores: ``(n,)``
        member: ``(n,)``
        tries: the level of "succeeded" is divided by it.
    """
    curve = roc(scores, member)
    area, interval = curve.auc()
    return Comparison(
        what=what,
        measure=Measure(name="auc", value=area, n=len(member), interval=interval),
        succeeded=succeeded(curve, tries),
    )


def result(
    context: AuditContext,
    attack: Attack,
    control: Callable[[], Comparison],
    baselines: Sequence[Comparison] = (),
    reassuring: bool = True,
    cut: Sequence[str] = (),
    **said: Any,
) -> AuditResult:
    """The audit's result; the best variant decides, corrected for the number of variants.

    Args:
        context: as the audit got it.
        attack: scores of the model under test.
        control: the same attack on a model known to be weak.
        baselines: scores of a model that saw none of the rows.
        reassuring: False for attacks whose failure says nothing.
        cut: what time ended before it was done.
        said: fields of :class:`AuditResult` that are the audit's own.

    Raises:
        UnusableDataError: members and others can be told apart by a model that saw neither.
        AuditError: the attack fails even on a model known to be weak.
    """
    curves = {name: roc(scores, attack.member) for name, scores in attack.scores.items()}
    for one in baselines:
        if not one.succeeded:
            continue
        raise UnusableDataError(
            f"{one.what}: AUC {one.measure.value:.3f}: training and test rows differ by themselves, so no figure would "
            "speak of membership",
            "draw both from the same source",
        )
    shown = control()
    if not shown.succeeded:
        raise AuditError(
            f"the attack fails on a model that remembers every row (AUC {shown.measure.value:.3f}): nothing can be said"
        )
    best = min(curves, key=lambda name: min(curves[name].at(rate).chance for rate in RATES))
    weak = [name for name, curve in curves.items() if succeeded(curve, len(curves))]
    if weak and best not in weak:
        best = weak[0]
    point = curves[best].at(RATES[0])
    figures = (
        f"{point.found} of {point.members:,} members at 1% false positives ({best}), AUC {curves[best].auc()[0]:.3f}"
    )
    if weak:
        outcome, reason = Outcome.WEAK, f"members are told from others better than by guessing: {figures}"
    elif reassuring:
        areas = [(name, *curve.auc()) for name, curve in curves.items()]
        unsure = [
            f"the interval of the area reaches {high:.3f} ({name}), {AREA:g} or more: use more rows"
            for name, _, (_, high) in areas
            if high >= AREA
        ]
        outcome, reason = settled(f"no better than guessing: {figures}", shown.succeeded, cut, unsure)
    else:
        outcome = Outcome.INCONCLUSIVE
        reason = f"no better than guessing ({figures}), which of this attack says nothing: run membership.lira"
    measures = tuple(
        measure for name, curve in curves.items() for measure in curve.measures("" if len(curves) == 1 else f"{name}/")
    )
    fields: dict[str, Any] = {
        "threat": Threat.DATA_LEAKAGE,
        "outcome": outcome,
        "severity": severity(curves[best]) if weak else Severity.INFO,
        "reason": reason,
        "techniques": REFERENCES,
        "seed": context.seed,
        "measures": measures,
        "baselines": tuple(baselines),
        "control": shown,
        "remediation": REMEDIATION,
        "curves": tuple(curve.curve(name) for name, curve in curves.items()),
    }
    return AuditResult(**{**fields, **said})


REMEDIATION = (
    "Train with differential privacy (DP-SGD) where the data is personal; stop earlier and regularise. Limiting what "
    "is answered (rounding, the top class alone) weakens single queries, not attacks that ask for labels only."
)

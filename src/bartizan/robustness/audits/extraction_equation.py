"""``extraction.equation``: is the model linear, and do a few answers give it away to the last digit?"""

from __future__ import annotations

import time
from typing import TypeAlias

import numpy as np

from bartizan.core.threat import Severity, Threat
from bartizan.reporting.audit import AuditResult, Comparison, Curve, Measure, Outcome
from bartizan.robustness.errors import AuditError, BudgetSpentError
from bartizan.robustness.extraction import linear, queries
from bartizan.robustness.extraction.limits import Rounded
from bartizan.robustness.extraction.setting import TECHNIQUES, Setting, commonest, setting, share
from bartizan.robustness.extraction.setting import linear as linear_trainer
from bartizan.robustness.interface import Access, AuditContext, ModelUnderTest, audit

_MARK = 0.98
_STEPS = 40
_MORE = (1, 2, 4, 8, 32)
"""Rows asked for scores, in unknowns."""


@audit
class Equation:
    """Solves for the weights of a linear or softmax-linear model."""

    id = "extraction.equation"
    threat = Threat.MODEL_EXTRACTION
    needs = Access.LABELS
    title = "Linear model stolen by solving equations"
    lasts = 4

    def run(self, context: AuditContext, /) -> AuditResult:
        """See :class:`~bartizan.robustness.interface.Audit`."""
        ground = setting(context)
        features = int(np.prod(context.model.shape))
        scores = context.model.access.allows(Access.SCORES)
        way = _by_scores if scores else _by_labels
        now = time.monotonic()
        half = now + max(context.until - now, 0.0) / 2
        measures, curve, reached, cut = way(context, context.model, ground, features, half)
        weak = context.weak or linear_trainer(context).fit(ground.pool.x, ground.pool.y, context.seed)
        judged = setting(context, weak)
        _, _, known, _ = way(context, weak, judged, features, context.until)
        control = Comparison(
            what="the same equations against a logistic regression on the same data",
            measure=share("fidelity", known, len(judged.held)),
            succeeded=known >= _MARK,
        )
        low, high = share("fidelity", reached, len(ground.held)).interval or (0.0, 1.0)
        guess = commonest(ground.answers)
        if not control.succeeded:
            outcome, reason = Outcome.INCONCLUSIVE, "the equations did not even give away a logistic regression"
        elif reached >= _MARK and low > guess:
            outcome, reason = Outcome.WEAK, f"a linear copy answers {reached:.1%} of untouched rows like the model"
        elif reached >= _MARK:
            outcome = Outcome.INCONCLUSIVE
            reason = (
                f"a linear copy answers {reached:.1%} of untouched rows like the model, always the commonest class "
                f"{guess:.1%}: not better for sure, use more rows"
            )
        elif cut:
            outcome = Outcome.INCONCLUSIVE
            reason = f"cut short ({'; '.join(cut)}): the best linear copy agrees on {reached:.1%} so far"
        elif max(high, guess) >= _MARK:
            outcome = Outcome.INCONCLUSIVE
            reason = f"the best linear copy agrees on {low:.1%} to {high:.1%}, which may be {_MARK:.0%}: use more rows"
        else:
            outcome = Outcome.WITHSTOOD
            reason = f"the best linear copy agrees on {reached:.1%} of untouched rows: the model is not linear"
        return AuditResult(
            audit=self.id,
            title=self.title,
            threat=self.threat,
            outcome=outcome,
            severity=Severity.HIGH if outcome is Outcome.WEAK else Severity.INFO,
            reason=reason,
            threat_model="A client who may ask and sees "
            + ("scores" if scores else "labels")
            + "; knows the shape of inputs, and some rows like those the model is for.",
            techniques=TECHNIQUES,
            algorithm="least squares on log-odds"
            if scores
            else "bisection to the boundary, null vector of its equations",
            papers=(
                "F. Tramèr et al., USENIX Security 2016",
                *(() if scores else ("D. Lowd and C. Meek, KDD 2005",)),
            ),
            access=str(Access.SCORES if scores else Access.LABELS),
            settings={"features": str(features), "halvings": str(_STEPS)},
            measures=measures,
            baselines=(
                Comparison(
                    what="always the model's commonest class", measure=share("fidelity", guess, len(ground.held))
                ),
            ),
            control=control,
            untested=(
                *cut,
                "models that are linear in features that the thief does not know, such as logarithms or products",
            ),
            remediation="Answer with labels alone and bound queries per principal: labels cost a thief about "
            f"{_STEPS} times as many queries. Rounding only delays, as its adaptive figure shows.",
            curves=curve,
        )


_Found: TypeAlias = tuple[tuple[Measure, ...], tuple[Curve, ...], float, list[str]]
"""Figures, curves, the best fidelity, and what time ended before it was done."""


def _by_scores(context: AuditContext, model: ModelUnderTest, ground: Setting, features: int, until: float) -> _Found:
    rng = np.random.default_rng([context.seed, 11])
    wanted = [times * (features + 1) for times in _MORE]
    rows = queries.around(ground.pool, wanted[-1], rng)
    rounded = Rounded(model, 2)
    begun, plain, cut = time.monotonic(), list[float](), list[float]()
    for count in wanted:
        # A step costs in proportion to its rows: the next one, and the largest error after it, must fit.
        spent, done = time.monotonic() - begun, sum(wanted[: len(plain)])
        if plain and begun + spent + spent / done * (count + wanted[1]) > until:
            break
        plain.append(_fidelity(model, rows[:count], ground, model))
        cut.append(_fidelity(rounded, rows[:count], ground, model))
    budgets = wanted[: len(plain)]
    late = [f"{count:,} queries: no time was left for them" for count in wanted[len(plain) :]]
    exact = budgets[min(1, len(budgets) - 1)]
    stolen = linear.from_scores(model, rows[:exact])
    wrong = np.abs(stolen.model(model).predict_proba(ground.held.x) - model.predict_proba(ground.held.x)).max()
    n = len(ground.held)
    best = max(plain)
    return (
        (
            share("fidelity", plain[0], n, f"{budgets[0]:,} queries, as many as unknowns"),
            share("fidelity_more_queries", best, n, f"best of {', '.join(f'{one:,}' for one in budgets)} queries"),
            Measure(name="largest_error_of_scores", value=float(wrong), n=n, note=f"{exact:,} queries"),
            share("fidelity_rounded_2", cut[0], n, f"defence: scores to 2 decimals; {budgets[0]:,} queries"),
            share(
                "fidelity_rounded_2_adaptive",
                max(cut),
                n,
                f"the same, least squares over up to {_MORE[len(plain) - 1]} times as many queries",
            ),
        ),
        tuple(
            Curve(
                chart="Fidelity of the linear copy",
                name=name,
                x=tuple(map(float, budgets)),
                y=tuple(values),
                x_label="queries",
                y_label="fidelity",
                log_x=True,
            )
            for name, values in (("scores", plain), ("scores to 2 decimals", cut))
        ),
        best,
        late,
    )


def _by_labels(context: AuditContext, model: ModelUnderTest, ground: Setting, features: int, until: float) -> _Found:
    rng = np.random.default_rng([context.seed, 12])
    needed = (model.classes - 1) * (features + 1)
    counts = [needed, 2 * needed, 4 * needed]
    asked: list[float] = []
    reached: list[float] = []
    late: list[str] = []
    for count in counts:
        left = until - time.monotonic()
        if (takes := linear.seconds(count, needed)) > left:
            late = [f"{one:,} boundary points: no time was left for them" for one in counts[len(reached) :]]
            if not reached:
                raise BudgetSpentError(
                    f"{count:,} equations with {needed:,} unknowns take about {takes:,.0f} s, {max(left, 0):.0f} s are "
                    "left", "raise --seconds",
                )  # fmt: skip
            break
        if count * (_STEPS + 1) > 4_000_000:
            raise AuditError(f"{count * (_STEPS + 1):,} queries would be needed: more than an audit asks")
        stolen, _ = linear.from_labels(model, ground.pool.x, count, _STEPS, rng)
        reached.append(ground.judge(stolen.model(model))[0])
        asked.append(float(len(ground.pool.x) + count * _STEPS))
    n = len(ground.held)
    return (
        tuple(
            share(name, value, n, f"{int(queries_):,} queries")
            for name, value, queries_ in (
                ("fidelity", reached[0], asked[0]),
                ("fidelity_more_queries", max(reached), asked[reached.index(max(reached))]),
            )
        ),
        (
            Curve(
                chart="Fidelity of the linear copy",
                name="labels",
                x=tuple(asked),
                y=tuple(reached),
                x_label="queries",
                y_label="fidelity",
                log_x=True,
            ),
        ),
        max(reached),
        late,
    )


def _fidelity(asked: ModelUnderTest, rows: np.ndarray, ground: Setting, model: ModelUnderTest) -> float:
    """That of the commonest class where the answers cannot be solved, as rounded ones may not be."""
    try:
        return ground.judge(linear.from_scores(asked, rows).model(model))[0]
    except BudgetSpentError:
        raise
    except AuditError:
        return commonest(ground.answers)

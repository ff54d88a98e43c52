"""``extraction.surrogate``: how alike a copy gets that is trained on the model's answers, budget by budget."""

from __future__ import annotations

import time
from collections.abc import Sequence

from bartizan.core.threat import Severity, Threat
from bartizan.reporting.audit import AuditResult, Comparison, Curve, Measure, Outcome
from bartizan.robustness.errors import AuditError, BudgetSpentError
from bartizan.robustness.extraction.limits import LabelOnly, Rounded, TopScore
from bartizan.robustness.extraction.setting import (
    PROXY,
    Setting,
    commonest,
    linear,
    number,
    setting,
    share,
    thief,
)
from bartizan.robustness.extraction.surrogate import Strategy, Theft, steal
from bartizan.robustness.interface import Access, AuditContext, ModelUnderTest, Trainer, audit

_MARK = 0.8
"""Fidelity from which a copy is called a theft; stated in each report."""
_CONTROL = 0.8


@audit
class Surrogate:
    """Trains copies on answers to queries that are chosen in six ways."""

    id = "extraction.surrogate"
    threat = Threat.MODEL_EXTRACTION
    needs = Access.LABELS
    title = "Copy trained on the model's answers"
    lasts = 50

    def run(self, context: AuditContext, /) -> AuditResult:
        """See :class:`~bartizan.robustness.interface.Audit`."""
        deadline = time.monotonic() + 0.6 * context.effort.seconds
        ground, trainer = setting(context), thief(context)
        access = Access.SCORES if context.model.access.allows(Access.SCORES) else Access.LABELS
        budgets = _budgets(number(context, "queries", min(context.effort.queries, len(ground.pool.x))))
        thefts, skipped, short = _all(context, ground, trainer, budgets, access, deadline)
        if not thefts:
            raise AuditError("no strategy gave a copy: " + "; ".join(skipped))
        best = max(thefts, key=lambda theft: theft.points[-1].fidelity)
        note = f"best of {len(thefts)} strategies, chosen on the same rows" if len(thefts) > 1 else ""
        reached = share("fidelity", best.points[-1].fidelity, best.points[-1].n, note)
        unasked = ground.judge(trainer.fit(ground.pool.x, ground.pool.y, context.seed))[0]
        control = _control(context, budgets[-1], access)
        guess = commonest(ground.answers)
        low, high = reached.interval or (0.0, 1.0)
        copied = f"the best copy, from {best.points[-1].queries:,} queries, agrees on"
        if not control.succeeded:
            outcome, reason = Outcome.INCONCLUSIVE, "the attack did not even copy a logistic regression"
        elif low >= _MARK and low > guess:
            outcome = Outcome.WEAK
            reason = (
                f"a copy from {best.points[-1].queries:,} queries ({best.strategy}) answers {reached.value:.1%} of "
                f"untouched rows like the model; one trained on true labels without a query, {unasked:.1%}"
            )
        elif short or any(theft.cut for theft in thefts):
            outcome = Outcome.INCONCLUSIVE
            reason = f"cut short: {copied} {reached.value:.1%} so far"
        elif max(high, guess) >= _MARK:
            outcome = Outcome.INCONCLUSIVE
            reason = (
                f"{copied} {low:.1%} to {high:.1%}, always the commonest class on {guess:.1%}: the "
                f"interval reaches {_MARK:.0%}, or is not above the commonest class: use more rows"
            )
        else:
            outcome = Outcome.WITHSTOOD
            reason = f"{copied} {reached.value:.1%}, below {_MARK:.0%} for sure"
        limited, missed = _limited(context, ground, trainer, best, budgets, access, deadline)
        return AuditResult(
            audit=self.id,
            title=self.title,
            threat=self.threat,
            outcome=outcome,
            severity=_severity(outcome, low),
            reason=reason,
            threat_model=f"A client who sees {access}, has {len(ground.pool.x):,} rows like those the model is for, "
            f"and trains {trainer.name}.",
            techniques=PROXY,
            algorithm="copies trained on answers; six ways to choose queries",
            papers=(
                "F. Tramèr et al., USENIX Security 2016",
                "N. Papernot et al., AsiaCCS 2017",
                "T. Orekondy et al., CVPR 2019",
                "S. Pal et al., AAAI 2020",
            ),
            access=str(access),
            settings={"queries": str(budgets[-1]), "surrogate": trainer.name, "mark": str(_MARK)},
            measures=(
                reached,
                share("accuracy_of_copy", best.points[-1].accuracy, best.points[-1].n),
                *(
                    share(
                        f"fidelity_{theft.strategy}",
                        theft.points[-1].fidelity,
                        theft.points[-1].n,
                        f"{theft.points[-1].queries:,} queries",
                    )
                    for theft in thefts
                ),
                *limited,
            ),
            baselines=(
                Comparison(
                    what="always the model's commonest class", measure=share("fidelity", guess, len(ground.held))
                ),
                Comparison(
                    what=f"{trainer.name} trained on the thief's rows with true labels, no query asked",
                    measure=share("fidelity", unasked, len(ground.held)),
                ),
            ),
            control=control,
            untested=(
                "thieves with more queries, more rows or a better architecture",
                *skipped,
                *(
                    f"{theft.strategy} past {theft.points[-1].queries:,} queries: time ran out"
                    for theft in thefts
                    if theft.cut
                ),
                *missed,
            ),
            remediation="Budget queries per principal and watch their streams. Labels alone cost a thief little, as "
            "the figures under limited answers show; mark the model, so that a copy can be claimed.",
            curves=_curves(thefts),
        )


def _budgets(most: int) -> list[int]:
    """Rising by factors of two, at most six of them."""
    found = [most]
    while len(found) < 6 and found[0] // 2 >= 20:
        found.insert(0, found[0] // 2)
    return found


def _all(
    context: AuditContext, ground: Setting, trainer: Trainer, budgets: Sequence[int], access: Access, deadline: float
) -> tuple[list[Theft], list[str], bool]:
    """What the strategies reached, why some did not start, and whether time or budget ended any of these."""
    thefts: list[Theft] = []
    skipped: list[str] = []
    short = False
    for strategy in (
        Strategy.POOL,
        Strategy.UNCERTAIN,
        Strategy.JACOBIAN,
        Strategy.KNOCKOFF,
        Strategy.MARGINAL,
        Strategy.UNIFORM,
    ):
        if thefts and time.monotonic() > deadline:
            skipped.append(f"{strategy}: time ran out")
            short = True
            continue
        try:
            thefts.append(
                steal(
                    context.model, trainer, ground.pool, strategy, budgets, ground.judge, access, context.seed, deadline
                )
            )
        except AuditError as error:
            skipped.append(f"{strategy}: {error.cause}")
            short |= isinstance(error, BudgetSpentError)
    return thefts, skipped, short


def _control(context: AuditContext, queries: int, access: Access) -> Comparison:
    teacher = linear(context)
    first = setting(context)
    weak = context.weak or teacher.fit(first.pool.x, first.pool.y, context.seed)
    ground = setting(context, weak)
    stolen = steal(weak, teacher, ground.pool, Strategy.POOL, [queries], ground.judge, access, context.seed).points[-1]
    return Comparison(
        what="a logistic regression on the same data, copied from as many answers to the thief's own rows",
        measure=share("fidelity", stolen.fidelity, stolen.n),
        succeeded=stolen.fidelity >= _CONTROL and stolen.fidelity > commonest(ground.answers),
    )


def _limited(
    context: AuditContext,
    ground: Setting,
    trainer: Trainer,
    best: Theft,
    budgets: Sequence[int],
    access: Access,
    deadline: float,
) -> tuple[list[Measure], list[str]]:
    """The best strategy's last budget once more, under each limit of answers."""
    if not access.allows(Access.SCORES):
        return [], []
    model = context.model
    limits: tuple[tuple[str, ModelUnderTest], ...] = (
        ("rounded_1", Rounded(model, 1)),
        ("top_score", TopScore(model)),
        ("labels", LabelOnly(model)),
    )
    measures: list[Measure] = []
    missed: list[str] = []
    for name, limited in limits:
        if time.monotonic() > deadline + 0.2 * context.effort.seconds:
            missed.append(f"answers limited to {name}: time ran out")
            continue
        found = steal(
            limited, trainer, ground.pool, best.strategy, list(budgets), ground.judge, limited.access, context.seed
        ).points[-1]
        measures.append(
            share(f"fidelity_if_{name}", found.fidelity, found.n, f"{best.strategy}, {found.queries:,} queries")
        )
    return measures, missed


def _severity(outcome: Outcome, low: float) -> Severity:
    if outcome is not Outcome.WEAK:
        return Severity.INFO
    return Severity.HIGH if low >= 0.95 else Severity.MEDIUM


def _curves(thefts: Sequence[Theft]) -> tuple[Curve, ...]:
    return tuple(
        Curve(
            chart="Fidelity of the copy",
            name=str(theft.strategy),
            x=tuple(float(point.queries) for point in theft.points),
            y=tuple(point.fidelity for point in theft.points),
            x_label="queries",
            y_label="fidelity",
            log_x=True,
        )
        for theft in thefts
    )

"""``evasion.tabular``: rows of a table, changed only as somebody could change them."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from bartizan.core.threat import Threat
from bartizan.reporting.audit import AuditResult, Comparison, Measure
from bartizan.robustness.errors import AuditError, BudgetSpentError, NotApplicableError
from bartizan.robustness.evasion.constraints import Space, guessed, read
from bartizan.robustness.evasion.ensemble import Deadline
from bartizan.robustness.evasion.setting import BLACK_BOX, UPPER_BOUND, enough, options, rows, weak_model
from bartizan.robustness.evasion.tabular import Limits, attack, random_rows
from bartizan.robustness.evasion.verdict import judged, rate
from bartizan.robustness.interface import Access, AuditContext, Flags, Floats, ModelUnderTest, Samples, audit


@audit
class EvasionTabular:
    """Options: ``constraints`` (a file), ``columns`` that may change, ``share`` of each column's range, ``mark``."""

    id = "evasion.tabular"
    title = "Evasion by changes of single columns that are possible"
    lasts = 20
    threat = Threat.ADVERSARIAL_INPUT
    needs = Access.LABELS

    def run(self, context: AuditContext, /) -> AuditResult:
        """See :class:`~bartizan.robustness.interface.Audit`."""
        given = options(context, columns=3, share=0.2, mark=0.5)
        if len(context.model.shape) != 1:
            raise NotApplicableError(f"inputs of shape {context.model.shape} are no table")
        limits = Limits(int(given["columns"]), given["share"])
        if limits.columns < 1 or not 0 < limits.share <= 1:
            raise AuditError("columns is at least 1, share between 0 and 1")
        samples, space, note = self._space(context)
        before = context.model.predict_label(samples.x) == samples.y
        correct = int(before.sum())
        enough(correct)
        splits: list[Floats] | None = getattr(context.model, "splits", lambda: None)()
        seconds = context.effort.seconds
        held, moved, cut = _attacked(context, context.model, samples, space, limits, splits, seconds * 0.7)
        what, weak = weak_model(context)
        few = samples[: min(len(samples), 60)]
        stood, _, _ = _attacked(context, weak, few, space, limits, None, seconds * 0.15)
        right = weak.predict_label(few.x) == few.y
        caught = rate("evasion_rate", int((right & ~stood).sum()), int(right.sum()))
        evaded = rate("evasion_rate", correct - int(held.sum()), correct, "of rows classified rightly")
        control = Comparison(what=what, measure=caught, succeeded=caught.value >= 0.5)
        outcome, severity, reason = judged(evaded, given["mark"], control.succeeded, [cut] if cut else [])
        broken = before & ~held
        n = len(samples)
        random = random_rows(samples.x, space, limits, np.random.default_rng(context.seed))
        still = int((context.model.predict_label(random) == samples.y).sum())
        changes = space.changed(moved[broken], samples.x[broken])
        return AuditResult(
            audit=self.id,
            title=self.title,
            threat=self.threat,
            outcome=outcome,
            severity=severity,
            reason=reason,
            threat_model=(
                f"Changes at most {limits.columns} columns of a row, each by at most {limits.share:.0%} of its range "
                f"and only as the constraints allow ({note}), and wants any wrong class."
            ),
            techniques=BLACK_BOX,
            algorithm=f"beam search over columns, {'on both sides of each split' if splits else 'on a grid'}",
            papers=("Zhang, Zhang and Hsieh, An efficient adversarial attack for tree ensembles, NeurIPS 2020",),
            access=str(context.model.access),
            settings={name: f"{given[name]:g}" for name in ("columns", "share", "mark")}
            | {"samples": str(n), "queries": str(context.effort.queries)}
            | ({"constraints": context.options["constraints"]} if "constraints" in context.options else {}),
            measures=(
                rate("accuracy", correct, n),
                rate("robust_accuracy", int(held.sum()), n, "an upper bound"),
                evaded,
                *(
                    [Measure(name="columns_changed", value=float(np.median(changes)), n=len(changes), unit="median")]
                    if len(changes)
                    else []
                ),
            ),
            baselines=(Comparison(what="as many columns changed at random", measure=rate("accuracy", still, n)),),
            control=control,
            untested=(
                UPPER_BOUND,
                "Whether a person would call the changed row genuine: the constraints are all that is known of it.",
                *((f"Cut short: {cut}.",) if cut else ()),
            ),
            remediation="Leave out columns that their owner can set at will, or check them against a second source.",
        )

    @staticmethod
    def _space(context: AuditContext) -> tuple[Samples, Space, str]:
        names = context.data.columns or tuple(str(number) for number in range(context.model.shape[0]))
        source = context.data.train or context.data.test
        path = context.options.get("constraints")
        constraints = read(Path(path)) if path else guessed(source.x, names)
        space = Space(constraints, names, np.concatenate([source.x, context.data.test.x]))
        drawn = rows(context)
        legal = space.legal(drawn.x)
        if legal.mean() < 0.9:
            raise AuditError(
                f"{int((~legal).sum())} of {len(legal)} rows break the constraints themselves", "mend the file"
            )
        return drawn[np.flatnonzero(legal)], space, f"from {path}" if path else "guessed from the data"


def _attacked(
    context: AuditContext, model: ModelUnderTest, samples: Samples, space: Space, limits: Limits,
    splits: list[Floats] | None, seconds: float,
) -> tuple[Flags, Floats, str]:  # fmt: skip
    """Rows still classified, rows as changed, and why it was cut short."""
    timed, rng = Deadline(model, time.monotonic() + seconds), np.random.default_rng(context.seed)
    moved = samples.x.copy()
    right = model.predict_label(samples.x) == samples.y
    held, cut = right.copy(), ""
    for row in np.flatnonzero(right):
        part = slice(row, row + 1)
        try:
            found = attack(timed, samples.x[part], samples.y[part], space, limits, context.effort.queries, rng, splits)
            held[row] = model.predict_label(found)[0] == samples.y[row]
        except BudgetSpentError as spent:
            cut = spent.cause
            break
        moved[row] = found[0]
    return held, moved, cut

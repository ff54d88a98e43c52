"""Evasion within a ball of one norm: the ensemble as an audit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bartizan.core.threat import Threat
from bartizan.reporting.audit import AuditResult, Comparison, Curve
from bartizan.robustness.errors import AuditError
from bartizan.robustness.evasion.ball import Norm, ball_for
from bartizan.robustness.evasion.brittle import brittle
from bartizan.robustness.evasion.ensemble import Evasion, evade
from bartizan.robustness.evasion.masking import suspected
from bartizan.robustness.evasion.setting import BLACK_BOX, UPPER_BOUND, WHITE_BOX, enough, options, rows, weak_model
from bartizan.robustness.evasion.stages import Stage, plan
from bartizan.robustness.evasion.verdict import judged, pictures, rate
from bartizan.robustness.interface import Access, AuditContext, ModelUnderTest, Samples
from bartizan.robustness.metered import MeteredModel

PAPERS = (
    "Croce and Hein, Reliable evaluation of adversarial robustness (AutoAttack), ICML 2020",
    "Croce and Hein, Minimally distorted adversarial examples with a fast adaptive boundary attack, ICML 2020",
    "Andriushchenko et al., Square attack, ECCV 2020",
    "Athalye et al., Obfuscated gradients give a false sense of security, ICML 2018",
)


_KNOWS = {
    Access.LABELS: "nothing but labels",
    Access.SCORES: "nothing but scores of every class",
    Access.GRADIENTS: "the parameters",
}


class NormAudit:
    """Shared by the norms; options ``epsilon`` (radius) and ``mark`` (share of evaded rows from which it is weak)."""

    id = ""
    title = ""
    threat = Threat.ADVERSARIAL_INPUT
    needs = Access.LABELS
    norm: Norm
    radius: float
    """Where the command line gives none."""

    def run(self, context: AuditContext, /) -> AuditResult:
        """See :class:`~bartizan.robustness.interface.Audit`."""
        given = options(context, epsilon=self.radius, mark=0.5)
        if not 0 < given["mark"] <= 1:
            raise AuditError(f"mark={given['mark']:g} is no share", "between 0 and 1")
        samples, radius = rows(context), given["epsilon"]
        found, stages = self._attack(context, context.model, samples, radius, context.effort.seconds * 0.6)
        correct = int(found.correct.sum())
        enough(correct)
        control = self._control(context, samples[: min(len(samples), 100)], radius)
        evaded = rate("evasion_rate", correct - int(found.robust.sum()), correct, "of rows classified rightly")
        unfinished = [stage.name for stage in stages if stage.vital and stage.name in found.unfinished]
        doubts = suspected(context.model, samples, found)
        outcome, severity, reason = judged(evaded, given["mark"], control.succeeded, unfinished, doubts)
        white = context.model.access.allows(Access.GRADIENTS)
        broken = [int(row) for row in np.flatnonzero(found.correct & ~found.robust)[:4]]
        low, high = (float(np.min(side)) for side in context.model.bounds)
        return AuditResult(
            audit=self.id,
            title=self.title,
            threat=self.threat,
            outcome=outcome,
            severity=severity,
            reason=reason,
            threat_model=(
                f"Knows {_KNOWS[context.model.access]}, changes one input by "
                f"at most {radius:g} in {self.norm}, and wants any wrong class."
            ),
            techniques=WHITE_BOX if white else BLACK_BOX,
            algorithm=", then ".join(f"{stage.name}" for stage in stages),
            papers=PAPERS,
            access=str(context.model.access),
            settings={
                "epsilon": f"{radius:g}", "mark": f"{given['mark']:g}", "steps": str(context.effort.steps),
                "queries": str(context.effort.queries), "samples": str(len(samples)),
            },
            measures=(
                rate("accuracy", correct, found.n),
                rate("robust_accuracy", int(found.robust.sum()), found.n, "an upper bound"),
                evaded,
            ),
            baselines=(self._noise(context, samples, radius),),
            control=control,
            untested=(
                UPPER_BOUND,
                f"Changes larger than {radius:g}, other norms, rotations, patches and anything a camera adds.",
                *(f"Figures are upper bounds: {doubt}." for doubt in doubts),
                *(f"Cut short: {stage} ({why})." for stage, why in found.unfinished.items()),
                *(() if white else ("Attacks that know gradients.",)),
            ),
            remediation="Adversarial training at this radius, then this audit again; smoothing for a guarantee.",
            curves=(self._curve(context, samples, radius, found),),
            pictures=pictures(samples.x, found.x, broken, low, high),
        )  # fmt: skip

    def _control(self, context: AuditContext, few: Samples, radius: float) -> Comparison:
        """The same attack on a weak model of the same rows; where that one holds, on one built to be weak."""
        what, weak = weak_model(context)
        tried = self._tried(context, what, weak, few, radius)
        if tried.succeeded or context.weak is not None:
            return tried
        made = MeteredModel(brittle(context), context.model.access)
        own = Samples(few.x, made.predict_label(few.x))  # it is right by definition: its answers are the labels
        return self._tried(context, made.name, made, own, radius)

    def _tried(self, context: AuditContext, what: str, weak: ModelUnderTest, few: Samples, radius: float) -> Comparison:
        held, _ = self._attack(context, weak, few, radius, context.effort.seconds * 0.1)
        caught = rate("evasion_rate", int((held.correct & ~held.robust).sum()), int(held.correct.sum()))
        return Comparison(what=what, measure=caught, succeeded=caught.value >= 0.5)

    def _attack(
        self, context: AuditContext, model: ModelUnderTest, samples: Samples, radius: float, seconds: float
    ) -> tuple[Evasion, list[Stage]]:
        stages = plan(model, context.effort, samples.x, samples.y)
        ball = ball_for(model, self.norm, radius)
        return evade(model, samples, ball, stages, context.seed, seconds, chunk=_chunk(model)), stages

    def _noise(self, context: AuditContext, samples: Samples, radius: float) -> Comparison:
        ball = ball_for(context.model, self.norm, radius)
        moved = ball.random(samples.x, np.random.default_rng(context.seed))
        hits = int((context.model.predict_label(moved) == samples.y).sum())
        return Comparison(
            what="the same rows under random noise of the same size", measure=rate("accuracy", hits, len(samples))
        )

    def _curve(self, context: AuditContext, samples: Samples, radius: float, found: Evasion) -> Curve:
        """Robust accuracy by radius on at most 100 rows with the first stages; looser than the figure at the radius."""
        few = samples[: min(len(samples), 100)]
        brief = replace(context.effort, queries=min(context.effort.queries, 300))
        points = [(0.0, float(found.correct.mean()))]
        for factor in (0.25, 0.5, 2.0):
            stages = plan(context.model, brief, few.x, few.y)[:3]
            ball = ball_for(context.model, self.norm, factor * radius)
            part = evade(
                context.model,
                few,
                ball,
                stages,
                context.seed,
                context.effort.seconds * 0.05,
                chunk=_chunk(context.model),
            )
            points.append((factor * radius, float(part.robust.mean())))
        points = sorted([*points, (radius, float(found.robust.mean()))])
        return Curve(
            chart=f"Robust accuracy by radius in {self.norm} (upper bounds)",
            name=context.model.name,
            x=tuple(x for x, _ in points),
            y=tuple(y for _, y in points),
            x_label="radius",
            y_label="robust accuracy",
        )


def _chunk(model: ModelUnderTest) -> int:
    """Rows attacked together: few where each costs thousands of questions, so that time that runs out loses little."""
    return 10 if model.access is Access.LABELS else 250

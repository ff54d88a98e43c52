"""``evasion.certificate``: what randomised smoothing would guarantee for this model, beside what attacks still find."""

from __future__ import annotations

import time

import numpy as np

from bartizan.core.threat import Threat
from bartizan.reporting.audit import AuditResult, Comparison, Curve, Outcome
from bartizan.robustness.defences.smoothing import ABSTAIN, Smoothed, certify
from bartizan.robustness.evasion.ball import Norm, ball_for
from bartizan.robustness.evasion.ensemble import Deadline, evade
from bartizan.robustness.evasion.setting import WHITE_BOX, enough, options, rows
from bartizan.robustness.evasion.stages import Stage, squares
from bartizan.robustness.evasion.verdict import rate
from bartizan.robustness.interface import Access, AuditContext, audit


@audit
class EvasionCertificate:
    """Options: ``epsilon`` (L2 radius), ``sigma`` (noise), ``votes`` a row, ``mark`` (certified accuracy wanted)."""

    id = "evasion.certificate"
    title = "What smoothing would certify (L2)"
    threat = Threat.ADVERSARIAL_INPUT
    needs = Access.LABELS

    def run(self, context: AuditContext, /) -> AuditResult:
        """See :class:`~bartizan.robustness.interface.Audit`."""
        given = options(context, epsilon=0.5, sigma=0.25, votes=1_000, mark=0.5)
        samples = rows(context)[: max(30, min(context.effort.samples, 100))]
        timed = Deadline(context.model, time.monotonic() + context.effort.seconds * 0.8)
        correct = int((context.model.predict_label(samples.x) == samples.y).sum())
        enough(correct)
        found = certify(timed, samples.x, given["sigma"], context.seed, votes=int(given["votes"]))
        right = found.label == samples.y
        held = right & (found.radius >= given["epsilon"])
        n = len(samples)
        certified = rate("certified_accuracy", int(held.sum()), n, "a lower bound, of the smoothed model")
        clean = rate("smoothed_accuracy", int(right.sum()), n, f"{int((found.label == ABSTAIN).sum())} abstained")
        smooth = Smoothed(context.model, given["sigma"], 50, context.seed)
        ball = ball_for(context.model, Norm.L2, given["epsilon"])
        few = samples[:30]
        seen = evade(smooth, few, ball, [Stage("square", Access.SCORES, squares(60))], context.seed, 30)
        attacked = rate("smoothed_accuracy_attacked", int(seen.robust.sum()), len(few), "an upper bound, by Square")
        few_held = certified.value < given["mark"]
        radii = np.linspace(0, 4 * given["sigma"], 33)
        return AuditResult(
            audit=self.id,
            title=self.title,
            threat=self.threat,
            outcome=Outcome.INCONCLUSIVE if few_held else Outcome.WITHSTOOD,
            reason=(
                f"{certified.value:.1%} of {n} rows certified at L2 {given['epsilon']:g} with σ {given['sigma']:g}; "
                f"{given['mark']:.0%} wanted{'; that says nothing about attacks' if few_held else ''}"
            ),
            threat_model=f"Anybody: within L2 {given['epsilon']:g} no change of one input alters a certified class.",
            techniques=WHITE_BOX,
            algorithm=f"CERTIFY: 100 and {given['votes']:g} votes, one-sided Clopper-Pearson, alpha 0.001 a row",
            papers=("Cohen et al., Certified adversarial robustness via randomized smoothing, ICML 2019",),
            access=str(Access.LABELS),
            settings={name: f"{given[name]:g}" for name in ("epsilon", "sigma", "votes", "mark")} | {"samples": str(n)},
            measures=(rate("accuracy", correct, n, "without noise"), clean, certified, attacked),
            control=Comparison(
                what="what an attack finds may not fall below what is certified", measure=attacked,
                succeeded=bool((seen.robust[: len(few)] | ~held[: len(few)]).all()),
            ),
            untested=(
                "The guarantee is that of the model behind noise and votes; served without them, the model has none.",
                "Other norms; larger changes; noise that a deployment cuts at the legal values.",
            ),
            remediation="Train under the same noise (GaussianNoise as perturb), then serve the smoothed model.",
            curves=(
                Curve(
                    chart="Certified accuracy by L2 radius", name=f"σ {given['sigma']:g}", x=tuple(map(float, radii)),
                    y=tuple(float((right & (found.radius >= one)).mean()) for one in radii),
                    x_label="radius", y_label="certified accuracy",
                ),
            ),
        )  # fmt: skip

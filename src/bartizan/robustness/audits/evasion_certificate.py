"""``evasion.certificate``: what randomised smoothing would guarantee for this model, beside what attacks still find."""

from __future__ import annotations

import time

import numpy as np

from bartizan.core.threat import Threat
from bartizan.reporting.audit import AuditResult, Comparison, Curve, Measure, Outcome
from bartizan.robustness.defences.smoothing import ABSTAIN, Smoothed, certify, lower_bound
from bartizan.robustness.evasion.apgd import apgd
from bartizan.robustness.evasion.ball import Norm, ball_for
from bartizan.robustness.evasion.brittle import Stripes
from bartizan.robustness.evasion.ensemble import Deadline, Evasion, evade
from bartizan.robustness.evasion.setting import WHITE_BOX, enough, options, rows
from bartizan.robustness.evasion.stages import Stage, Try, squares
from bartizan.robustness.evasion.through_noise import through_noise
from bartizan.robustness.evasion.verdict import rate
from bartizan.robustness.interface import Access, AuditContext, Flags, Floats, Samples, audit
from bartizan.robustness.losses import CrossEntropy
from bartizan.robustness.settling import settled

_DRAWS, _STEPS = 8, 15
"""Of noise for a gradient, and gradients for a row: the attack through the noise."""


@audit
class EvasionCertificate:
    """Options: ``epsilon`` (L2 radius), ``sigma`` (noise), ``votes`` a row, ``mark`` (certified accuracy wanted),
    ``rows`` (at most so many)."""

    id = "evasion.certificate"
    title = "What smoothing would certify (L2)"
    threat = Threat.ADVERSARIAL_INPUT
    needs = Access.LABELS

    def run(self, context: AuditContext, /) -> AuditResult:
        """See :class:`~bartizan.robustness.interface.Audit`."""
        given = options(context, epsilon=0.5, sigma=0.25, votes=1_000, mark=0.5, rows=100)
        samples = rows(context)[: max(30, min(context.effort.samples, int(given["rows"])))]
        seconds = context.effort.seconds
        timed = Deadline(context.model, time.monotonic() + seconds * 0.6)
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
        seen = evade(smooth, few, ball, _stages(context, given["sigma"]), context.seed, seconds * 0.2)
        attacked = rate(
            "smoothed_accuracy_attacked",
            int(seen.robust.sum()),
            len(few),
            f"an upper bound, by {', '.join(seen.after)}",
        )
        control = _control(context, few, given["sigma"], given["epsilon"], int(given["votes"]))
        outcome, reason = _outcome(certified, given["mark"], control, _broken(smooth, few, seen, held[: len(few)]))
        radii = np.linspace(0, 4 * given["sigma"], 33)
        return AuditResult(
            audit=self.id,
            title=self.title,
            threat=self.threat,
            outcome=outcome,
            reason=f"at L2 {given['epsilon']:g} with σ {given['sigma']:g}: {reason}",
            threat_model=f"Anybody: within L2 {given['epsilon']:g} no change of one input alters a certified class.",
            techniques=WHITE_BOX,
            algorithm=f"CERTIFY: 100 and {given['votes']:g} votes, one-sided Clopper-Pearson, alpha 0.001 a row",
            papers=("Cohen et al., Certified adversarial robustness via randomized smoothing, ICML 2019",),
            access=str(Access.LABELS),
            settings={name: f"{given[name]:g}" for name in ("epsilon", "sigma", "votes", "mark", "rows")}
            | {"samples": str(n)},
            measures=(rate("accuracy", correct, n, "without noise"), clean, certified, attacked),
            control=control,
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


def _stages(context: AuditContext, sigma: float) -> list[Stage]:
    """Through the noise where the model gives gradients, and on shares of votes."""
    found = [Stage("square", Access.SCORES, squares(60))]
    if context.model.access.allows(Access.GRADIENTS):

        def attack(on: Try) -> Floats:
            oracle = through_noise(context.model, sigma, _DRAWS, on.rng)
            return apgd(oracle, on.x, on.y, CrossEntropy(on.y), on.ball, _STEPS, on.rng)

        found.insert(0, Stage("apgd through the noise", Access.SCORES, attack))
    return found


def _control(context: AuditContext, few: Samples, sigma: float, epsilon: float, votes: int) -> Comparison:
    """A model that is weak by construction, right about its own answers, must get no certificates."""
    weak = Stripes(context.model, min(sigma, epsilon) / 2, context.seed)
    given = certify(weak, few.x, sigma, context.seed, votes=votes)
    refused = ~((given.label == weak.predict_label(few.x)) & (given.radius >= epsilon))
    measure = rate("not_certified", int(refused.sum()), len(few))
    return Comparison(what=weak.name, measure=measure, succeeded=measure.value >= 0.5)


def _broken(smooth: Smoothed, few: Samples, seen: Evasion, held: Flags) -> int:
    """Certified rows that the attack changed within the radius to another class for sure: a majority of many fresh
    votes, since the attack may have profited from few."""
    count = 0
    for row in np.flatnonzero(held & seen.correct & ~seen.robust):
        votes = smooth.votes(seen.x[row], 1_000)
        count += lower_bound(int(votes.sum() - votes[few.y[row]]), 1_000, 0.001) > 0.5
    return count


def _outcome(certified: Measure, mark: float, control: Comparison, broken: int) -> tuple[Outcome, str]:
    low, high = certified.interval or (0.0, 1.0)
    said = f"{certified.value:.1%} of {certified.n} rows certified [{low:.1%}, {high:.1%}]; {mark:.0%} wanted"
    unsure = []
    if broken:
        unsure.append(f"an attack broke {broken} certified rows, which no sound certificate allows")
    if certified.value < mark:
        unsure.append("that says nothing about attacks")
    elif low < mark:
        unsure.append("the interval reaches below it, use more rows (option rows)")
    return settled(said, control.succeeded, unsure=unsure)

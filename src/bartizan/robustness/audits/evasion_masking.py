"""``evasion.masking``: does the model withstand attacks, or only hide its gradients from them?"""

from __future__ import annotations

import numpy as np

from bartizan.core.threat import Severity, Threat
from bartizan.reporting.audit import AuditResult, Comparison, Outcome
from bartizan.robustness.errors import AuditError
from bartizan.robustness.evasion.ball import Norm, ball_for
from bartizan.robustness.evasion.chance import Voting, by_chance
from bartizan.robustness.evasion.masking import Masking, look
from bartizan.robustness.evasion.opaque import Rounded
from bartizan.robustness.evasion.setting import UPPER_BOUND, WHITE_BOX, enough, linear, options, rows
from bartizan.robustness.evasion.verdict import rate
from bartizan.robustness.interface import Access, AuditContext, ModelUnderTest, audit
from bartizan.robustness.settling import settled


@audit
class EvasionMasking:
    """Options: ``epsilon`` (L∞ radius), ``votes`` (questions for each where answers vary by chance)."""

    id = "evasion.masking"
    title = "Gradients that are hidden rather than harmless"
    lasts = 38
    threat = Threat.ADVERSARIAL_INPUT
    needs = Access.GRADIENTS
    takes_chance = True

    def run(self, context: AuditContext, /) -> AuditResult:
        """See :class:`~bartizan.robustness.interface.Audit`."""
        given = options(context, epsilon=8 / 255, votes=10)
        samples, source = rows(context), context.data.train or context.data.test
        model: ModelUnderTest = context.model
        votes = max(int(given["votes"]), 2)
        chance = by_chance(model, samples.x[:64])
        if chance:
            model = Voting(model, votes)
        ball = ball_for(model, Norm.LINF, given["epsilon"])
        found = look(model, samples, ball, context.effort, context.seed, source, context.effort.seconds * 0.7)
        correct = int(found.correct.sum())
        enough(correct)
        control = self._control(context, given["epsilon"])
        n = len(samples)
        textbook = rate("robust_accuracy_textbook", int(found.textbook.sum()), n, "20 steps of PGD")
        adaptive = rate("robust_accuracy_adaptive", int(found.adaptive.sum()), n, "an upper bound")
        outcome, reason = self._outcome(found, control, textbook.value, adaptive.value)
        return AuditResult(
            audit=self.id,
            title=self.title,
            threat=self.threat,
            outcome=outcome,
            severity=Severity.MEDIUM if outcome is Outcome.WEAK else Severity.INFO,
            reason=reason,
            threat_model="Knows the parameters and the defence, adapts the attack to it, and may ask again.",
            techniques=WHITE_BOX,
            algorithm=(
                "PGD; more steps and restarts; straight-through gradients; Square; evolution strategies; transfer; "
                f"paired exact McNemar tests{f'; means over {votes} answers' if chance else ''}"
            ),
            papers=(
                "Athalye et al., Obfuscated gradients give a false sense of security, ICML 2018",
                "Carlini et al., On evaluating adversarial robustness, 2019",
                "Tramèr et al., On adaptive attacks to adversarial example defenses, NeurIPS 2020",
            ),
            access=str(Access.GRADIENTS),
            settings={"epsilon": f"{given['epsilon']:g}", "votes": f"{given['votes']:g}", "samples": str(n)},
            measures=(
                rate("accuracy", correct, n),
                textbook,
                adaptive,
                *(rate(f"robust_accuracy, {name}", int(left.sum()), n) for name, left in found.alone.items()),
                rate("rows_without_gradient", round(found.without_gradient * n), n),
            ),
            baselines=(Comparison(what="the textbook attack alone", measure=textbook),),
            control=control,
            untested=(
                UPPER_BOUND,
                "Defences that none of these attacks sees through.",
                *(f"Cut short: {what} ({why})." for what, why in found.unfinished.items()),
            ),
            doubt=f"the gradients are masked, {adaptive.value:.1%} are left at {given['epsilon']:g} once attacks adapt"
            if found.signs
            else "",
            remediation="State the adaptive figure. What hides gradients costs attackers time; it is not robustness.",
        )

    @staticmethod
    def _outcome(found: Masking, control: Comparison, textbook: float, adaptive: float) -> tuple[Outcome, str]:
        if found.signs:
            figures = f"robust accuracy {adaptive:.1%}, textbook {textbook:.1%}"
            return Outcome.WEAK, f"masked: {'; '.join(found.signs)}; {figures}"
        return settled(
            f"no sign of masking; robust accuracy {adaptive:.1%}, textbook {textbook:.1%}",
            control.succeeded,
            found.unfinished,
        )

    @staticmethod
    def _control(context: AuditContext, radius: float) -> Comparison:
        """A linear model behind rounding must be called masked, and break."""
        low, high = context.model.bounds
        if not np.isfinite(high - low).all():
            raise AuditError(
                "the positive control rounds inputs between bounds, and there are none", "state the bounds"
            )
        few = rows(context)[:60]
        hidden = Rounded(linear(context), 64)
        ball = ball_for(hidden, Norm.LINF, max(radius, float(np.max(high - low)) / 8))
        seen = look(hidden, few, ball, context.effort, context.seed, few, context.effort.seconds * 0.2)
        broken = rate("evasion_rate", int((seen.correct & ~seen.adaptive).sum()), int(seen.correct.sum()))
        return Comparison(
            what="a linear model behind rounded inputs, which hides its gradients",
            measure=broken,
            succeeded=bool(seen.signs) and broken.value >= 0.5,
        )

"""Membership from labels alone."""

from __future__ import annotations

from typing import Final

from bartizan.core.threat import Threat
from bartizan.reporting.audit import AuditResult
from bartizan.robustness.interface import Access, AuditContext, audit
from bartizan.robustness.privacy import plain_attack
from bartizan.robustness.privacy.labels import Steadiness, correct


@audit
class MembershipLabels:
    """Right or wrong, and steadiness under noise."""

    id: Final = "membership.labels"
    threat: Final = Threat.DATA_LEAKAGE
    needs: Final = Access.LABELS
    title: Final = "Membership: from labels alone"
    spreads: Final = True

    def run(self, context: AuditContext, /) -> AuditResult:
        """See :class:`~bartizan.robustness.interface.Audit`."""
        steady = Steadiness(seed=context.seed)
        return plain_attack.run(
            context,
            {"gap": correct, "steadiness": steady},
            trains=True,
            audit=self.id,
            title=self.title,
            threat_model="Asks for classes of a row and its noisy copies, wants to know whether it was trained on.",
            algorithm=f"gap attack; share of noisy copies that keep the label, {steady.queries} queries a row",
            papers=("Choquette-Choo et al., Label-Only Membership Inference Attacks, ICML 2021",),
        )

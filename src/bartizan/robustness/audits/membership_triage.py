"""Membership where shadow models are too dear: every signal that needs none. Finding nothing says nothing."""

from __future__ import annotations

from typing import Final

from bartizan.core.threat import Threat
from bartizan.reporting.audit import AuditResult
from bartizan.robustness.interface import Access, AuditContext, audit
from bartizan.robustness.privacy import plain_attack
from bartizan.robustness.privacy.neighbours import Neighbours
from bartizan.robustness.privacy.signals import confidence, negative_entropy


@audit
class MembershipTriage:
    """Loss, modified entropy, neighbourhood."""

    id: Final = "membership.triage"
    threat: Final = Threat.DATA_LEAKAGE
    needs: Final = Access.SCORES
    title: Final = "Membership: triage without shadow models"
    spreads: Final = True

    def run(self, context: AuditContext, /) -> AuditResult:
        """See :class:`~bartizan.robustness.interface.Audit`."""
        return plain_attack.run(
            context,
            {"loss": confidence, "entropy": negative_entropy, "neighbours": Neighbours(seed=context.seed)},
            trains=False,
            audit=self.id,
            title=self.title,
            threat_model="Asks for scores of a labelled row and of noisy copies; trains nothing.",
            algorithm="loss, modified entropy, confidence less that of noisy copies; corrected for three tries",
            papers=(
                "Yeom et al., Privacy Risk in Machine Learning, IEEE CSF 2018",
                "Song and Mittal, Systematic Evaluation of Privacy Risks, USENIX Security 2021",
                "Mattern et al., Neighbourhood Comparison, ACL Findings 2023",
            ),
        )

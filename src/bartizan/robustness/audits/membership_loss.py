"""One threshold on the loss: the attack of textbooks and of most tools."""

from __future__ import annotations

from typing import Final

from bartizan.core.threat import Threat
from bartizan.reporting.audit import AuditResult
from bartizan.robustness.interface import Access, AuditContext, audit
from bartizan.robustness.privacy import plain_attack
from bartizan.robustness.privacy.signals import confidence


@audit
class MembershipLoss:
    """A threshold on the loss."""

    id: Final = "membership.loss"
    threat: Final = Threat.DATA_LEAKAGE
    needs: Final = Access.SCORES
    title: Final = "Membership: one threshold on the loss"
    spreads: Final = True

    def run(self, context: AuditContext, /) -> AuditResult:
        """See :class:`~bartizan.robustness.interface.Audit`."""
        return plain_attack.run(
            context,
            {"loss": confidence},
            trains=True,
            audit=self.id,
            title=self.title,
            threat_model="Asks for scores of a labelled row, wants to know whether it was used in training.",
            algorithm="threshold on the loss",
            papers=("Yeom et al., Privacy Risk in Machine Learning, IEEE CSF 2018",),
        )

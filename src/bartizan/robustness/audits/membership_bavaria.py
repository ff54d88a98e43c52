"""The likelihood ratio attack for few shadow models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bartizan.core.threat import Threat
from bartizan.reporting.audit import AuditResult
from bartizan.robustness.interface import Access, AuditContext, Floats, audit
from bartizan.robustness.privacy import shadow_attack
from bartizan.robustness.privacy.bavaria import bavaria
from bartizan.robustness.privacy.shadow_attack import Answers
from bartizan.robustness.privacy.shadows import INSTEAD


@audit
class MembershipBavaria:
    """A Student likelihood ratio whose spreads borrow from all rows."""

    id: Final = "membership.bavaria"
    threat: Final = Threat.DATA_LEAKAGE
    needs: Final = Access.SCORES
    title: Final = "Membership: likelihood ratio from few shadow models"
    spreads: Final = True
    instead: Final = INSTEAD

    def run(self, context: AuditContext, /) -> AuditResult:
        """See :class:`~bartizan.robustness.interface.Audit`."""
        return shadow_attack.run(
            context,
            _scores,
            fewest=4,
            audit=self.id,
            title=self.title,
            threat_model=(
                "Can train a few models of the same kind, asks for scores, wants to know whether a given row was used "
                "in training."
            ),
            algorithm="Student likelihood ratio under normal-inverse-gamma priors, after BaVarIA",
            papers=("Brännvall, From LiRA and RMIA to BaVarIA, arXiv 2603.11799, 2026",),
        )


def _scores(given: Answers) -> Mapping[str, Floats]:
    rows = given.target, given.shadows, given.keep
    return {"student": bavaria(*rows), "normal": bavaria(*rows, heavy=False)}

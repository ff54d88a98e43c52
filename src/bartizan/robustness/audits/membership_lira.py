"""The likelihood ratio attack on membership."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bartizan.core.threat import Threat
from bartizan.reporting.audit import AuditResult
from bartizan.robustness.interface import Access, AuditContext, Floats, audit
from bartizan.robustness.privacy import lira, shadow_attack
from bartizan.robustness.privacy.shadow_attack import Answers
from bartizan.robustness.privacy.shadows import INSTEAD


@audit
class MembershipLira:
    """LiRA, online and offline."""

    id: Final = "membership.lira"
    threat: Final = Threat.DATA_LEAKAGE
    needs: Final = Access.SCORES
    title: Final = "Membership: likelihood ratio against shadow models"
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
                "Knows how the model was trained and rows of the same kind, asks for scores, wants to know whether a "
                "given row was used in training."
            ),
            algorithm="LiRA (online; offline as published), scores of the authors' evaluation",
            papers=("Carlini et al., Membership Inference Attacks From First Principles, IEEE S&P 2022",),
        )


def _scores(given: Answers) -> Mapping[str, Floats]:
    fixed = len(given.keep) < lira.FEW
    rows = given.target, given.shadows, given.keep, fixed
    return {"online": lira.online(*rows), "offline": lira.offline(*rows), "one_sided": lira.one_sided(*rows)}

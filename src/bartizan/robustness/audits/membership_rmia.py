"""The relative attack on membership."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bartizan.core.threat import Threat
from bartizan.reporting.audit import AuditResult
from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.interface import Access, AuditContext, Floats, audit
from bartizan.robustness.privacy import shadow_attack
from bartizan.robustness.privacy.rmia import rmia
from bartizan.robustness.privacy.shadow_attack import Answers
from bartizan.robustness.privacy.shadows import INSTEAD
from bartizan.robustness.privacy.signals import probability

_FEWEST = 20


@audit
class MembershipRmia:
    """RMIA."""

    id: Final = "membership.rmia"
    threat: Final = Threat.DATA_LEAKAGE
    needs: Final = Access.SCORES
    title: Final = "Membership: relative to rows of the population"
    spreads: Final = True
    instead: Final = INSTEAD

    def run(self, context: AuditContext, /) -> AuditResult:
        """See :class:`~bartizan.robustness.interface.Audit`."""
        return shadow_attack.run(
            context,
            _scores,
            fewest=2,
            audit=self.id,
            title=self.title,
            threat_model=(
                "Knows how the model was trained, rows of the same kind and rows that were surely not used; asks for "
                "scores, wants to know whether a given row was used in training."
            ),
            algorithm="RMIA, scores of the authors' library",
            papers=("Zarifzadeh, Liu, Shokri, Low-Cost High-Power Membership Inference Attacks, ICML 2024",),
        )


def _scores(given: Answers) -> Mapping[str, Floats]:
    if len(given.z_target) < _FEWEST:
        raise UnusableDataError(
            f"{len(given.z_target)} rows are left as population, {_FEWEST} are the fewest", "give more test rows"
        )
    return {
        "rmia": rmia(
            probability(given.target),
            probability(given.shadows),
            given.keep,
            probability(given.z_target),
            probability(given.z_shadows),
        )
    }

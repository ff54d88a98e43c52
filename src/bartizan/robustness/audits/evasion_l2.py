"""``evasion.l2``: an input may change by a small distance."""

from __future__ import annotations

from bartizan.robustness.evasion.ball import Norm
from bartizan.robustness.evasion.norm_audit import NormAudit
from bartizan.robustness.interface import audit


@audit
class EvasionL2(NormAudit):
    """See :class:`~bartizan.robustness.evasion.norm_audit.NormAudit`."""

    id = "evasion.l2"
    title = "Evasion by a small distance (L2)"
    lasts = 16
    norm = Norm.L2
    radius = 0.5

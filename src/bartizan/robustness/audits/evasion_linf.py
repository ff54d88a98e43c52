"""``evasion.linf``: every value of an input may change a little."""

from __future__ import annotations

from bartizan.robustness.evasion.ball import Norm
from bartizan.robustness.evasion.norm_audit import NormAudit
from bartizan.robustness.interface import audit


@audit
class EvasionLinf(NormAudit):
    """See :class:`~bartizan.robustness.evasion.norm_audit.NormAudit`."""

    id = "evasion.linf"
    title = "Evasion by small changes everywhere (L∞)"
    lasts = 24
    norm = Norm.LINF
    radius = 8 / 255

"""``evasion.sparse``: a few pixels may change to anything."""

from __future__ import annotations

from bartizan.robustness.evasion.region_audit import SparseAudit
from bartizan.robustness.interface import audit


@audit
class EvasionSparse(SparseAudit):
    """See :class:`~bartizan.robustness.evasion.region_audit.RegionAudit`; option ``pixels``."""

    id = "evasion.sparse"
    title = "Evasion by few pixels (L0)"
    lasts = 20
    option = "pixels"
    share = 1 / 80
    """Of the places."""

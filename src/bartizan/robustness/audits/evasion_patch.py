"""``evasion.patch``: one square of a picture may change to anything."""

from __future__ import annotations

from bartizan.robustness.evasion.region_audit import PatchAudit
from bartizan.robustness.interface import audit


@audit
class EvasionPatch(PatchAudit):
    """See :class:`~bartizan.robustness.evasion.region_audit.RegionAudit`; option ``side``."""

    id = "evasion.patch"
    title = "Evasion by a patch"
    lasts = 4
    option = "side"
    share = 1 / 6
    """Of the shorter side."""

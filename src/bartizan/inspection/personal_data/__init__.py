"""Personal data: formats with a structure or a check digit that a machine can verify."""

from __future__ import annotations

from bartizan.core.threat import Guard
from bartizan.inspection.interface import Pattern
from bartizan.inspection.patterns import PatternDetector
from bartizan.inspection.personal_data.contact import contact
from bartizan.inspection.personal_data.documents import documents
from bartizan.inspection.personal_data.national_americas import americas
from bartizan.inspection.personal_data.national_north_east_europe import north_east_europe
from bartizan.inspection.personal_data.national_others import others
from bartizan.inspection.personal_data.national_west_europe import west_europe
from bartizan.inspection.personal_data.payment import payment

__all__ = ["PERSONAL_DATA_PATTERNS", "PERSONAL_DATA_VIEWS_SKIPPED", "personal_data_detector"]

PERSONAL_DATA_VIEWS_SKIPPED = frozenset({"leet", "rot13", "caesar", "atbash", "reversed", "morse"})
"""Views that make digits up or turn them round."""


PERSONAL_DATA_PATTERNS: tuple[Pattern, ...] = (
    *payment(),
    *contact(),
    *documents(),
    *americas(),
    *west_europe(),
    *north_east_europe(),
    *others(),
)
"""Every format, in a stable order."""


def personal_data_detector() -> PatternDetector:
    """The detector ``personal_data`` over all formats."""
    return PatternDetector(
        "personal_data", Guard.PERSONAL_DATA, PERSONAL_DATA_PATTERNS, skip=PERSONAL_DATA_VIEWS_SKIPPED
    )

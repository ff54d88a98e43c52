"""Personal data: formats with a structure or a check digit that a machine can verify."""

from __future__ import annotations

from bartizan.core.threat import Guard
from bartizan.inspection.interface import Pattern
from bartizan.inspection.patterns import PatternDetector
from bartizan.inspection.personal_data.contact import contact
from bartizan.inspection.personal_data.documents import documents
from bartizan.inspection.personal_data.national_americas import americas
from bartizan.inspection.personal_data.national_europe import europe
from bartizan.inspection.personal_data.national_others import others
from bartizan.inspection.personal_data.payment import payment

__all__ = ["PERSONAL_DATA_VIEWS_SKIPPED", "personal_data_detector", "personal_data_patterns"]

PERSONAL_DATA_VIEWS_SKIPPED = frozenset({"leet", "rot13", "reversed", "morse"})
"""Views that make digits up or turn them round."""


def personal_data_patterns() -> tuple[Pattern, ...]:
    """Every format, in a stable order."""
    return (*payment(), *contact(), *documents(), *americas(), *europe(), *others())


def personal_data_detector() -> PatternDetector:
    """The detector ``personal_data`` over all formats."""
    return PatternDetector(
        "personal_data", Guard.PERSONAL_DATA, personal_data_patterns(), skip=PERSONAL_DATA_VIEWS_SKIPPED
    )

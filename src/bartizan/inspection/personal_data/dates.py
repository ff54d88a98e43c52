"""Dates inside identifiers, and dates of birth."""

from __future__ import annotations

_MONTHS = (
    "jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|mar(?:ch|s|zo)?|märz|apr(?:il)?|may|mai|mayo|june?|juni|jul(?:y|i)?|"
    "aug(?:ust)?|sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?"
)

DATE = (
    r"(?:(?:19|20)\d{2}[-/.](?:1[0-2]|0?[1-9])[-/.](?:3[01]|[12]\d|0?[1-9])"
    r"|(?:3[01]|[12]\d|0?[1-9])[-/. ](?:3[01]|[12]\d|0?[1-9])[-/. ](?:(?:19|20)\d{2}|\d{2})"
    rf"|(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th|\.)? (?:of |de )?(?:{_MONTHS})\.?,? (?:de )?(?:19|20)\d{{2}}"
    rf"|(?:{_MONTHS})\.? (?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?,? (?:19|20)\d{{2}}"
    r"|(?:19|20)\d{2}年(?:1[0-2]|0?[1-9])月(?:3[01]|[12]\d|0?[1-9]))"
)
"""RE2 for a written date, numeric or with a month's name."""

DATE_LENGTH = 30


def plausible(month: int, day: int) -> bool:
    """A month and a day that exist in some year."""
    return 1 <= month <= 12 and 1 <= day <= (29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31)

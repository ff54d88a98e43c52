"""How bad an advisory says it is: by CVSS 4.0, 3.x or 2.0 vectors (FIRST), else by the word of its database."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from cvss import CVSS2, CVSS3, CVSS4, CVSSError

from bartizan.supplychain.packages.osv.records import Affected, Record, Scored

_METHODS: dict[str, Callable[[str], CVSS2 | CVSS3 | CVSS4]] = {"CVSS_V2": CVSS2, "CVSS_V3": CVSS3, "CVSS_V4": CVSS4}
_LONGEST = 512
_WORDS = {"critical": "critical", "high": "high", "important": "high", "moderate": "medium", "medium": "medium",
          "low": "low", "negligible": "low", "minimal": "low"}  # fmt: skip
RANKS = {"unrated": 0, "low": 1, "medium": 2, "high": 3, "critical": 4}


def score(one: Scored) -> float | None:
    """Base score of a vector, 0 to 10; with the threat and environment that a vector names. None for no vector."""
    method = _METHODS.get(one.type)
    if method is None or len(one.score) > _LONGEST:
        return None
    try:
        return float(str(method(one.score).scores()[0]))
    except (CVSSError, ValueError, TypeError, KeyError, ArithmeticError):
        return None


def rating(value: float) -> str:
    """The qualitative scale of CVSS 3 and 4; a score of 0 is low, since somebody wrote an advisory."""
    return "critical" if value >= 9 else "high" if value >= 7 else "medium" if value >= 4 else "low"


def rated(record: Record, affected: Iterable[Affected]) -> str:
    """The worst rating of the record for the affected packages: ``unrated``, ``low`` … ``critical``."""
    own = [one for each in affected for one in each.severity]
    values = [value for one in (own or record.severity) if (value := score(one)) is not None]
    if values:
        return rating(max(values))
    words = [_word(record.database_specific), *(_word(each.database_specific) for each in affected),
             *(_word(each.ecosystem_specific) for each in affected)]  # fmt: skip
    return max(words, key=lambda one: RANKS[one])


def _word(content: Any) -> str:
    said = content.get("severity") if isinstance(content, dict) else None
    return _WORDS.get(said.strip().casefold(), "unrated") if isinstance(said, str) else "unrated"

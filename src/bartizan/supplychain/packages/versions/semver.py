"""Semantic versions 2.0.0 (https://semver.org), as npm and OSV order them."""

from __future__ import annotations

import re
from functools import lru_cache

_LONGEST = 256
_VERSION = re.compile(
    r"[v=\s]*(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]*)?\s*\Z", re.ASCII
)
Key = tuple[int, int, int, int, tuple[tuple[int, int, str], ...]]


@lru_cache(maxsize=65_536)
def key(text: str) -> Key | None:
    """What versions are ordered by (section 11), or None where the text is none; missing parts count as 0."""
    found = _VERSION.match(text) if len(text) <= _LONGEST else None
    if found is None:
        return None
    major, minor, patch, before = found.groups()
    parts = tuple(_identifier(one) for one in before.split(".")) if before else ()
    return int(major), int(minor or 0), int(patch or 0), 0 if before else 1, parts


def public(text: str) -> str:
    """Without build metadata, which takes no part in the order."""
    return text.partition("+")[0].strip().lstrip("v= ")


def _identifier(text: str) -> tuple[int, int, str]:
    """Numbers come before words; numbers by value, words by their bytes."""
    return (0, int(text), "") if text.isdigit() else (1, 0, text)

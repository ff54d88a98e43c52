"""Versions of PyPI (PEP 440), by the library ``packaging``."""

from __future__ import annotations

from functools import lru_cache

from packaging.version import InvalidVersion, Version

_LONGEST = 256


@lru_cache(maxsize=65_536)
def version(text: str) -> Version | None:
    """The version, or None where the text is none."""
    if len(text) > _LONGEST:
        return None
    try:
        return Version(text)
    except (InvalidVersion, ValueError):
        return None


def key(text: str) -> Version | None:
    """What versions are ordered by."""
    return version(text)


def public(text: str) -> str:
    """Without the local part (``+cpu``), which names a build of the same release."""
    return text.partition("+")[0]

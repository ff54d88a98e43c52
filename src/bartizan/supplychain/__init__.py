"""Artefacts before they are loaded: scanners, admission, ``safe_load``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bartizan.supplychain.loading import NotAdmittedError, safe_load

__all__ = ["NotAdmittedError", "safe_load"]


def __getattr__(name: str) -> Any:
    """What is public, imported when it is asked for: scanners do not wait for policy."""
    if name in __all__:
        from bartizan.supplychain import loading

        return getattr(loading, name)
    raise AttributeError(name)

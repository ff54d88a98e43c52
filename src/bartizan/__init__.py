"""Bartizan: secure an AI system over its whole life."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bartizan.api import Guard
    from bartizan.app.protecting import open_protection

__version__ = "0.1.0"

__all__ = ["Guard", "__version__", "open_protection"]


def __getattr__(name: str) -> Any:
    """Load the API on first use, so that ``bartizan --help`` stays quick."""
    if name == "Guard":
        from bartizan.api import Guard

        return Guard
    if name == "open_protection":
        from bartizan.app.protecting import open_protection

        return open_protection
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

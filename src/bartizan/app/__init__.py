"""The composition root: builds the objects from a workspace and hands each what it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bartizan.app.gateways import build_gateway
    from bartizan.app.guards import build_guard, default_guard, load_guard

__all__ = ["build_gateway", "build_guard", "default_guard", "load_guard"]


def __getattr__(name: str) -> Any:
    """Load on first use, so that the keeper process does not hold the gateway's libraries."""
    if name == "build_gateway":
        from bartizan.app import gateways

        return gateways.build_gateway
    if name in __all__:
        from bartizan.app import guards

        return getattr(guards, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""Strategies: how moves follow from replies. One file a strategy."""

from bartizan.redteam.strategies.registry import strategies

__all__ = ["strategies"]

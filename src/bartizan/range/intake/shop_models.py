"""The shop's own model class, which no scanner can know."""

from __future__ import annotations


class Pricing:
    """A price per number of bicycles.

    Args:
        slope: EUR per bicycle.
        base: EUR.
    """

    def __init__(self, slope: float, base: float) -> None:
        self.slope = slope
        self.base = base

    def predict(self, bicycles: float) -> float:
        """EUR."""
        return self.slope * bicycles + self.base

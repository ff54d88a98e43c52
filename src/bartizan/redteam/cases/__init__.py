"""Cases: attacks as data. One file a cell of entry point and objective, one strict loader."""

from bartizan.redteam.cases.loader import load_cases

__all__ = ["load_cases"]

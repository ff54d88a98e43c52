"""All readers of lock files."""

from __future__ import annotations

from bartizan.supplychain.packages.interface import Reader
from bartizan.supplychain.packages.readers.requirements import Requirements

READERS: tuple[Reader, ...] = (Requirements(),)


def reader_for(name: str, head: bytes) -> Reader | None:
    """The first that recognises a file of this name with this beginning."""
    return next((one for one in READERS if one.recognises(name, head)), None)

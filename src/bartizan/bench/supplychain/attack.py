"""One class of attack, and the harmless call that most of them make."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from bartizan.bench.supplychain.assembler import Raw, call

Build = Callable[[str], bytes]
"""Path of the marker to the file's content."""


class Malicious(NamedTuple):
    """One class of attack."""

    id: str
    loader: str
    """How it is loaded (`victim`); empty for a file that is judged by its form alone."""
    file: str
    build: Build
    needs: str = ""


def touch(marker: str, protocol: int = 4) -> Raw:
    """``os.system("touch MARKER")``."""
    return call("os", "system", (f"touch {marker}",), protocol)

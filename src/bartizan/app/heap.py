"""Memory of a process that runs for weeks: what the collector of cycles looks at, and how often."""

from __future__ import annotations

import gc
from typing import Final

YOUNG: Final = 10_000
"""Containers made since the last look. Of 700, as Python has it, nearly all that live are still at work."""


def settle_heap() -> None:
    """What is loaded stays for long: the collector need not walk through it again and again.

    Call it after each loading; what was settled before and is no longer used goes.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 10)

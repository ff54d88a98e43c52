"""What stands around an order is no order, and weak evidence is none: in material that the trained model has read, both
count in full only if the model saw a trace of an order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from bartizan.core.inference import CLASSIFIER
from bartizan.core.signal import Signal, UnconfirmedSignal

TRACE: Final = 0.1
"""The model's least score that confirms, a fifth of what flags by itself. Chosen on 384 lines in 12 frames that no
model was trained on; ``training.elsewhere`` holds others for measuring."""
UNCONFIRMED: Final = 0.35
"""Factor for the score of what is not confirmed, the same as for an attack that is only quoted."""
_PLAIN: Final = frozenset({"original", "folded"})
"""Views without disguise: who hides a frame has a reason."""


def confirmed(signals: Sequence[Signal]) -> Sequence[Signal]:
    """The same signals, with lower scores for frames and weak evidence in which the model saw nothing.

    Args:
        signals: all of a text that the model has read in full, as material.
    """
    if not any(isinstance(signal, UnconfirmedSignal) for signal in signals):
        return signals
    if any(signal.detector == CLASSIFIER and signal.score >= TRACE for signal in signals):
        return signals
    return [
        replace(signal, score=round(signal.score * UNCONFIRMED, 4))
        if isinstance(signal, UnconfirmedSignal) and signal.view in _PLAIN
        else signal
        for signal in signals
    ]

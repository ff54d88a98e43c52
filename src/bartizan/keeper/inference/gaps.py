"""Why a text went unread by the trained model."""

from __future__ import annotations

from enum import StrEnum

from bartizan.core.inference import Learned
from bartizan.core.passage import Surface


class Gap(StrEnum):
    """The reason, as it is counted."""

    BUSY = "busy"
    """Too much of the same principal was waiting, or the text alone is more than may wait."""
    LATE = "late"
    """Its turn did not come in time."""
    FAILED = "failed"
    """Reading it failed."""
    AWAY = "away"
    """The inference process was out of reach."""
    WINDOWS = "windows"
    """The model itself left a part unread."""


SENTENCES = {
    Gap.BUSY: "classifier: too much is waiting",
    Gap.LATE: "classifier: not read in time",
    Gap.FAILED: "classifier: reading failed",
    Gap.AWAY: "classifier: out of reach",
}
_GAPS = {sentence: gap for gap, sentence in SENTENCES.items()}


def unread(gap: Gap, surfaces: tuple[Surface, ...]) -> tuple[Learned, ...]:
    """The answer for a text that nobody read."""
    return (Learned((), (SENTENCES[gap],)),) * len(surfaces)


def gaps_of(answer: tuple[Learned, ...]) -> frozenset[Gap]:
    """Why something of a text is unread; empty when all of it was read."""
    return frozenset(_GAPS.get(sentence, Gap.WINDOWS) for learned in answer for sentence in learned.unread)

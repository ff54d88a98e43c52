"""What the gateway asks the trained model, as a Protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from bartizan.core.passage import Surface
from bartizan.core.signal import Signal

CLASSIFIER: Final = "classifier"
"""Detector id of the trained model's signals."""


class Question(msgspec.Struct, frozen=True):
    """A text that is to be read as ``surfaces``; two alike are one."""

    text: str
    surfaces: tuple[Surface, ...]
    harm: bool = False
    """Also say, with the surface ``user``, whether it asks for something harmful."""


class Learned(msgspec.Struct, frozen=True, array_like=True):
    """What the model said of a text on one surface."""

    signals: tuple[Signal, ...] = ()
    """Spans refer to the text."""
    unread: tuple[str, ...] = ()
    """Reasons why something may have stayed unread, for the verdict's coverage."""


class Inference(Protocol):
    """The learned tier, away from the event loop."""

    async def ask(self, principal: str, questions: Sequence[Question]) -> Sequence[tuple[Learned, ...]]:
        """For each question what was learned on each of its surfaces.

        Never raises for a model that is busy, late or gone: it says so as ``unread``, and policy decides.

        Args:
            principal: who causes the work; under load each principal has its fair share and nobody has another's.
            questions: different from each other.
        """
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...

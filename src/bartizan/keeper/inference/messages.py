"""What travels on the inference process's socket; framing, greeting and failures are the keeper's."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from bartizan.core.inference import Learned
from bartizan.core.passage import Surface
from bartizan.keeper import messages as m
from bartizan.workspace.deployment import Inference as Settings

PROTOCOL: Final = 2
MOST_TEXTS: Final = 16_384
"""Texts of one request."""
CHARACTERS_PER_SECOND: Final = 100_000
"""A request may take a second longer for each so many."""

Surfaces = Annotated[tuple[Surface, ...], msgspec.Meta(min_length=1, max_length=2)]


class Asked(msgspec.Struct, frozen=True, array_like=True):
    """One question."""

    text: bytes
    """UTF-8, in which a lone surrogate is spelled as if it were a character."""
    surfaces: Surfaces
    harm: bool = False


class Read(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Answered with Answered."""

    id: m.Id
    principal: m.Name
    seconds: Annotated[float, msgspec.Meta(gt=0, le=3600)]
    """After which nobody waits for the answer any more."""
    texts: Annotated[tuple[Asked, ...], msgspec.Meta(min_length=1, max_length=MOST_TEXTS)]


class Answered(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """In the order of the texts."""

    id: int
    answers: tuple[tuple[Learned, ...], ...]


Request = Read
Answer = Answered | m.Failed
Reply = Answer | m.Pushed


def patience(settings: Settings, characters: int) -> float:
    """Seconds that a request of so many characters may take."""
    return settings.deadline_seconds + characters / CHARACTERS_PER_SECOND

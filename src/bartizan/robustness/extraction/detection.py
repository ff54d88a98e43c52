"""How often the guard of query streams sees thieves, and how often clients: on rows that taught it nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from bartizan.core.stats import Rate
from bartizan.inspection.tensors.calibrate import Rows
from bartizan.inspection.tensors.profile import Profile
from bartizan.inspection.tensors.trial import played
from bartizan.robustness.extraction.streams import Maker, Source
from bartizan.robustness.interface import Floats

LENGTH = 512
"""Queries of a stream: four looks."""


@dataclass(frozen=True, slots=True)
class Detection:
    """What became of streams of one kind."""

    alarms: Rate
    median_queries: int
    """Until the alarm, of those that alarmed; 0 where none did."""
    by: dict[str, int]
    """Tests that raised the alarm, with the number of streams."""


def first_alarm(profile: Profile, source: Source, x: Floats) -> tuple[int, str]:
    """Queries of one stream ``(n, *shape)`` until the guard takes it for a thief's, and the test; 0 and "" if it never
    does."""
    tried = played(profile, Rows(x, source.model.predict_label(x)))
    return tried.after, tried.extraction


def measured(
    profile: Profile, source: Source, maker: Maker, streams: int, seed: int, length: int = LENGTH
) -> Detection:
    """Fresh streams of one kind before the guard.

    Args:
        profile: calibrated on rows of which none comes in ``source``.
        source: what streams are drawn from.
        maker: of one kind.
        streams: how many.
        seed: of all of them.
        length: queries in each.
    """
    found = [
        first_alarm(profile, source, maker(source, length, np.random.default_rng([seed, 37, number])))
        for number in range(streams)
    ]
    alarmed = [queries for queries, _ in found if queries]
    return Detection(
        Rate(len(alarmed), streams),
        int(np.median(alarmed)) if alarmed else 0,
        dict(Counter(by for queries, by in found if queries)),
    )

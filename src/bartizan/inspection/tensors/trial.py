"""Plays rows through a profile as the queries of one principal."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bartizan.core.errors import ConfigurationError
from bartizan.inspection.tensors.calibrate import Rows, digests_of
from bartizan.inspection.tensors.features import features_of, project
from bartizan.inspection.tensors.profile import Profile, density_of, marks_of
from bartizan.inspection.tensors.queries import pack
from bartizan.inspection.tensors.stream import Stream


class Tried(NamedTuple):
    """What the guards said of ``n`` rows."""

    n: int
    unlike: int
    similar: int
    extraction: str
    after: int
    """Queries until the stream was taken for extraction; 0 if it was not."""


def played(profile: Profile, rows: Rows) -> Tried:
    """Every row, in order, one query after the other.

    Raises:
        ConfigurationError: the rows have not the width that the profile was made for.
    """
    count = len(rows.values)
    if rows.values[0].size != profile.width:
        raise ConfigurationError(f"rows of {rows.values[0].size} numbers, where the profile has {profile.width}")
    density = density_of(profile)
    standard = density.standard(features_of(rows.values, count))
    unlike, sketches, digests = density.distance(standard), project(standard), digests_of(rows.values, count)
    classes = rows.classes if profile.watch.classes else np.zeros(count, np.int64)
    chosen = marks_of(profile)
    marks = None if chosen is None else chosen.of(rows.values, count)
    stream = Stream(sketches.shape[1], profile.watch.window)
    similar = after = 0
    for number in range(count):
        one = slice(number, number + 1)
        asked = pack(sketches[one], digests[one], unlike[one], None if marks is None else marks[one])
        similar += stream.observe(profile.watch, asked).similar
        if classes is not None:
            stream.tell_classes(profile.watch, number, classes[one].astype("<i8").tobytes())
        after = after or (number + 1 if stream.extraction else 0)
    return Tried(count, int((unlike > profile.threshold).sum()), similar, stream.extraction, after)

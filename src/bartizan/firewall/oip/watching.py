"""A model's profile at work: distances of each query from benign ones, and what the keeper needs to watch streams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bartizan.firewall.oip.tensors import Tensor
from bartizan.inspection.tensors.calibrate import digests_of
from bartizan.inspection.tensors.features import features_of, project
from bartizan.inspection.tensors.profile import Profile, density_of, marks_of
from bartizan.inspection.tensors.queries import pack


class Reading(NamedTuple):
    """The queries of one request."""

    rows: int
    unlike: int
    """How many lie beyond the profile's threshold."""
    queries: bytes
    """For :class:`bartizan.core.query_watch.QueryWatch`."""


class Watcher:
    """Immutable.

    Args:
        profile: of the model.
        digest: of the profile; a new one begins new streams.
        batched: the first dimension of its input counts queries.

    Raises:
        ConfigurationError: the profile's parts do not fit together.
    """

    def __init__(self, profile: Profile, digest: str, *, batched: bool) -> None:
        self.profile = profile
        self.digest = digest
        self._batched = batched
        self.told_classes = bool(profile.watch.classes)
        """It was made with classes: without those of an answer nothing is told."""
        self._density = density_of(profile)
        self._marks = marks_of(profile)

    def read(self, tensors: Sequence[Tensor]) -> Reading | None:
        """The queries in a request; None where the profile's input is missing, or is not what it was made from."""
        values = next((one.array for one in tensors if one.name == self.profile.input), None)
        if values is None:
            return None
        rows = values.shape[0] if self._batched else 1
        if values.size != rows * self.profile.width:
            return None
        standard = self._density.standard(features_of(values, rows))
        distances = self._density.distance(standard)
        unlike = int((distances > self.profile.threshold).sum())
        marks = None if self._marks is None else self._marks.of(values, rows)
        return Reading(rows, unlike, pack(project(standard), digests_of(values, rows), distances, marks))


def told(classes: npt.NDArray[np.int64] | None) -> bytes:
    """Classes as the keeper is told them; nothing where an answer tells none."""
    return b"" if classes is None else classes.astype("<i8").tobytes()

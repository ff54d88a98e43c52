"""A profile: what was learned from one's own benign inputs, as a file whose name holds its digest."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from bartizan.core.errors import ConfigurationError
from bartizan.core.query_watch import WatchRules
from bartizan.inspection.tensors.density import MOST_COMPONENTS, Density
from bartizan.inspection.tensors.features import MOST_FEATURES
from bartizan.inspection.tensors.steps import MARKS, Marks
from bartizan.inspection.tensors.stream import MOST_CLASSES, MOST_WINDOW

_NAME = re.compile(r"(?P<stem>[A-Za-z0-9_][A-Za-z0-9._-]{0,80})-(?P<digest>[0-9a-f]{16})\.json")


class Measured(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """False alarms on benign rows that were used for nothing else."""

    guard: str
    count: int
    n: int


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that the guards need, and from what it was made."""

    schema: Literal["bartizan/tensor-profile/v1"] = "bartizan/tensor-profile/v1"
    input: str
    """Name of the input."""
    width: int
    """Numbers per row, before folding."""
    made: str
    """ISO 8601."""
    data: str
    """SHA-256 of the file it was made from."""
    rows: int
    clients: int = 0
    """Clients that were told apart; 0 where nobody said whose the rows are."""
    seed: int
    """Of the split; -1 where the rows kept their order."""
    threshold: float
    """Distance from which a row is unlike benign ones."""
    rate: float
    """Share of benign rows that may lie beyond, and that may be similar to earlier ones."""
    watch: WatchRules
    measured: tuple[Measured, ...] = ()
    mean: str
    scale: str
    components: str
    variances: str
    rest: float
    """The density; arrays as Base64 of little-endian FP64, components as FP32."""
    marked: tuple[tuple[int, float, float], ...] = ()
    """Values of a row in which steps are measured: place, smallest value, range."""


def density_of(profile: Profile) -> Density:
    """The density in it. Raises ConfigurationError where its parts do not fit together."""
    features = min(profile.width, MOST_FEATURES)
    mean, scale = _array(profile.mean, "<f8"), _array(profile.scale, "<f8")
    variances = _array(profile.variances, "<f8")
    components = _array(profile.components, "<f4")
    count = variances.size
    sound = mean.size == scale.size == features and 0 < count <= MOST_COMPONENTS and components.size == count * features
    if not sound or not (scale > 0).all() or not (variances > 0).all() or not profile.rest > 0:
        raise ConfigurationError("a profile's parts do not fit together", "make it anew with 'bartizan profile make'")
    return Density(mean, scale, components.reshape(count, features), variances, profile.rest)


def marks_of(profile: Profile) -> Marks | None:
    """What steps are measured in; None for a profile that does not ask. Raises ConfigurationError for broken ones."""
    if not profile.marked or profile.watch.steps is None:
        return None
    places, low, width = (np.array(column) for column in zip(*profile.marked, strict=True))
    ordered = (np.diff(places) > 0).all() and places[0] >= 0 and places[-1] < profile.width
    if len(places) > MARKS or not ordered or not np.isfinite(low).all() or not (np.isfinite(width) & (width > 0)).all():
        raise ConfigurationError("a profile's parts do not fit together", "make it anew with 'bartizan profile make'")
    return Marks(places.astype(np.int64), low.astype(np.float64), width.astype(np.float64))


def encoded(density: Density) -> dict[str, Any]:
    """The fields of a profile that hold its density."""
    return {
        "mean": _text(density.mean, "<f8"),
        "scale": _text(density.scale, "<f8"),
        "components": _text(density.components, "<f4"),
        "variances": _text(density.variances, "<f8"),
        "rest": density.rest,
    }


def dump(profile: Profile, stem: str) -> tuple[str, bytes]:
    """File name, which ends with the digest, and content."""
    content = msgspec.json.format(msgspec.json.encode(profile), indent=1) + b"\n"
    return f"{stem}-{hashlib.sha256(content).hexdigest()[:16]}.json", content


def load(name: str, content: bytes) -> Profile:
    """Read a profile.

    Args:
        name: of its file, without folders.
        content: of it.

    Raises:
        ConfigurationError: the name does not hold the content's digest, or it is no profile.
    """
    found = _NAME.fullmatch(name)
    if found is None or hashlib.sha256(content).hexdigest()[:16] != found["digest"]:
        raise ConfigurationError(f"profile {name}: its name does not hold its digest", "it was changed, or renamed")
    try:
        profile = msgspec.json.decode(content, type=Profile)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ConfigurationError(f"profile {name} cannot be read: {error}") from None
    if not 0 < profile.width <= 2**24:
        raise ConfigurationError(f"profile {name}: rows of {profile.width} numbers")
    watch = profile.watch
    if (
        not all(0 < level.share < 1 and level.of > 0 for level in (watch.far, watch.near, watch.steps or watch.near))
        or len(watch.classes) > MOST_CLASSES + 1
    ):
        raise ConfigurationError(f"profile {name}: its levels are none")
    counts = 0 < watch.window <= MOST_WINDOW and 0 < watch.neighbour <= watch.window
    if not counts or not 0 <= watch.class_spread < 1 or not 0 < watch.rate < 1:
        raise ConfigurationError(f"profile {name}: its rates or windows are out of range")
    density_of(profile)
    marks_of(profile)
    return profile


def _text(values: npt.NDArray[Any], kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype=kind).tobytes()).decode()


def _array(text: str, kind: str) -> npt.NDArray[np.float64]:
    try:
        raw = base64.b64decode(text, validate=True)
        values = np.frombuffer(raw, dtype=kind).astype(np.float64)
    except (binascii.Error, ValueError):
        raise ConfigurationError("a profile holds an array that cannot be read") from None
    if not np.isfinite(values).all():
        raise ConfigurationError("a profile holds numbers that are not finite")
    return values

"""A stream as bytes, for a keeper whose streams live on a server: what was remembered, and nothing that runs."""

from __future__ import annotations

import msgspec
import numpy as np

from bartizan.core.errors import KeeperError
from bartizan.inspection.tensors.features import SKETCH
from bartizan.inspection.tensors.steps import MARKS, REMEMBERED
from bartizan.inspection.tensors.stream import MOST_CLASSES, MOST_DISTANCES, MOST_WINDOW, RECENT, Held, Stream

_HELD = msgspec.msgpack.Encoder()
_DECODED = msgspec.msgpack.Decoder(Held)


def frozen(stream: Stream) -> bytes:
    """The stream, about 0.2 MB at most; the places that no query has taken yet are left out."""
    return _HELD.encode(stream.held())


def thawed(data: bytes) -> Stream:
    """The reverse. Raises KeeperError for anything else."""
    try:
        held = _DECODED.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise KeeperError("a stream on the server is none") from error
    filled = min(held.seen, held.size)
    sound = (
        0 < held.width <= SKETCH
        and 0 < held.size <= MOST_WINDOW
        and held.seen >= 0
        and len(held.sketches) == 4 * filled * held.width
        and len(held.digests) == len(held.classes) == len(held.numbers) == 8 * filled
        and len(held.recent) <= RECENT
        and len(held.apart) <= MOST_DISTANCES
        and len(held.by_class) <= MOST_CLASSES
        and _marks_fit(held)
    )
    if not sound or not np.isfinite(np.frombuffer(held.sketches, "<f4")).all():
        raise KeeperError("a stream on the server is not what it announces")
    return Stream.of(held)


def _marks_fit(held: Held) -> bool:
    places = min(held.marked, REMEMBERED)
    if places <= 0:
        return held.marked == 0 and not held.marks
    width, rest = divmod(len(held.marks), places)
    return not rest and 0 < width <= MARKS

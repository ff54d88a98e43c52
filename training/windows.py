"""Cuts long rows into the windows that the encoder sees, and says which of them hold the attack."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from tokenizers import Tokenizer

from training.rows import Row

LONGEST = 254
"""Content tokens of a window; with the two special ones 256."""


class Sample:
    """One input of the encoder."""

    __slots__ = ("attack", "focus", "ids", "place", "row", "said", "weight")

    def __init__(self, row: Row, ids: list[int], attack: int, focus: tuple[int, int] | None, weight: float) -> None:
        self.row = row
        self.ids = ids
        self.attack = attack
        self.focus = focus
        """First and last token of the attack in ``ids``; None where unknown or none."""
        self.weight = weight
        self.place = 0
        """Where the states of its tokens begin, if somebody keeps them."""
        self.said: Sequence[float] | None = None
        """Logits, by head, that the model in force gave it and that a new one is held to."""


def samples(tokenizer: Tokenizer, rows: list[Row], rng: random.Random, benign_windows: int = 1) -> Iterator[Sample]:
    """Windows of every row: for an attack with a known place the window around it at a random offset, and up to
    ``benign_windows`` without it; for anything else one or two random windows."""
    for begin in range(0, len(rows), 2000):
        batch = rows[begin : begin + 2000]
        encodings = tokenizer.encode_batch([row.text for row in batch], add_special_tokens=False)
        for row, encoding in zip(batch, encodings, strict=True):
            yield from _of(row, encoding.ids, encoding.offsets, rng, benign_windows)


def _of(
    row: Row, ids: list[int], offsets: list[tuple[int, int]], rng: random.Random, benign_windows: int
) -> Iterator[Sample]:
    if not ids:
        return
    places = [place for span in row.spans if (place := _tokens(offsets, span)) is not None]
    if len(ids) <= LONGEST:
        yield _sample(row, ids, 0, len(ids), row.attack, places)
        return
    length = LONGEST if rng.random() < 0.6 else rng.randint(60, LONGEST)
    if row.attack and places:
        first, last = rng.choice(places)
        size = min(last - first + 1, length)
        start = rng.randint(max(0, first - (length - size)), min(first, max(0, len(ids) - length)))
        yield _sample(row, ids, start, start + length, 1, places)
        for _ in range(benign_windows):
            start = rng.randint(0, len(ids) - length)
            if all(last < start or first >= start + length for first, last in places):
                yield _sample(row, ids, start, start + length, 0, [])
        return
    starts = {0, max(0, len(ids) - length)} if row.attack else {rng.randint(0, len(ids) - length) for _ in range(2)}
    for start in starts:
        yield _sample(row, ids, start, start + length, row.attack, places, 0.5)


def _sample(
    row: Row, ids: list[int], start: int, end: int, attack: int, places: list[tuple[int, int]], weight: float = 1.0
) -> Sample:
    focus = None
    for first, last in places:
        if first < end and last >= start:
            focus = (max(first, start) - start + 1, min(last, end - 1) - start + 1)
    return Sample(row, [0, *ids[start:end], 2], attack, focus, weight)


def _tokens(offsets: list[tuple[int, int]], span: tuple[int, int]) -> tuple[int, int] | None:
    inside = [number for number, (start, end) in enumerate(offsets) if start < span[1] and end > span[0]]
    return (inside[0], inside[-1]) if inside else None

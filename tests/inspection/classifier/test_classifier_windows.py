"""Windows of tokens cover everything, overlap enough and never exceed their size."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bartizan.inspection.classifier.network import Window
from bartizan.inspection.classifier.windows import cut, shifted


def window(length: int) -> Window:
    return Window(list(range(length)), [(2 * number, 2 * number + 1) for number in range(length)])


@given(st.integers(0, 700), st.integers(2, 60), st.data())
def test_windows_cover_everything(length: int, size: int, data: st.DataObject) -> None:
    overlap = data.draw(st.integers(0, size - 1))
    pieces = cut(window(length), size, overlap)
    assert {number for piece in pieces for number in piece.ids} == set(range(length))
    assert all(0 < len(piece.ids) <= size for piece in pieces)
    for left, right in pairwise(pieces):
        assert left.ids[0] < right.ids[0]
        assert left.ids[-1] - right.ids[0] + 1 >= overlap
    if length > size:
        assert len({len(piece.ids) for piece in pieces}) == 1
        assert len(pieces) == -(-(length - overlap) // (size - overlap)), "no more than it takes"
        read = sum(len(piece.ids) for piece in pieces)
        assert read < length + overlap * (len(pieces) - 1) + len(pieces), "no longer than it takes"


@given(st.integers(0, 200), st.integers(0, 1_000))
def test_spans_stay_with_their_tokens(length: int, by: int) -> None:
    for piece in cut(window(length), 17, 5):
        moved = shifted(piece, by)
        assert list(moved.ids) == list(piece.ids)
        assert list(moved.spans) == [(2 * number + by, 2 * number + 1 + by) for number in piece.ids]

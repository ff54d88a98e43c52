from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.core.errors import KeeperError
from bartizan.keeper import frames
from bartizan.keeper.frames import FrameBuffer, frame


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=8), st.lists(st.integers(1, 30), max_size=60))
def test_any_split_gives_the_same_frames(payloads: list[bytes], cuts: list[int]) -> None:
    data = b"".join(frame(payload) for payload in payloads)
    buffer, seen = FrameBuffer(), []
    for cut in cuts:
        seen += buffer.feed(data[:cut])
        data = data[cut:]
    assert seen + buffer.feed(data) == payloads


@given(st.binary(max_size=200), st.integers(1, 100))
def test_garbage_is_refused_or_waits_but_never_grows_past_the_limit(data: bytes, limit: int) -> None:
    buffer = FrameBuffer(limit)
    try:
        for payload in buffer.feed(data):
            assert 0 < len(payload) <= limit
    except KeeperError:
        return
    assert len(buffer._pending) < limit + frames.HEADER


def test_empty_and_oversized_frames_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeeperError):
        FrameBuffer().feed(b"\0\0\0\0")
    with pytest.raises(KeeperError):
        FrameBuffer().feed(b"GET / HTTP/1.1")
    monkeypatch.setattr(frames, "MAX_FRAME_BYTES", 10)
    with pytest.raises(KeeperError):
        frame(b"x" * 11)

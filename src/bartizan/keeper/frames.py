"""Frames on the keeper's socket: four bytes of length, big-endian, then that many bytes of MessagePack."""

from __future__ import annotations

from typing import Final

from bartizan.core.errors import KeeperError

MAX_FRAME_BYTES: Final = 16_777_216
HEADER: Final = 4


def frame(payload: bytes) -> bytes:
    """The payload with its length in front. Raises KeeperError beyond MAX_FRAME_BYTES."""
    if len(payload) > MAX_FRAME_BYTES:
        raise KeeperError(f"a frame of {len(payload)} bytes is too long")
    return len(payload).to_bytes(HEADER, "big") + payload


class FrameBuffer:
    """Bytes in any pieces to whole frames; holds at most one unfinished frame plus one piece."""

    def __init__(self, limit: int = MAX_FRAME_BYTES) -> None:
        self._limit = limit
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The payloads that are complete now.

        Raises:
            KeeperError: a frame is announced as empty or longer than the limit. The connection is of no further use.
        """
        pending = self._pending
        pending += data
        frames: list[bytes] = []
        position = 0
        while len(pending) - position >= HEADER:
            length = int.from_bytes(pending[position : position + HEADER], "big")
            if not 0 < length <= self._limit:
                raise KeeperError(f"a frame announced with {length} bytes")
            end = position + HEADER + length
            if len(pending) < end:
                break
            frames.append(bytes(pending[position + HEADER : end]))
            position = end
        del pending[:position]
        return frames

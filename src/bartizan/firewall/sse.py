"""Server-sent events, read byte by byte and written (WHATWG HTML, section 9.2.6 "Interpreting an event stream")."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from bartizan.core.errors import UpstreamError

_BOM = b"\xef\xbb\xbf"
MAX_EVENT_BYTES = 8_000_000


class SseEvent(msgspec.Struct, frozen=True):
    """One dispatched event."""

    name: str
    """The ``event:`` field; empty if there was none."""
    data: str
    """The ``data:`` lines, joined with line feeds."""


class SseParser:
    """Incremental: any split of the bytes gives the same events.

    Comments, ``id`` and ``retry`` are read and dropped: Bartizan writes its own stream, and nothing that was not
    inspected may ride along in it.

    Args:
        max_event_bytes: bound on one event, its comments and unknown fields included.
    """

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        self._tail = bytearray()
        self._data: list[str] = []
        self._name = ""
        self._size = 0
        self._after_cr = False
        self._first = True

    def feed(self, chunk: bytes) -> Iterator[SseEvent]:
        """The events that ``chunk`` completes, one by one, so that those before an error are not lost with it. To be
        exhausted before the next call.

        Raises:
            UpstreamError: the stream is not UTF-8, or an event is larger than allowed.
        """
        if not chunk:
            return
        if self._after_cr:
            self._after_cr = False
            if chunk.startswith(b"\n"):
                chunk = chunk[1:]
        if b"\r" in chunk:
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if b"\n" not in chunk:
            self._tail += chunk
            self._check(len(self._tail))
            return
        lines = (bytes(self._tail) + chunk).split(b"\n") if self._tail else chunk.split(b"\n")
        self._tail = bytearray(lines.pop())
        for line in lines:
            if self._first:
                self._first = False
                line = line.removeprefix(_BOM)
            if line:
                self._field(line)
                continue
            if self._data:
                yield SseEvent(self._name, self._data[0] if len(self._data) == 1 else "\n".join(self._data))
                self._data = []
            self._name = ""
            self._size = 0
        self._check(len(self._tail))

    @property
    def incomplete(self) -> bool:
        """Whether bytes of an event without its closing blank line are pending; at the end of a stream the event
        they belong to is lost, as the specification asks."""
        return bool(self._tail or self._data or self._name)

    def _field(self, line: bytes) -> None:
        self._check(len(line))
        self._size += len(line) + 1
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            raise UpstreamError("the upstream's event stream is not UTF-8") from None
        if text.startswith("data: "):
            self._data.append(text[6:])
            return
        field, _, value = text.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._name = value

    def _check(self, more: int) -> None:
        if self._size + more > self._max:
            raise UpstreamError(f"an event of the upstream's stream is larger than {self._max} bytes")


def encode_event(name: str, data: bytes) -> bytes:
    """One event. ``data`` must be one line, as compact JSON is; ``name`` may be empty.

    Raises:
        ValueError: ``data`` or ``name`` has a line break.
    """
    if b"\n" in data or b"\r" in data or "\n" in name or "\r" in name:
        raise ValueError("a line break would end the event's field")
    if name:
        return b"event: %b\ndata: %b\n\n" % (name.encode(), data)
    return b"data: %b\n\n" % data

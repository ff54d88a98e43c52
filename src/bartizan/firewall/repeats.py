"""Events that repeat the one before but for the text of their delta, as nearly all events of a stream do.

They are told by what stands around that text, without being parsed, and those that arrive together become one event.
Whatever an upstream sends, only a text that was read out, and goes on to be inspected, leaves with such an event.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from bartizan.core.errors import UpstreamError
from bartizan.firewall.dialects.interface import StreamReader
from bartizan.firewall.documents import set_value
from bartizan.firewall.exchange import ChannelKind, Slot, StreamEvent
from bartizan.firewall.sse import SseEvent

_MADE_ANEW = re.compile(r'"(?:sequence_number": ?[0-9]{1,18}|obfuscation": ?"[A-Za-z0-9]*")')
"""Members that differ in each event, and that the readers drop or write anew."""
_OTHER_TEXT = "\u2021"
_MOST_MISSES = 8
"""Events in a row after which nobody looks for repetitions any more."""
_PUT_TOGETHER = (ChannelKind.TOOL_ARGUMENTS,)
"""Texts that the readers need themselves, piece by piece."""
_string = msgspec.json.Decoder(str).decode


class _Frame:
    """What stands around the text of an event.

    Args:
        sse: as it arrived.
        event: as it was read; it ``grows``.

    Raises:
        ValueError: the text cannot be made out.
    """

    def __init__(self, sse: SseEvent, event: StreamEvent) -> None:
        slot, data = event.deltas[0], sse.data
        start, end = _place(data, str(slot.path[-1]), slot.text)
        before, after = (msgspec.json.decode(text) for text in (data, f'{data[:start]}"{_OTHER_TEXT}"{data[end:]}'))
        set_value(before, slot.path, _OTHER_TEXT)
        if before != after:
            raise ValueError("another text stands there")
        self._event = event
        self._name = sse.name
        self._bare = _MADE_ANEW.search(data) is None
        self._head, self._tail = (_MADE_ANEW.sub("", side) for side in (data[:start], data[end:]))

    def text(self, sse: SseEvent) -> str:
        """The text of an event that is the same but for it; empty for any other."""
        data = sse.data if self._bare else _MADE_ANEW.sub("", sse.data)
        if sse.name != self._name or not data.startswith(self._head) or not data.endswith(self._tail):
            return ""
        try:
            return _string(data[len(self._head) : len(data) - len(self._tail)])
        except ValueError:
            return ""

    def event(self, text: str) -> StreamEvent:
        """The event with another text; the same object each time."""
        event, slot = self._event, self._event.deltas[0]
        set_value(event.document, slot.path, text)
        event.deltas = [Slot(slot.channel, text, slot.path)]
        return event


def _place(data: str, key: str, text: str) -> tuple[int, int]:
    """Where the text seems to stand, quotes included."""
    for written in (msgspec.json.encode(text).decode(), ascii(text)):
        for mark in (f'"{key}":', f'"{key}": '):
            at = data.find(mark + written)
            if at >= 0:
                return at + len(mark), at + len(mark + written)
    raise ValueError("the text is written in another way")


class Repeats:
    """The events of one stream as its reader reads them, but repetitions that arrive together as one.

    Args:
        reader: of the stream's protocol.
    """

    def __init__(self, reader: StreamReader) -> None:
        self._reader = reader
        self._frame: _Frame | None = None
        self._misses = 0

    def read(self, events: Iterable[SseEvent]) -> Iterator[StreamEvent]:
        """The events; each must be done with before the next one is asked for.

        Raises:
            UpstreamError: from ``events`` or the reader, after everything that came before.
        """
        run: list[str] = []
        try:
            for sse in events:
                if self._frame is not None and (text := self._frame.text(sse)):
                    run.append(text)
                    continue
                yield from self._joined(run)
                event = self._reader.read(sse.name, sse.data)
                yield event
                self._learn(sse, event)
        except UpstreamError:
            yield from self._joined(run)
            raise
        yield from self._joined(run)

    def _joined(self, run: list[str]) -> Iterator[StreamEvent]:
        if run and self._frame is not None:
            self._misses = 0
            yield self._frame.event("".join(run))
            run.clear()

    def _learn(self, sse: SseEvent, event: StreamEvent) -> None:
        self._frame = None
        if event.grows and self._misses < _MOST_MISSES and event.deltas[0].channel.kind not in _PUT_TOGETHER:
            self._misses += 1
            try:
                self._frame = _Frame(sse, event)
            except ValueError:
                return

"""Inspects an answer that streams: upstream bytes in, bytes that may leave out.

Everything happens per SSE event, never per network read, so where the bytes were cut cannot matter: neither to what
is said nor to what is found. Only how many deltas say it follows the network (`Repeats`).
"""

from __future__ import annotations

from bartizan.core.errors import UpstreamError
from bartizan.core.tool import ToolCall
from bartizan.firewall.dialects.interface import StreamReader
from bartizan.firewall.documents import remove_value, set_value
from bartizan.firewall.exchange import Channel, ChannelKind, StreamEvent
from bartizan.firewall.guard import Guard
from bartizan.firewall.length import Length
from bartizan.firewall.outcome import Outcome
from bartizan.firewall.repeats import Repeats
from bartizan.firewall.sentence_lane import SentenceLane
from bartizan.firewall.slots import UNFIT, put
from bartizan.firewall.sse import SseParser
from bartizan.firewall.streaming import Released, Scanner

MOST_CHANNELS = 1_024
"""Channels of one answer; more end the stream."""
MOST_HELD = 8_000_000
"""Bytes that wait for tool calls to be decided; more end the stream."""
_NOTICE = Channel(0, "notice", ChannelKind.TEXT)
_LONGEST_NOTICE = 500


class _Growing:
    """One channel of the answer."""

    __slots__ = ("closed", "raw", "released", "scanner")

    def __init__(self, scanner: Scanner) -> None:
        self.scanner = scanner
        self.raw: list[str] = []
        self.released: list[str] = []
        self.closed = False

    def feed(self, text: str) -> Released:
        """Take a piece."""
        self.raw.append(text)
        out = self.scanner.feed(text)
        if out.text:
            self.released.append(out.text)
        return out

    def finish(self) -> Released:
        """Take the end."""
        self.closed = True
        out = self.scanner.finish()
        if out.text:
            self.released.append(out.text)
        return out


class _BlockedError(Exception):
    """A hit that policy blocks; what may still leave of its channel comes with it. Half a tool call may not."""

    def __init__(self, channel: Channel, text: str) -> None:
        super().__init__("blocked")
        self.channel = channel
        self.text = "" if channel.kind is ChannelKind.TOOL_ARGUMENTS else text


class _FullError(Exception):
    """The answer is as long as it may be; the last piece that may still leave of its channel comes with it."""

    def __init__(self, channel: Channel, text: str) -> None:
        super().__init__("full")
        self.channel = channel
        self.text = text


class StreamGuard:
    """Rewrites one stream.

    Args:
        reader: the protocol's reader of this stream.
        guard: the guard in force.
        request_id: named in error events.
        outcome: where findings are gathered.
        gated: tool calls are decided by whoever feeds the stream: from where one begins, everything waits until
            `admitted` or `refuse`.
        lane: reads what leaves, sentence by sentence.
    """

    def __init__(
        self,
        reader: StreamReader,
        guard: Guard,
        request_id: str,
        outcome: Outcome,
        *,
        gated: bool = False,
        lane: SentenceLane | None = None,
    ) -> None:
        self._reader = reader
        self._guard = guard
        self._request_id = request_id
        self._outcome = outcome
        self._lane = lane
        self._parser = SseParser()
        self._repeats = Repeats(reader)
        self._channels: dict[Channel, _Growing] = {}
        self._structure: set[str] = set()
        self._length = Length(guard, outcome)
        self._gated = gated
        self._held: list[bytes] = []
        self._size = 0
        self._stopped = False
        self._open_calls: set[str] = set()
        self.calls: list[ToolCall] = []
        """Complete, and waiting to be decided."""
        self.waits = False
        """The answer waits for a person: nothing more leaves now."""
        self.ended = False
        """Nothing more will leave: the answer is complete, blocked or broken."""

    def feed(self, data: bytes) -> bytes:
        """What may leave after ``data`` came from the upstream."""
        out: list[bytes] = []
        try:
            for event in self._repeats.read(self._parser.feed(data)):
                if self._gated and (event.opens or event.calls or self._open_calls or self.calls or self.waits):
                    self._take_held(event, out)
                else:
                    self._take(event, out)
                if self.ended:
                    break
        except UpstreamError as error:
            self._break(error.cause, out)
        return b"".join(out)

    def admitted(self) -> bytes:
        """The calls that waited may go on: what may leave with them."""
        self.calls.clear()
        if self._open_calls or self.waits:
            return b""
        held, self._held, self._size = self._held, [], 0
        return b"".join(held)

    def wait(self) -> None:
        """A person must approve them: hold everything to the end, for `held`."""
        self.calls.clear()
        self.waits = True

    def held(self) -> bytes:
        """What waits for a person, once the stream has `ended`."""
        return b"".join(self._held)

    def waiting(self, message: str) -> bytes:
        """The stream ends with what the client is told instead."""
        self._stop()
        return self._reader.blocked(message, self._request_id)

    def refuse(self) -> bytes:
        """They may not, and neither may anything after them."""
        out: list[bytes] = []
        self._end_blocked(out)
        return b"".join(out)

    def finish(self) -> bytes:
        """The upstream's bytes have ended."""
        return b"" if self.ended else self.fail("the upstream ended its answer early")

    def fail(self, cause: str) -> bytes:
        """The upstream failed: release what is inspected, then say so in an error event."""
        out: list[bytes] = []
        if not self.ended:
            self._break(cause, out)
        return b"".join(out)

    def abort(self) -> bytes:
        """The gateway itself failed: nothing more may leave but an error event."""
        self._outcome.error = "internal error"
        self.ended = True
        return self._reader.blocked("the gateway failed", self._request_id)

    def close(self) -> None:
        """Hand the released texts to the outcome."""
        for growing in self._channels.values():
            self._outcome.texts.append("".join(growing.released))
            self._outcome.passages += 1
            self._outcome.characters += sum(map(len, growing.raw))
        self._channels.clear()

    def _take_held(self, event: StreamEvent, out: list[bytes]) -> None:
        """An event from where a call begins to where it is decided."""
        self._open_calls.update(event.opens)
        for key, call in event.calls:
            self._open_calls.discard(key)
            self.calls.append(call)
        pieces: list[bytes] = []
        self._take(event, pieces)
        if self._stopped:
            out.append(pieces[-1])  # what says so; the call itself stays here
            return
        self._held += pieces
        self._size += sum(map(len, pieces))
        if self._size > MOST_HELD:
            raise UpstreamError("the upstream's tool calls are too long")
        if self.ended and self._open_calls:
            raise UpstreamError("the upstream ended in the middle of a tool call")

    def _stop(self) -> None:
        """Blocked or broken: what waits for a decision never leaves."""
        self.ended = self._stopped = True
        self._held.clear()
        self._open_calls.clear()
        self.calls.clear()

    def _take(self, event: StreamEvent, out: list[bytes]) -> None:
        self._outcome.take_usage(event.usage)
        if event.error:
            notice = self._scan(_NOTICE, event.error[:_LONGEST_NOTICE])
            self._break("" if notice.blocked else notice.text, out)
            return
        if event.blobs:
            self._outcome.take_blobs(event.blobs, self._guard.policy)
            if self._outcome.blocked:
                self._end_blocked(out)
                return
        if event.structure and self._carries(event.structure):
            self._end_blocked(out)
            return
        try:
            keep = self._rewrite(event, out)
        except _BlockedError as blocked:
            if blocked.text:
                out.append(self._reader.delta(blocked.channel, blocked.text))
            self._end_blocked(out)
            return
        except _FullError as full:
            if full.text:
                out.append(self._reader.delta(full.channel, full.text))
            self._end_full(out)
            return
        if keep:
            out.append(self._reader.encode(event))
        if event.done:
            self.ended = True

    def _carries(self, structure: list[str]) -> bool:
        """Whether ids or constants carry what must not leave. Most repeat from event to event."""
        new = [text for text in dict.fromkeys(structure) if text not in self._structure]
        if not new:
            return False
        if len(self._structure) > MOST_CHANNELS:
            self._structure.clear()
        self._structure.update(new)
        released = self._guard.structure(new)
        self._outcome.take(released)
        return released.blocked

    def _rewrite(self, event: StreamEvent, out: list[bytes]) -> bool:
        """Edit the event; what must leave before it goes to ``out``. False: the event has nothing left to say."""
        settles = bool(event.closes or event.closes_all or event.snapshots)
        bare = not (settles or event.done or event.usage or event.document is None)
        texts: list[str] = []
        last: dict[Channel, int] = {}
        try:
            for index, slot in enumerate(event.deltas):
                growing = self._channels.get(slot.channel)
                if growing is None:
                    growing = self._open(slot.channel)
                    bare = False
                elif growing.closed:
                    raise UpstreamError("the upstream goes on with a text that it had finished")
                released = growing.feed(slot.text)
                self._left(slot.channel, released)
                if released.blocked:
                    raise _BlockedError(slot.channel, released.text)
                self._fit(slot.channel, released.text)
                texts.append(released.text)
                last[slot.channel] = index
                if released.text or not slot.text:
                    bare = False
            for channel in self._ending(event) if settles else ():
                remainder = self._finish(channel)
                if channel in last:
                    texts[last[channel]] += remainder
                elif remainder:
                    out.append(self._reader.delta(channel, remainder))
            if event.snapshots:
                self._rewrite_snapshots(event)
        except (_BlockedError, _FullError):
            for slot, text in zip(event.deltas, texts, strict=False):
                if text:
                    out.append(self._reader.delta(slot.channel, text))
            raise
        if event.document is not None:
            for slot, text in zip(event.deltas, texts, strict=True):
                if text != slot.text:
                    set_value(event.document, slot.path, text)
            for path in event.raw_echoes:
                remove_value(event.document, path)
        return not (bare and event.deltas)

    def _ending(self, event: StreamEvent) -> list[Channel]:
        if event.closes_all:
            return [channel for channel, growing in self._channels.items() if not growing.closed]
        ending = list(event.closes)
        ending.extend(slot.channel for slot in event.snapshots)
        return [
            channel
            for channel in dict.fromkeys(ending)
            if (growing := self._channels.get(channel)) is not None and not growing.closed
        ]

    def _finish(self, channel: Channel) -> str:
        released = self._channels[channel].finish()
        self._left(channel, released)
        if released.blocked:
            raise _BlockedError(channel, released.text)
        self._fit(channel, released.text)
        return released.text

    def _fit(self, channel: Channel, text: str) -> None:
        """Raises _FullError where the answer ends in ``text``, which was just released to ``channel``."""
        room = self._length.room(channel, text)
        if room < len(text):
            growing = self._channels[channel]
            growing.released[-1] = text[:room]
            raise _FullError(channel, text[:room])

    def _rewrite_snapshots(self, event: StreamEvent) -> None:
        if event.document is None:
            return
        for slot in event.snapshots:
            growing = self._channels.get(slot.channel)
            if growing is not None and "".join(growing.raw) == slot.text:
                text = "".join(growing.released)
            else:
                released = self._scan(slot.channel, slot.text)
                if released.blocked:
                    raise _BlockedError(slot.channel, "")
                text = released.text
                if self._length.room(slot.channel, text) < len(text):
                    raise _FullError(slot.channel, "")
            if text != slot.text and not put(event.document, slot, text):
                self._outcome.take(UNFIT)
                raise _BlockedError(slot.channel, "")

    def _scan(self, channel: Channel, text: str) -> Released:
        released = self._guard.whole(channel.kind, text)
        self._left(channel, released)
        self._outcome.passages += 1
        self._outcome.characters += len(text)
        return released

    def _left(self, channel: Channel, released: Released) -> None:
        self._outcome.take(released)
        if self._lane is not None:
            self._lane.feed(channel, released.text)

    def _open(self, channel: Channel) -> _Growing:
        if len(self._channels) >= MOST_CHANNELS:
            raise UpstreamError("the upstream's answer has too many parts")
        growing = self._channels[channel] = _Growing(self._guard.channel(channel.kind))
        return growing

    def _break(self, cause: str, out: list[bytes]) -> None:
        """Release what is inspected and clean, then end with an error event. Half a call that is not decided stays."""
        self._stop()
        self._outcome.error = self._outcome.error or cause or "the upstream reported an error"
        try:
            for channel, growing in self._channels.items():
                if self._gated and channel.kind is ChannelKind.TOOL_ARGUMENTS:
                    continue
                if not growing.closed and (remainder := self._finish(channel)):
                    out.append(self._reader.delta(channel, remainder))
        except _BlockedError as blocked:
            if blocked.text:
                out.append(self._reader.delta(blocked.channel, blocked.text))
            self._end_blocked(out)
            return
        except _FullError as full:
            if full.text:
                out.append(self._reader.delta(full.channel, full.text))
        out.append(self._reader.blocked(cause or "the upstream reported an error", self._request_id))

    def _end_full(self, out: list[bytes]) -> None:
        """Say that it ends here. Where calls wait to be decided, what is open for the client is not what the reader has
        read, so that it can only be told as an error."""
        waiting = bool(self._held or self._open_calls or self.calls)
        self._stop()
        if waiting:
            self._outcome.error = self._outcome.error or "the answer is longer than policy allows"
            out.append(self._reader.blocked("the answer is longer than policy allows", self._request_id))
            return
        out.append(self._reader.short({name: "".join(one.released) for name, one in self._channels.items()}))

    def _end_blocked(self, out: list[bytes]) -> None:
        self._stop()
        out.append(self._reader.blocked(self._guard.policy.document.refusal.text, self._request_id))

"""Inspection of growing output, so that a stream is judged as its whole text would be.

What `HoldBack` says is settled is inspected, redacted and released; the rest waits. Because nothing is released
that a later match could still reach back to, any split of the stream gives the same released text and verdict.

The cap is the one exception: a run that never ends (a long encoded blob) may not be held for ever. It is judged at
*checkpoints*, absolute positions of the text, so that even this does not depend on how the stream was split.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import msgspec

from bartizan.core.signal import Signal, Span
from bartizan.core.verdict import Action
from bartizan.inspection.holdback import HoldBack, Regions, no_regions
from bartizan.inspection.pseudonyms import Pseudonyms
from bartizan.policy.policy import Ruling, replacement

Rule = Callable[[Signal], Ruling]


class Inspected(Protocol):
    """What an inspection found, and what it gave up on."""

    @property
    def signals(self) -> Sequence[Signal]: ...

    @property
    def unread(self) -> Sequence[str]: ...


Inspect = Callable[[str], Inspected]

LEFT_CONTEXT = 2
"""Characters before a segment that boundaries in patterns may look at."""

REACH = 512
"""Characters kept as context after a forced release, so that a hit that reaches back into them is still seen."""

MOST_SIGNALS = 256
"""Signals recorded per channel; all are acted upon."""


class Released(msgspec.Struct, frozen=True):
    """What may leave after a piece of text came in."""

    text: str = ""
    signals: tuple[Signal, ...] = ()
    """New signals, with spans in the channel's whole text, pseudonyms restored."""
    action: Action = Action.ALLOW
    observed: Action = Action.ALLOW
    rule: str = ""
    blocked: bool = False
    """The channel ends here; nothing more will be released."""
    escaped: int = 0
    """Characters of the hit that had left before it was recognised."""


NOTHING = Released()


class Scanner(Protocol):
    """One channel of a response."""

    def feed(self, text: str) -> Released:
        """Take the next piece of the channel's text."""
        ...

    def finish(self) -> Released:
        """The channel is complete: settle what is still held."""
        ...

    @property
    def held(self) -> int:
        """Characters that wait."""
        ...


class OutputScanner:
    """Bounded hold-back over one text channel.

    Args:
        inspect: signals of a text; spans in that text.
        rule: what policy says of a signal.
        unread: what policy says of text that the inspection gave up on.
        holdback: how much must wait.
        cap: most characters held; None for a text that arrives whole.
        at_cap: ``release`` the oldest held text past the cap, or ``end`` the stream.
        pseudonyms: of the exchange; restored before the text is inspected.
        regions: ranges that something beside ``holdback`` needs whole.
    """

    def __init__(
        self,
        inspect: Inspect,
        rule: Rule,
        unread: Ruling,
        holdback: HoldBack,
        cap: int | None = 256,
        at_cap: Literal["release", "end"] = "release",
        pseudonyms: Pseudonyms | None = None,
        regions: Regions = no_regions,
    ) -> None:
        self._inspect = inspect
        self._rule = rule
        self._unread = unread
        self._holdback = holdback
        self._cap = cap
        self._at_cap = at_cap
        self._pseudonyms = pseudonyms
        self._regions = _both(pseudonyms.regions, regions) if pseudonyms else regions
        self._before = ""
        self._step = max(1, min(64, cap // 4)) if cap else 0
        self._left = ""
        self._buffer = ""
        self._base = 0
        self._judged = 0
        self._recorded = 0
        self._forced = False
        self._closed = False

    @property
    def held(self) -> int:
        """Characters that wait."""
        return len(self._buffer)

    def feed(self, text: str) -> Released:
        """Take the next piece of the channel's text."""
        if self._closed or not text:
            return NOTHING
        if self._cap is None:
            self._buffer += text
            return NOTHING
        room = self._room(self._cap)
        if len(text) < room:
            self._buffer += text
            return self._release_settled()
        out: list[Released] = []
        at = 0
        while at < len(text) and not self._closed:
            room = self._room(self._cap)
            piece = text[at : at + room]
            at += len(piece)
            self._buffer += piece
            out.append(self._release_settled())
            if len(piece) == room and not self._closed:
                out.append(self._checkpoint(self._cap))
        return join(out)

    def _room(self, cap: int) -> int:
        """Characters to the next checkpoint at which something would be done if none of them settled before."""
        there = self._base + len(self._buffer)
        soonest = max(there, self._base + cap - self._step)
        return (soonest // self._step + 1) * self._step - there

    def finish(self) -> Released:
        """The channel is complete: settle what is still held."""
        if self._closed:
            return NOTHING
        released = self._settle(len(self._buffer))
        self._closed = True
        return released

    def _release_settled(self) -> Released:
        if not self._forced:
            return self._settle(self._holdback.start(self._buffer, self._regions))
        # A forced release cut through a run: where it ends can only be told from where it began.
        return self._settle(self._holdback.start(self._left + self._buffer, self._regions) - len(self._left))

    def _checkpoint(self, cap: int) -> Released:
        """Called at absolute positions only; acts when the hold could pass the cap before the next one."""
        if len(self._buffer) <= cap - self._step:
            return NOTHING
        if self._at_cap == "end":
            self._closed = True
            self._buffer = ""
            return Released(action=Action.BLOCK, observed=Action.BLOCK, rule="streaming.hold_back", blocked=True)
        cut = len(self._buffer) - cap // 2
        text = self._left + self._buffer
        offset = len(self._left)
        for signal in self._inspect(text).signals:
            start, end = signal.span.start - offset, signal.span.end - offset
            if start < cut < end and self._rule(signal).action.rank > Action.ALLOW.rank:
                cut = end
        return self._settle(cut, forced=True)

    def _settle(self, count: int, forced: bool = False) -> Released:
        """Judge and release ``buffer[:count]``; a forced release is remembered as context of what follows."""
        if count <= 0:
            return NOTHING
        left = self._left
        segment = self._buffer[:count] if self._pseudonyms is None else self._restored(count)
        text = left + segment
        found = self._inspect(text)
        base = self._judged - len(left)
        self._buffer = self._buffer[count:]
        self._base += count
        self._judged += len(segment)
        self._left = text[-(REACH if forced else LEFT_CONTEXT) :]
        self._forced = forced
        if found.unread and self._unread.action is not Action.ALLOW:
            given_up = self._give_up()
            return given_up if given_up.blocked else join([given_up, self._apply(text, len(left), base, found.signals)])
        if not found.signals:
            return Released(text=segment)
        return self._apply(text, len(left), base, found.signals)

    def _restored(self, count: int) -> str:
        """The next ``count`` characters with the exchange's pseudonyms replaced by what they stand for."""
        assert self._pseudonyms is not None
        before, raw = self._before, self._buffer[:count]
        self._before = (before + raw)[-LEFT_CONTEXT:]
        ahead = self._buffer[count : count + LEFT_CONTEXT]
        restored = self._pseudonyms.restore(before + raw + ahead)
        return restored[len(before) : len(restored) - len(ahead)]

    def _give_up(self) -> Released:
        """Text that nobody read: it cannot be redacted, so anything above a flag ends the channel."""
        ruling = self._unread
        if ruling.action.rank <= Action.FLAG.rank:
            return Released(action=ruling.action, observed=ruling.observed, rule=ruling.rule)
        self._closed = True
        self._buffer = ""
        return Released(action=Action.BLOCK, observed=ruling.observed, rule=ruling.rule, blocked=True)

    def _apply(self, text: str, released: int, base: int, found: Sequence[Signal]) -> Released:
        """Redact or block in ``text``, of which the first ``released`` characters have left already."""
        ruled = [
            (signal, self._rule(signal))
            for signal in sorted(found, key=lambda signal: (signal.span.start, -signal.span.end))
            if signal.span.end > released
        ]
        best = Released()
        out: list[str] = []
        at = released
        signals: list[Signal] = []
        for signal, ruling in ruled:
            start, end = signal.span.start, signal.span.end
            escaped = max(0, released - start)
            stops = ruling.action is Action.BLOCK or (ruling.action is Action.REDACT and escaped > 0)
            if self._recorded < MOST_SIGNALS:
                self._recorded += 1
                signals.append(msgspec.structs.replace(signal, span=Span(base + start, base + end)))
            if ruling.action.rank > best.action.rank:
                best = Released(action=ruling.action, rule=ruling.rule, observed=best.observed)
            if ruling.observed.rank > best.observed.rank:
                best = msgspec.structs.replace(best, observed=ruling.observed)
            if stops:
                out.append(text[at : max(at, start)])
                self._closed = True
                self._buffer = ""
                return Released("".join(out), tuple(signals), Action.BLOCK, Action.BLOCK, ruling.rule, True, escaped)
            if ruling.action is Action.REDACT:
                if start >= at:
                    out.append(text[at:start])
                    out.append(replacement(signal))
                at = max(at, end)
        out.append(text[at:])
        return msgspec.structs.replace(best, text="".join(out), signals=tuple(signals))


def _both(one: Regions, other: Regions) -> Regions:
    return one if other is no_regions else lambda text: [*one(text), *other(text)]


class ArgumentScanner:
    """Tool-call arguments: held until the call is complete, bounded by ``limit`` characters."""

    def __init__(self, inspect: Inspect, rule: Rule, unread: Ruling, holdback: HoldBack, limit: int) -> None:
        self._whole = OutputScanner(inspect, rule, unread, holdback, cap=None)
        self._limit = limit
        self._over = False

    @property
    def held(self) -> int:
        """Characters that wait."""
        return self._whole.held

    def feed(self, text: str) -> Released:
        """Hold; too much of it blocks."""
        if self._over:
            return NOTHING
        self._whole.feed(text)
        if self._whole.held > self._limit:
            self._over = True
            return Released(action=Action.BLOCK, observed=Action.BLOCK, rule="streaming.max_tool_args", blocked=True)
        return NOTHING

    def finish(self) -> Released:
        """Judge the whole call."""
        return NOTHING if self._over else self._whole.finish()


def join(pieces: Sequence[Released]) -> Released:
    """Several releases of one channel as one."""
    if len(pieces) == 1:
        return pieces[0]
    strictest = max(pieces, key=lambda piece: piece.action.rank, default=NOTHING)
    observed = max((piece.observed for piece in pieces), key=lambda action: action.rank, default=Action.ALLOW)
    return Released(
        "".join(piece.text for piece in pieces),
        tuple(signal for piece in pieces for signal in piece.signals),
        strictest.action,
        observed,
        strictest.rule,
        any(piece.blocked for piece in pieces),
        sum(piece.escaped for piece in pieces),
    )

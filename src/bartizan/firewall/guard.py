"""The firewall's judgement: passages and output texts in, verdicts out. The gateway and the Python API share it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from bartizan.core.interfaces import Seen
from bartizan.core.passage import Passage, Surface
from bartizan.core.signal import Signal
from bartizan.core.verdict import Coverage, Uncovered, Verdict
from bartizan.firewall.exchange import ChannelKind
from bartizan.firewall.streaming import ArgumentScanner, Inspected, OutputScanner, Released, Scanner, join
from bartizan.inspection.holdback import HoldBack
from bartizan.policy.policy import Policy, Ruling


class TextInspector(Protocol):
    """Signals of a text, with the reasons why parts of it went unread."""

    def inspect_full(self, text: str, surface: Surface) -> Inspected:
        """Spans refer to ``text``."""
        ...


class Guard:
    """Inspector and policy in force. Immutable; a reload builds a new one.

    Args:
        inspector: for every surface.
        policy: decides.
        holdback: what streams must hold for the output detectors in force.
    """

    def __init__(self, inspector: TextInspector, policy: Policy, holdback: HoldBack) -> None:
        self.policy = policy
        self._inspector = inspector
        self._holdback = holdback
        self._streaming = policy.document.streaming
        self._unread = policy.rule_uncovered(Uncovered((), "", "unread"))

    def inspect_passages(self, passages: Iterable[Passage], uncovered: Sequence[Uncovered] = ()) -> Verdict:
        """Judge the passages of one request, each as all of its surfaces."""
        seen: list[Seen] = []
        gaps = list(uncovered)
        count = characters = trusted = 0
        for passage in passages:
            count += 1
            characters += len(passage.text)
            if not passage.surfaces:
                trusted += 1
                continue
            for surface in passage.surfaces:
                found = self._inspector.inspect_full(passage.text, surface)
                if found.signals:
                    seen.append(Seen(passage, surface, found.signals))
                for reason in found.unread:
                    gap = Uncovered(passage.path, reason, "unread")
                    if gap not in gaps:
                        gaps.append(gap)
        return self.policy.decide(seen, Coverage(count, characters, trusted, tuple(gaps)))

    def channel(self, kind: ChannelKind) -> Scanner:
        """A scanner for one streamed channel of a response."""
        if kind is ChannelKind.TOOL_ARGUMENTS:
            return ArgumentScanner(
                self._output, self._rule, self._unread, self._holdback, self._streaming.max_tool_args
            )
        return self._scanner(self._streaming.hold_back)

    def whole(self, kind: ChannelKind, text: str) -> Released:
        """Judge a channel whose text has arrived whole: nothing needs to be held, so no cap applies."""
        scanner = self.channel(kind) if kind is ChannelKind.TOOL_ARGUMENTS else self._scanner(None)
        return join([scanner.feed(text), scanner.finish()])

    def _scanner(self, cap: int | None) -> OutputScanner:
        return OutputScanner(self._output, self._rule, self._unread, self._holdback, cap, self._streaming.at_cap)

    def _output(self, text: str) -> Inspected:
        return self._inspector.inspect_full(text, Surface.OUTPUT)

    def _rule(self, signal: Signal) -> Ruling:
        return self.policy.rule(signal, Surface.OUTPUT)

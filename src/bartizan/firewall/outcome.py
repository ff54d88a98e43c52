"""What the inspection of one response found, gathered piece by piece."""

from __future__ import annotations

from collections.abc import Iterable

from bartizan.core.event import TensorRecord, Usage
from bartizan.core.passage import Blob, Part
from bartizan.core.signal import Signal
from bartizan.core.verdict import Action, Coverage, Uncovered
from bartizan.firewall.exchange import Channel
from bartizan.firewall.streaming import Released
from bartizan.policy.policy import Policy

MOST_SIGNALS = 256
"""Signals kept per response; all of them have been acted upon."""
MOST_UNCOVERED = 64


class Outcome:
    """The response side of an exchange, as the journal will tell it."""

    __slots__ = (
        "_signals",
        "_uncovered",
        "action",
        "blocked",
        "characters",
        "error",
        "escaped",
        "observed",
        "passages",
        "rule",
        "said",
        "tensors",
        "texts",
        "usage",
    )

    def __init__(self) -> None:
        self.action = Action.ALLOW
        self.observed = Action.ALLOW
        self.rule = ""
        self.blocked = False
        self.escaped = 0
        self.usage = Usage()
        self.error = ""
        """Why the answer is incomplete; empty if it is complete."""
        self.texts: list[str] = []
        """What left, one text per channel."""
        self.said: list[tuple[Channel, str]] = []
        """What left of a complete answer, by channel."""
        self.tensors: tuple[TensorRecord, ...] = ()
        """What left, of a model that answers with tensors."""
        self.passages = 0
        self.characters = 0
        self._signals: list[Signal] = []
        self._uncovered: list[Uncovered] = []

    @property
    def signals(self) -> tuple[Signal, ...]:
        """What the detectors saw, at most 256."""
        return tuple(self._signals)

    @property
    def coverage(self) -> Coverage:
        """What was read and what was not."""
        return Coverage(self.passages, self.characters, 0, tuple(self._uncovered))

    def take(self, released: Released) -> None:
        """Add the findings that came with a piece of text."""
        if released.signals:
            self._signals.extend(released.signals[: MOST_SIGNALS - len(self._signals)])
        if released.action is not Action.ALLOW and released.action.rank > self.action.rank:
            self.action = released.action
            self.rule = released.rule
        if released.observed is not Action.ALLOW and released.observed.rank > self.observed.rank:
            self.observed = released.observed
        self.escaped += released.escaped
        self.blocked = self.blocked or released.blocked

    def take_blobs(self, blobs: Iterable[Part], policy: Policy) -> None:
        """Let policy decide about content that no guard reads. What would need redaction is blocked: it cannot be."""
        for blob in blobs:
            if not isinstance(blob, Blob):
                continue
            uncovered = Uncovered(blob.path, f"{blob.media} in the answer", blob.media)
            if len(self._uncovered) < MOST_UNCOVERED:
                self._uncovered.append(uncovered)
            ruling = policy.rule_uncovered(uncovered)
            blocked = ruling.action.rank > Action.FLAG.rank
            self.take(
                Released(
                    action=Action.BLOCK if blocked else ruling.action,
                    observed=ruling.observed,
                    rule=ruling.rule,
                    blocked=blocked,
                )
            )

    def take_unread(self, reasons: Iterable[str], policy: Policy) -> None:
        """What a detector left unread of text that has left: policy can flag it, and no more."""
        for reason in reasons:
            uncovered = Uncovered((), reason, "unread")
            if len(self._uncovered) < MOST_UNCOVERED:
                self._uncovered.append(uncovered)
            ruling = policy.rule_uncovered(uncovered)
            action = ruling.action if ruling.action.rank <= Action.FLAG.rank else Action.FLAG
            self.take(Released(action=action, observed=ruling.observed, rule=ruling.rule))

    def take_usage(self, usage: Usage | None) -> None:
        """Token counts may come in parts (Anthropic: input first, output last); later counts win."""
        if usage is None:
            return
        self.usage = Usage(
            usage.input_tokens if usage.input_tokens >= 0 else self.usage.input_tokens,
            usage.output_tokens if usage.output_tokens >= 0 else self.usage.output_tokens,
        )

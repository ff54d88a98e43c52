"""How long an answer may be. It is cut after it was inspected: what leaves is the beginning of what might have left."""

from __future__ import annotations

from bartizan.core.tool import ToolCall
from bartizan.core.verdict import Action
from bartizan.firewall.dialects.gather import is_aside
from bartizan.firewall.dialects.interface import Dialect
from bartizan.firewall.documents import set_value
from bartizan.firewall.exchange import Channel, ChannelKind, Reply, Request, Slot
from bartizan.firewall.guard import Guard
from bartizan.firewall.outcome import Outcome
from bartizan.firewall.streaming import Released

_COUNTED = frozenset({ChannelKind.TEXT, ChannelKind.REASONING, ChannelKind.REFUSAL})
"""Arguments of tool calls have a bound of their own: half a call is none. Texts that the protocol does not name,
such as what servers add around an answer, are no part of it either."""


class Length:
    """Counts the characters of one answer.

    Args:
        guard: in force.
        outcome: told once when the answer is too long.
    """

    def __init__(self, guard: Guard, outcome: Outcome) -> None:
        self._most, self._ruling, self._outcome = guard.longest, guard.too_long, outcome
        self._shown = 0

    def room(self, channel: Channel, text: str) -> int:
        """How many characters of ``text`` may leave: all of them, unless the answer has to end in it."""
        if not self._most or channel.kind not in _COUNTED or is_aside(channel):
            return len(text)
        left = self._most - self._shown
        self._shown += len(text)
        if left >= len(text):
            return len(text)
        self._outcome.take(Released(action=self._ruling.action, observed=self._ruling.observed, rule=self._ruling.rule))
        return max(left, 0) if self._ruling.action is Action.REDACT else len(text)


def shorten(reply: Reply, dialect: Dialect, request: Request, guard: Guard, outcome: Outcome) -> list[ToolCall]:
    """End a complete answer where it is long enough, after ``guard_reply``; the tool calls that are left in it."""
    length = Length(guard, outcome)
    for number, (slot, text) in enumerate(zip(reply.slots, outcome.texts, strict=True)):
        room = len(text) if slot.encoded else length.room(slot.channel, text)
        if room < len(text):
            set_value(reply.document, slot.path, text[:room])
            dialect.shorten(reply.document, slot.path)
            outcome.texts[number:] = [text[:room]]
            _empty(reply, reply.slots[number + 1 :])
            return dialect.reply(reply.document, request).calls
    return reply.calls


def _empty(reply: Reply, slots: list[Slot]) -> None:
    """What the dialect left of the texts after the cut, such as the reasoning of the same message."""
    for slot in slots:
        if slot.channel.kind in _COUNTED and not is_aside(slot.channel):
            try:
                set_value(reply.document, slot.path, "")
            except (LookupError, TypeError):
                continue

"""Inspects a complete (non-stream) answer, with the same scanners that streams go through."""

from __future__ import annotations

from bartizan.firewall.documents import remove_value
from bartizan.firewall.exchange import Reply, Slot
from bartizan.firewall.guard import Guard
from bartizan.firewall.outcome import Outcome
from bartizan.firewall.slots import UNFIT, put


def guard_reply(reply: Reply, guard: Guard, outcome: Outcome) -> bool:
    """Edit ``reply.document`` in place so that it may leave.

    Returns:
        False if the answer is blocked; the document must then not be used.
    """
    outcome.take_usage(reply.usage)
    outcome.take_blobs(reply.blobs, guard.policy)
    if outcome.blocked:
        return False
    if reply.structure:
        carried = guard.structure(reply.structure)
        outcome.take(carried)
        if carried.blocked:
            return False
    for slot in reply.slots:
        if not _guard_slot(reply, slot, guard, outcome):
            return False
    for path in reply.raw_echoes:
        remove_value(reply.document, path)
    return True


def _guard_slot(reply: Reply, slot: Slot, guard: Guard, outcome: Outcome) -> bool:
    released = guard.whole(slot.channel.kind, slot.text)
    outcome.take(released)
    outcome.passages += 1
    outcome.characters += len(slot.text)
    if released.blocked:
        return False
    outcome.texts.append(released.text)
    outcome.said.append((slot.channel, released.text))
    if released.text != slot.text and not put(reply.document, slot, released.text):
        outcome.take(UNFIT)
        return False
    return True

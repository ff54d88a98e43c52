"""Writes what may leave back to where it stood."""

from __future__ import annotations

import msgspec

from bartizan.core.verdict import Action
from bartizan.firewall.documents import set_value
from bartizan.firewall.exchange import Document, Slot
from bartizan.firewall.streaming import Released

UNFIT = Released(action=Action.BLOCK, observed=Action.BLOCK, rule="output.redaction", blocked=True)
"""A redaction that left no valid JSON: nothing of it may leave."""


def put(document: Document, slot: Slot, text: str) -> bool:
    """Replace the slot's text. False if the slot holds JSON and ``text`` is none."""
    value = text
    if slot.encoded:
        try:
            value = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return False
    set_value(document, slot.path, value)
    return True

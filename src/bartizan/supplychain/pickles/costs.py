"""What the machine may hold, so that no stream makes it larger than some hundred megabytes."""

from __future__ import annotations

MOST_MEMO = 3_000_000
MOST_STACK = 2_000_000
"""Entries; more is reported and ends the run."""
MOST_BYTES = 140 << 20
"""Of what the machine made and may still keep, by the estimates below, in CPython on 64 bits."""
MARK, BOX, TEXT, SPARSE, MAPPING, INSTANCE = 96, 80, 56, 120, 200, 200
"""Bytes of a mark; a list, set, short tuple or place of bytes; a text without its characters; an entry of the memo out
of order; a dict; what a call gives."""

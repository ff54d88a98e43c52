"""The schema of ``waivers.yaml``: risks that somebody accepts, for a time."""

from __future__ import annotations

import datetime

import msgspec


class Waiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One accepted risk; it ends by itself."""

    subject: str
    """What is accepted: the id of a finding, signature or control."""
    reason: str
    author: str
    date: datetime.date
    expires: datetime.date
    """The last day on which it holds."""


Waivers = tuple[Waiver, ...]
"""``waivers.yaml``."""

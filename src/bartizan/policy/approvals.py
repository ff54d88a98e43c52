"""Who approves tool calls, and within which bounds they may be asked."""

from __future__ import annotations

import msgspec

from bartizan.core.quantity import Positive, Seconds


class ApprovalRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds on requests for approval."""

    expires_seconds: Seconds = 900.0
    """From the request until it can neither be decided nor redeemed."""
    max_pending: Positive = 20
    """Requests of one principal that may wait at once. What is beyond is blocked."""
    max_per_hour: Positive = 60
    """Requests of one principal within an hour, so that nobody approves from weariness. What is beyond is blocked."""
    max_characters: Positive = 20_000
    """Of the call written as JSON. Nobody reads more; a longer one is blocked."""


class Approver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person who may approve tool calls; only the hash of the key is stored."""

    name: str
    """Written into the journal with each decision."""
    sha256: str
    """Hexadecimal SHA-256 of the approver's key, which must be no client's key."""
    principals: tuple[str, ...] = ()
    """Principals of the same person: what their sessions ask, this approver may not decide."""
    disabled: bool = False
    """Refuse this key."""

"""What a red-team campaign of one's own says about itself, so that its attacks can be told from somebody else's."""

from __future__ import annotations

from typing import Literal

from bartizan.core.event.record import Commitment, Record


class CampaignChanged(Record, frozen=True, kw_only=True, omit_defaults=True, tag="campaign.changed"):
    """A campaign began, went on after an interruption, or ended."""

    campaign: str
    """Its id, which all of its events carry."""
    state: Literal["started", "resumed", "ended"]
    name: str = ""
    target: str = ""
    """Id of the target, and its address."""
    by: str = ""
    """Who allowed it."""
    digest: str = ""
    """SHA-256 of the scope file, hexadecimal."""
    trials: int = 0
    hits: int = 0
    inconclusive: int = 0
    reason: str = ""
    """Why it ended early; empty when all trials are over."""


class CampaignAttempted(Record, frozen=True, kw_only=True, omit_defaults=True, tag="campaign.attempted"):
    """One attempt was sent. An attempt that was sent again after an interruption is recorded again."""

    campaign: str
    attempt: str
    case: str
    entry_point: str
    objective: str
    technique: str
    target: str = ""
    outcome: Literal["hit", "miss", "inconclusive"]
    requests: tuple[str, ...] = ()
    """What the target's gateway calls them (``X-Request-Id``): they join an attempt to what guards and rules saw."""
    content: tuple[Commitment, ...] = ()
    """To what was sent and planted; never the text."""

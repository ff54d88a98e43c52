"""What a campaign has cost so far, and when that is enough."""

from __future__ import annotations

import time

import msgspec

from bartizan.redteam.attempt import Attempt
from bartizan.redteam.scope import Limits


class Spending(msgspec.Struct):
    """Counted over all runs of a campaign, but for the time."""

    requests: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    started: float = 0.0
    """Monotonic seconds."""

    def begin(self) -> None:
        """Start the clock of this run."""
        self.started = time.monotonic()

    def add(self, attempt: Attempt) -> None:
        """Count an attempt."""
        self.requests += sum(turn.reply.tries for turn in attempt.turns)
        self.tokens_in += attempt.tokens_in
        self.tokens_out += attempt.tokens_out

    def cost(self, limits: Limits) -> float:
        """In the currency of the prices."""
        return (self.tokens_in * limits.price_in + self.tokens_out * limits.price_out) / 1_000_000

    def exceeded(self, limits: Limits) -> str:
        """Which limit is reached, in words; "" when none is."""
        if limits.requests and self.requests >= limits.requests:
            return f"the limit of {limits.requests} requests is reached"
        if limits.tokens and self.tokens_in + self.tokens_out >= limits.tokens:
            return f"the limit of {limits.tokens} tokens is reached"
        if limits.cost and self.cost(limits) >= limits.cost:
            return f"the limit of {limits.cost:g} for costs is reached"
        if limits.hours and time.monotonic() - self.started >= limits.hours * 3_600:
            return f"the limit of {limits.hours:g} hours is reached"
        return ""

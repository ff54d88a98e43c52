"""What a campaign has cost so far, and when that is enough."""

from __future__ import annotations

import time

import msgspec

from bartizan.redteam.attempt import Attempt, Reply
from bartizan.redteam.scope import Limits


class Spent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """As the journal keeps it, for a campaign that goes on."""

    requests: int = 0
    tokens_in: int = 0
    tokens_out: int = 0


class Spending(msgspec.Struct):
    """Counted over all runs of a campaign, but for the time: the target's share, and the attacker model's."""

    requests: int = 0
    """Everything that was sent: retries, logins, planting and removal too."""
    tokens_in: int = 0
    tokens_out: int = 0
    unmetered: bool = False
    """An answer came that does not say what it took."""
    started: float = 0.0
    """Monotonic seconds."""

    def begin(self) -> None:
        """Start at nothing, and the clock of this run."""
        self.requests = self.tokens_in = self.tokens_out = 0
        self.unmetered = False
        self.started = time.monotonic()

    def sent(self) -> None:
        """Count a request as it leaves."""
        self.requests += 1

    def take(self, reply: Reply) -> None:
        """Count the tokens of a reply."""
        self.tokens_in += reply.tokens_in
        self.tokens_out += reply.tokens_out
        self.unmetered |= reply.readable and not reply.blocked and not (reply.tokens_in or reply.tokens_out)

    def remember(self, attempt: Attempt) -> None:
        """Count an attempt of an earlier run. Its logins and such stand in the ``Spent`` of a later record, if any."""
        for turn in attempt.turns:
            self.requests += turn.reply.tries
            self.take(turn.reply)

    def resume(self, spent: Spent) -> None:
        """Go on from what an earlier run had spent."""
        self.requests, self.tokens_in, self.tokens_out = spent.requests, spent.tokens_in, spent.tokens_out

    @property
    def spent(self) -> Spent:
        """So far."""
        return Spent(requests=self.requests, tokens_in=self.tokens_in, tokens_out=self.tokens_out)

    def cost(self, limits: Limits) -> float:
        """In the currency of the prices."""
        return (self.tokens_in * limits.price_in + self.tokens_out * limits.price_out) / 1_000_000

    def exceeded(self, limits: Limits) -> str:
        """Which limit is reached, or cannot be kept, in words; "" when none is."""
        if limits.requests and self.requests >= limits.requests:
            return f"the limit of {limits.requests} requests is reached"
        if limits.tokens and self.tokens_in + self.tokens_out >= limits.tokens:
            return f"the limit of {limits.tokens} tokens is reached"
        if limits.cost and self.cost(limits) >= limits.cost:
            return f"the limit of {limits.cost:g} for costs is reached"
        if limits.counts_tokens and self.unmetered:
            return "an answer does not say how many tokens it took, so that a limit on tokens or costs cannot be kept"
        if limits.hours and time.monotonic() - self.started >= limits.hours * 3_600:
            return f"the limit of {limits.hours:g} hours is reached"
        return ""

"""Estimates what a request will use, and prices what it used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bartizan.core.event import Usage
from bartizan.core.passage import Part, Text
from bartizan.firewall.exchange import Request
from bartizan.policy.document import Price

CHARACTERS_PER_TOKEN = 4
"""A common rule of thumb for English; the reservation is corrected by what the upstream reports."""
DEFAULT_OUTPUT_TOKENS = 1_024
"""Reserved when the client names no maximum."""
MOST_CHOICES = 128
"""What OpenAI accepts as ``n``."""
_FREE = Price()


def estimate(request: Request) -> Usage:
    """Tokens to reserve: characters of all text over four, and the client's maximum output (times its choices)."""
    output = request.max_output_tokens if request.max_output_tokens >= 0 else DEFAULT_OUTPUT_TOKENS
    choices = request.document.get("n")
    if isinstance(choices, int) and 1 < choices <= MOST_CHOICES:
        output *= choices
    return Usage(_characters(request.parts) // CHARACTERS_PER_TOKEN + 1, output)


def price(usage: Usage, model: str, prices: Mapping[str, Price]) -> float:
    """Cost of ``usage``; unknown counts and unpriced models are free. ``*`` prices every other model."""
    row = prices.get(model) or prices.get("*", _FREE)
    return (max(usage.input_tokens, 0) * row.input + max(usage.output_tokens, 0) * row.output) / 1_000_000


def total(usage: Usage) -> int:
    """Input and output tokens together; unknown counts as none."""
    return max(usage.input_tokens, 0) + max(usage.output_tokens, 0)


def reported(usage: Usage, reserved: Usage) -> Usage:
    """What to settle with: the upstream's counts, and the estimate where it reports none."""
    return Usage(
        usage.input_tokens if usage.input_tokens >= 0 else reserved.input_tokens,
        usage.output_tokens if usage.output_tokens >= 0 else reserved.output_tokens,
    )


def _characters(parts: Sequence[Part]) -> int:
    return sum(len(part.passage.text) for part in parts if isinstance(part, Text))

"""Records to measure with: a month of a company's requests, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from bartizan.core.event import Commitment, Event, RequestAccepted, RequestCompleted, RequestRefused, Timing, Usage
from bartizan.core.ids import new_id
from bartizan.core.signal import Signal, Span
from bartizan.core.threat import Guard, Threat
from bartizan.core.verdict import Action, Coverage

DAYS: Final = 30
PRINCIPALS: Final = tuple(f"team-{number:03d}" for number in range(400))
MODELS: Final = ("chat-large", "chat-small", "reason-1", "embed")
NEEDLE: Final = "quarterly ledger of the harbour"
"""Stands in one text of ten thousand."""
_WORDS: Final = (
    "please", "draft", "summary", "invoice", "harbour", "budget", "of", "the", "for", "customer", "meeting", "notes",
    "translate", "explain", "contract", "clause", "shipment", "delay", "policy", "table", "report", "week", "forecast",
    "risk", "reply", "tone", "review", "code", "test", "error", "server",
)  # fmt: skip
_INJECTION: Final = Signal(
    "signatures", Guard.PROMPT_INJECTION, Threat.PROMPT_INJECTION, "direct_override", 0.93, Span(3, 60),
    rule="override.ignore",
)  # fmt: skip


def month(count: int, seed: int = 1, end: datetime | None = None) -> Iterator[Event]:
    """``count`` records, evenly over the month before ``end``, in order of time.

    Pairs of an accepted and a completed request; one in fifty is refused instead, and one accepted text in ten is
    kept, as it is where policy asks for texts.
    """
    chance = random.Random(seed)  # noqa: S311 - seeded on purpose
    asked = random.Random(f"prompts {seed}")  # noqa: S311 - seeded on purpose
    start = (end or datetime.now(UTC)) - timedelta(days=DAYS)
    step = timedelta(days=DAYS) / max(1, count)
    made = 0
    while made < count:
        at = start + step * made
        principal = PRINCIPALS[min(int(chance.expovariate(4) * len(PRINCIPALS)), len(PRINCIPALS) - 1)]
        model, request = MODELS[chance.randrange(4)], new_id("req")
        client = f"10.{chance.randrange(4)}.{chance.randrange(256)}.{chance.randrange(256)}"
        length = chance.randrange(80, 3_000)
        if chance.random() < 0.02:
            yield RequestRefused(
                id=new_id("evt"), at=at, request=request, principal=principal, route="openai.chat", model=model,
                status=403, reason="policy", client=client, rule="user.prompt_injection", signals=(_INJECTION,),
                content=(_commitment(chance, length),), prompt=_prompt(asked),
            )  # fmt: skip
            made += 1
            continue
        text = ""
        if chance.random() < 0.1:
            text = " ".join(chance.choices(_WORDS, k=18))
            if chance.random() < 0.001:
                text += " " + NEEDLE
        yield RequestAccepted(
            id=new_id("evt"), at=at, request=request, principal=principal, route="openai.chat", model=model,
            session=f"{principal}-{made // 5_000}", stream=chance.random() < 0.5, client=client,
            coverage=Coverage(passages=2, characters=length, trusted=1), content=(_commitment(chance, length, text),),
                prompt=_prompt(asked),
        )  # fmt: skip
        made += 1
        if made < count:
            yield RequestCompleted(
                id=new_id("evt"), at=at + step, request=request, principal=principal, route="openai.chat", model=model,
                usage=Usage(length // 4, chance.randrange(20, 900)), coverage=Coverage(passages=1, characters=length),
                timing=Timing(round(chance.random() * 3, 3), chance.randrange(500), chance.randrange(4_000)),
                action=Action.REDACT if chance.random() < 0.01 else Action.ALLOW,
            )  # fmt: skip
            made += 1


def _prompt(chance: random.Random) -> str:
    """One in twenty is one of a hundred that everybody asks."""
    return f"{chance.randrange(100) if chance.random() < 0.05 else chance.getrandbits(64):016x}"


def _commitment(chance: random.Random, length: int, text: str = "") -> Commitment:
    return Commitment("20261101T000000Z-0badcafe", f"{chance.getrandbits(256):064x}", length, text)

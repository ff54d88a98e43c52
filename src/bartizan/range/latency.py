"""What the gateway adds to the time to answer.

Generation takes hundreds of milliseconds and varies; a gateway adds a few. So each prompt is first put to the model
once per slot, which fills its prompt caches, and is then sent pairwise, directly and guarded, for a few tokens, one
request at a time; only the differences count.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence

from bartizan.core.errors import UpstreamError
from bartizan.range.client import ModelClient
from bartizan.range.helpdesk.application import HelpDesk
from bartizan.range.helpdesk.records import Plant
from bartizan.reporting.assessment import AddedLatency, Quantile

_TOKENS = 2


async def measure(
    direct: ModelClient,
    guarded: ModelClient,
    plant: Plant,
    questions: Sequence[str],
    *,
    rounds: int = 2,
    slots: int = 2,
    advance: Callable[[], None] = lambda: None,
) -> AddedLatency:
    """Paired differences over ``questions`` x ``rounds`` x (JSON, stream). Raises UpstreamError if no pair succeeds."""
    whole: list[float] = []
    first: list[float] = []
    ways = [HelpDesk(direct, plant), HelpDesk(guarded, plant)]
    for index, question in enumerate(questions):
        await asyncio.gather(*(ways[0].ask(question, max_tokens=_TOKENS) for _ in range(slots)))
        for turn in range(2 * rounds):
            stream = turn % 2 == 1
            order = (0, 1) if (index + turn // 2) % 2 == 0 else (1, 0)
            seen = {way: await ways[way].ask(question, max_tokens=_TOKENS, stream=stream) for way in order}
            advance()
            if any(answer.error or answer.refused or not answer.text for answer in seen.values()):
                continue
            whole.append(seen[1].milliseconds - seen[0].milliseconds)
            if stream:
                first.append(seen[1].first_text - seen[0].first_text)
    if not whole or not first:
        raise UpstreamError("no benign request was answered both ways, so no added latency can be measured")
    return AddedLatency(len(whole), quantile(whole, 0.5), quantile(whole, 0.95), quantile(first, 0.5), len(first))


def quantile(values: Sequence[float], p: float) -> Quantile:
    """The ``p`` quantile with its distribution-free 95% interval from order statistics.

    The interval's ends are the values whose ranks bound the central 95% of Binomial(n, p) (Conover, Practical
    Nonparametric Statistics, 1999, section 3.2); with few values an end is the smallest or largest one.
    """
    ordered = sorted(values)
    n = len(ordered)
    low = high = -1
    total = 0.0
    for rank in range(n + 1):
        total += math.comb(n, rank) * p**rank * (1 - p) ** (n - rank)
        if low < 0 and total > 0.025:
            low = rank
        if high < 0 and total >= 0.975:
            high = rank
    ends = (ordered[max(0, low - 1)], ordered[min(n - 1, max(high, 0))])
    return Quantile(ordered[min(n - 1, math.ceil(p * n) - 1)], *ends)

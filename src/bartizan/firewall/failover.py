"""Tries the upstreams that know a model, in order, until one answers; never after the first byte."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bartizan.core.errors import UpstreamError
from bartizan.firewall.model_routes import Target
from bartizan.firewall.upstream import Call, UnreachableError, Upstream, UpstreamResponse
from bartizan.firewall.watchdog import Watchdog

RETRYABLE = frozenset({429, 500, 502, 503, 504, 529})
"""Statuses after which another try may do. 529: Anthropic's "overloaded"."""
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 2.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A response head, and who sent it."""

    upstream: Upstream
    response: UpstreamResponse


class Failover:
    """All configured upstreams by name."""

    def __init__(self, upstreams: Mapping[str, Upstream]) -> None:
        self._upstreams = dict(upstreams)

    async def send(self, targets: Sequence[Target], call: Callable[[Target], Call], watchdog: Watchdog) -> Answer:
        """The first response that is not worth another try, or else the last one.

        Args:
            targets: whom to ask, in order; each gets ``1 + retries`` tries.
            call: builds the request for a target (the model's name differs).
            watchdog: armed for the connection and the first byte of each try, limited to the first upstream's total.

        Raises:
            UpstreamError: 502 when no upstream could be reached, or one does not speak HTTP.
        """
        longest = self._upstreams[targets[0].upstream].timeouts.total
        watchdog.limit(longest, UpstreamError("the upstream took too long", status=504))
        attempts = [target for target in targets for _ in range(1 + self._upstreams[target.upstream].retries)]
        pause = _FIRST_PAUSE
        last = len(attempts) - 1
        for number, target in enumerate(attempts):
            upstream = self._upstreams[target.upstream]
            times = upstream.timeouts
            watchdog.arm(
                times.connect + times.first_byte,
                UpstreamError("the upstream did not answer in time", status=504),
            )
            wait = pause * (0.5 + random.random())  # noqa: S311 - jitter, not a secret
            try:
                response = await upstream.send(call(target))
            except UnreachableError:
                if number == last:
                    raise UpstreamError("the upstream cannot be reached") from None
            else:
                if response.status not in RETRYABLE or number == last:
                    return Answer(upstream, response)
                wait = max(wait, response.retry_after)
                response.close()
            if attempts[number + 1].upstream == target.upstream:
                await asyncio.sleep(min(wait, _LONGEST_PAUSE))
                pause *= 2
            else:
                pause = _FIRST_PAUSE
        raise UpstreamError("the upstream cannot be reached")

    async def close(self) -> None:
        """Close every upstream."""
        for upstream in self._upstreams.values():
            await upstream.close()

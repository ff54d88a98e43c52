"""Refusals of callers without a key: recorded in full up to a rate, then counted.

Strangers must not be able to fill the disk, and nothing may happen without a trace.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network
from time import monotonic

from bartizan.core.clock import utc_now
from bartizan.core.errors import JournalError
from bartizan.core.event import RefusalsCounted
from bartizan.core.ids import new_id
from bartizan.core.interfaces import Recorder

CLIENT_BURST = 20.0
"""Refusals of one address that are recorded in full before its rate matters."""
CLIENT_RATE = 0.1
"""Full records a second of one address after that."""
TOTAL_BURST = 200.0
TOTAL_RATE = 5.0
"""The same for all addresses of one worker together: about 0.2 GB a day at most."""
TELL_SECONDS = 30.0
"""How long refusals are counted before the count is recorded."""
MOST_CLIENTS = 64
"""Addresses that get a count of their own in one such time; the others share one."""
MOST_REMEMBERED = 4_096
"""Addresses whose rate is remembered."""
OTHERS = ""
"""Stands for all other addresses in a count."""

_log = logging.getLogger("bartizan.firewall")


ANONYMOUS = "anonymous"


def is_stranger(principal: str) -> bool:
    """True for whoever has shown no key that is known here."""
    return principal in ("", ANONYMOUS)


class _Bucket:
    __slots__ = ("at", "left")

    def __init__(self, left: float, at: float) -> None:
        self.left = left
        self.at = at

    def fill(self, now: float, rate: float, burst: float) -> float:
        self.left = min(burst, self.left + (now - self.at) * rate)
        self.at = now
        return self.left


class Strangers:
    """One worker's view of them. An IPv6 client is known by its /64, which is what one subscriber gets.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._clients: dict[str, _Bucket] = {}
        self._all = _Bucket(TOTAL_BURST, clock())
        self._counts: dict[str, Counter[int]] = {}
        self._since: datetime | None = None
        self._due = 0.0

    def admits(self, principal: str, client: str, status: int) -> bool:
        """True if a refusal is to be recorded in full; otherwise it has been counted.

        Args:
            principal: whose limits bound its records anyway, unless it is a stranger.
            client: the caller's address.
            status: what it is told.
        """
        if not is_stranger(principal):
            return True
        now = self._clock()
        name = network_of(client)
        bucket = self._clients.get(name)
        if bucket is None:
            bucket = self._remember(name, now)
        if bucket.fill(now, CLIENT_RATE, CLIENT_BURST) >= 1 and self._all.fill(now, TOTAL_RATE, TOTAL_BURST) >= 1:
            bucket.left -= 1
            self._all.left -= 1
            return True
        if self._since is None:
            self._since = utc_now()
            self._due = now + TELL_SECONDS
        if name not in self._counts and len(self._counts) >= MOST_CLIENTS:
            name = OTHERS
        self._counts.setdefault(name, Counter())[status] += 1
        return False

    def tell(self, recorder: Recorder, *, everything: bool = False) -> None:
        """Record the counts if their time is over; call about once a second. What cannot be recorded is kept.

        Args:
            recorder: the journal.
            everything: also if their time is not over.
        """
        if self._since is None or not (everything or self._clock() >= self._due):
            return
        for client, statuses in list(self._counts.items()):
            event = RefusalsCounted(
                id=new_id("evt"),
                at=utc_now(),
                client=client,
                count=statuses.total(),
                statuses={str(status): count for status, count in sorted(statuses.items())},
                since=self._since,
            )
            try:
                recorder.append(event)
            except JournalError as error:
                _log.error("refusals not recorded: %s", error.cause, extra={"count": event.count})
                self._due = self._clock() + TELL_SECONDS
                return
            del self._counts[client]
        self._since = None

    def _remember(self, name: str, now: float) -> _Bucket:
        if len(self._clients) >= MOST_REMEMBERED:
            full = CLIENT_BURST - 1
            self._clients = {
                known: bucket
                for known, bucket in self._clients.items()
                if bucket.fill(now, CLIENT_RATE, CLIENT_BURST) < full
            }
            if len(self._clients) > MOST_REMEMBERED // 2:
                self._clients.clear()  # the rate of all together still holds
        bucket = self._clients[name] = _Bucket(CLIENT_BURST, now)
        return bucket


def network_of(client: str) -> str:
    """An IPv4 address as it is, an IPv6 address as its /64; anything else as it is."""
    if ":" not in client:
        return client
    try:
        address = ip_address(client.partition("%")[0])
    except ValueError:
        return client
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, 64), strict=False))

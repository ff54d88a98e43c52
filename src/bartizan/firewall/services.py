"""What all exchanges of one gateway share and a reload does not change."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from bartizan.core.interfaces import Recorder
from bartizan.core.quota import Quota
from bartizan.firewall.failover import Failover
from bartizan.firewall.meters import Meters
from bartizan.firewall.model_routes import ModelRoutes


def _one_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="inspect")


@dataclass(frozen=True, slots=True)
class Services:
    """Built by the composition root."""

    routes: ModelRoutes
    upstreams: Failover
    quota: Quota
    recorder: Recorder
    meters: Meters
    large: ThreadPoolExecutor = field(default_factory=_one_thread)
    """Reads large texts, so that small requests need not wait for them; one at a time."""

    async def close(self) -> None:
        """Close upstream connections and the thread."""
        await self.upstreams.close()
        self.large.shutdown(wait=False, cancel_futures=True)

"""What all exchanges of one gateway share and a reload does not change."""

from __future__ import annotations

from dataclasses import dataclass, field

from bartizan.core.approval import Approvals, HeldAnswers
from bartizan.core.inference import Inference
from bartizan.core.interfaces import Recorder
from bartizan.core.once import Once
from bartizan.core.query_watch import QueryWatch
from bartizan.core.quota import Quota
from bartizan.core.tool_budget import ToolQuota
from bartizan.firewall.failover import Failover
from bartizan.firewall.large import LargeTexts
from bartizan.firewall.meters import Meters
from bartizan.firewall.model_routes import ModelRoutes
from bartizan.firewall.strangers import Strangers


@dataclass(frozen=True, slots=True)
class Services:
    """Built by the composition root."""

    routes: ModelRoutes
    upstreams: Failover
    quota: Quota
    recorder: Recorder
    meters: Meters
    inference: Inference | None = None
    """The trained model; without it, where policy wants it, every text counts as unread."""
    budgets: ToolQuota | None = None
    """Counts tool calls; None counts nothing."""
    watch: QueryWatch | None = None
    """Remembers queries to models that take tensors; None: where policy wants it, they are refused."""
    approvals: Approvals | None = None
    """Where a person is asked about tool calls; None: nobody can be, so what needs asking is refused."""
    held: HeldAnswers | None = None
    """Where answers wait for that person."""
    once: Once | None = None
    """Remembers proofs of possession; None: tokens that need one let nobody in."""
    large: LargeTexts = field(default_factory=LargeTexts)
    """Reads large texts, so that small requests need not wait for them."""
    strangers: Strangers = field(default_factory=Strangers)
    """Bounds what callers without a key can make the journal keep."""

    async def close(self) -> None:
        """Close upstream connections and threads; record what has only been counted."""
        await self.upstreams.close()
        if self.inference is not None:
            await self.inference.close()
        self.large.close()
        self.strangers.tell(self.recorder, everything=True)

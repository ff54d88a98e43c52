"""What the gateway records of requests."""

from __future__ import annotations

from datetime import datetime

from bartizan.core.event.record import Commitment, Record, TensorRecord, Timing, Usage
from bartizan.core.signal import Signal
from bartizan.core.verdict import Action, Coverage


class RequestAccepted(Record, frozen=True, kw_only=True, omit_defaults=True, tag="request.accepted"):
    """Journaled before the upstream is called."""

    request: str
    principal: str
    route: str
    model: str = ""
    session: str = ""
    on_behalf_of: tuple[str, ...] = ()
    """For whom the principal acts, nearest first, as its token says."""
    stream: bool = False
    client: str = ""
    action: Action = Action.ALLOW
    observed: Action = Action.ALLOW
    rule: str = ""
    signals: tuple[Signal, ...] = ()
    coverage: Coverage = Coverage()
    content: tuple[Commitment, ...] = ()
    prompt: str = ""
    """First 16 digits of the commitment to the user's last text: the same for the same text, while a key lasts."""
    language: str = ""
    """What that text seems to be in: a BCP 47 tag, ``und-Cyrl`` where only its script is known."""
    tensors: tuple[TensorRecord, ...] = ()
    """Inputs of a model that takes tensors."""


class RequestCompleted(Record, frozen=True, kw_only=True, omit_defaults=True, tag="request.completed"):
    """Journaled before the last byte leaves, or when the client has gone."""

    request: str
    principal: str
    route: str
    model: str = ""
    session: str = ""
    client: str = ""
    status: int = 200
    action: Action = Action.ALLOW
    observed: Action = Action.ALLOW
    rule: str = ""
    signals: tuple[Signal, ...] = ()
    coverage: Coverage = Coverage()
    usage: Usage = Usage()
    timing: Timing = Timing()
    content: tuple[Commitment, ...] = ()
    escaped: int = 0
    """Characters of a hit that had left before it was recognised; only possible past the hold-back cap."""
    error: str = ""
    tensors: tuple[TensorRecord, ...] = ()
    """Outputs that left."""


class RequestRefused(Record, frozen=True, kw_only=True, omit_defaults=True, tag="request.refused"):
    """A request that never reached an upstream: malformed, unauthenticated, over a limit, or blocked."""

    request: str
    principal: str = ""
    route: str = ""
    model: str = ""
    session: str = ""
    on_behalf_of: tuple[str, ...] = ()
    """For whom the principal acts, nearest first, as its token says."""
    status: int
    reason: str
    client: str = ""
    action: Action = Action.BLOCK
    rule: str = ""
    signals: tuple[Signal, ...] = ()
    coverage: Coverage = Coverage()
    content: tuple[Commitment, ...] = ()
    timing: Timing = Timing()
    prompt: str = ""
    """See ``RequestAccepted``."""
    language: str = ""
    tensors: tuple[TensorRecord, ...] = ()
    """Inputs, as far as they were read."""


class RefusalsCounted(Record, frozen=True, kw_only=True, omit_defaults=True, tag="request.refusals_counted"):
    """Refusals of callers without a key that came too fast to be recorded one by one."""

    client: str
    """Address, or IPv6 network; empty for many addresses together."""
    count: int
    statuses: dict[str, int]
    """HTTP status to number of refusals."""
    since: datetime
    """The first of them was not before this time, the last not after ``at``."""

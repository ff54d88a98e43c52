"""What travels on the keeper's socket. Requests with an ``id`` are answered under it, in any order; others are not."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from bartizan.core.limits import Limits, RateLimit
from bartizan.core.query_watch import Watched, WatchRules
from bartizan.core.tool_budget import ToolLimits, ToolUse
from bartizan.keeper.cooldown import Refused
from bartizan.keeper.interface import Grant, Snapshot

PROTOCOL: Final = 4

Name = Annotated[str, msgspec.Meta(max_length=512)]
Id = Annotated[int, msgspec.Meta(ge=1, le=2**62)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Difference = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]


class _Message(msgspec.Struct, frozen=True, array_like=True, tag=True):
    pass


class Admit(_Message, frozen=True, array_like=True, tag=True):
    """Answered with Decided."""

    id: Id
    principal: Name
    limits: Limits
    tokens: Count
    cost: float
    lease: bool
    """The worker would like a slice of the rate."""


class Settle(_Message, frozen=True, array_like=True, tag=True):
    """Not answered."""

    principal: Name
    limits: Limits
    tokens: Difference
    cost: float
    window: Count


class AdmitCall(_Message, frozen=True, array_like=True, tag=True):
    """Answered with Decided."""

    id: Id
    use: ToolUse
    limits: ToolLimits


class SettleCall(_Message, frozen=True, array_like=True, tag=True):
    """Not answered."""

    use: ToolUse
    limits: ToolLimits
    ran: bool
    window: Count


class GiveBack(_Message, frozen=True, array_like=True, tag=True):
    """An unused slice. Not answered."""

    principal: Name
    rate: RateLimit
    count: Count


class RecordBlock(_Message, frozen=True, array_like=True, tag=True):
    """Not answered."""

    principal: Name
    limits: Limits


class SetQuarantine(_Message, frozen=True, array_like=True, tag=True):
    """Answered with Done."""

    id: Id
    principal: Name
    on: bool


class Publish(_Message, frozen=True, array_like=True, tag=True):
    """Answered with Done."""

    id: Id
    snapshot: Snapshot


class GetSnapshot(_Message, frozen=True, array_like=True, tag=True):
    """Answered with SnapshotIs: at once, or when a version after ``after`` is in force."""

    id: Id
    after: Annotated[int, msgspec.Meta(ge=-1)] = -1
    """-1: at once, whatever it is."""


class Observe(_Message, frozen=True, array_like=True, tag=True):
    """Answered with WatchedIs."""

    id: Id
    principal: Name
    stream: Name
    rules: WatchRules
    queries: bytes


class TellClasses(_Message, frozen=True, array_like=True, tag=True):
    """Not answered."""

    principal: Name
    stream: Name
    rules: WatchRules
    first: Count
    classes: bytes


class TakeOnce(_Message, frozen=True, array_like=True, tag=True):
    """Answered with Taken."""

    id: Id
    owner: Name
    name: Annotated[str, msgspec.Meta(max_length=64)]
    seconds: Annotated[float, msgspec.Meta(ge=0, le=86_400)]


class Ping(_Message, frozen=True, array_like=True, tag=True):
    """Answered with Done."""

    id: Id


Request = (
    Admit
    | Settle
    | AdmitCall
    | SettleCall
    | GiveBack
    | RecordBlock
    | SetQuarantine
    | Publish
    | GetSnapshot
    | Observe
    | TellClasses
    | TakeOnce
    | Ping
)


class Welcome(_Message, frozen=True, array_like=True, tag=True):
    """Sent first on each connection."""

    protocol: int
    refused: tuple[Refused, ...]


class Decided(_Message, frozen=True, array_like=True, tag=True):
    """Answer to Admit and AdmitCall."""

    id: int
    grant: Grant
    leased: int


class Done(_Message, frozen=True, array_like=True, tag=True):
    """Answer without content."""

    id: int


class Failed(_Message, frozen=True, array_like=True, tag=True):
    """The request was understood and turned down."""

    id: int
    cause: str


class SnapshotIs(_Message, frozen=True, array_like=True, tag=True):
    """Answer to GetSnapshot."""

    id: int
    snapshot: Snapshot | None


class WatchedIs(_Message, frozen=True, array_like=True, tag=True):
    """Answer to Observe."""

    id: int
    watched: Watched


class Taken(_Message, frozen=True, array_like=True, tag=True):
    """Answer to TakeOnce."""

    id: int
    first: bool


class Told(_Message, frozen=True, array_like=True, tag=True):
    """Pushed when somebody is refused from now on, or served again."""

    refused: Refused


class Alive(_Message, frozen=True, array_like=True, tag=True):
    """Pushed every HEARTBEAT_SECONDS."""


Answer = Decided | Done | Failed | SnapshotIs | WatchedIs | Taken
Pushed = Welcome | Told | Alive
Reply = Answer | Pushed

HEARTBEAT_SECONDS: Final = 0.1
STALE_SECONDS: Final = 0.25
"""A worker that has not heard from the keeper for this long asks before it admits anything."""

"""What was sent, what came back, and what it shows: the records that a campaign keeps."""

from __future__ import annotations

import msgspec

from bartizan.redteam.case import Planted
from bartizan.redteam.taxonomy import Outcome


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """One tool call that the application or its model made, as traced, not as told."""

    name: str
    arguments: str
    """JSON text as it was sent; may be malformed."""


class Reply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came back for one message."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    unreachable: bool = False
    """There was no connection, or the target kept saying "later": the trial may run again."""
    lost: bool = False
    """It was sent and no answer came, for time ran out, the connection broke, or a gateway said so (504): it may have
    been carried out, so the trial ends, and does not run again."""
    request: str = ""
    """How a gateway calls the request in its journal (``X-Request-Id``)."""
    requests: tuple[str, ...] = ()
    """URLs at which an attack server of the campaign was called meanwhile, below a page's own: side effects."""
    pages: tuple[str, ...] = ()
    """URLs of pages that were named in the conversation; to quote one leads nowhere."""
    blocked: bool = False
    """A guard or the protocol says that it refused (code of an error, finish reason, ``refusal``)."""
    by_status: bool = False
    """``blocked``, and nothing but a status that the scope file lists says so: a wrong key may look the same."""
    error: str = ""
    """Why there is no readable reply: transport, status, shape. Empty when there is one; ``text`` then holds what an
    answer began with before it was cut off."""
    remains: str = ""
    """What came where no readable reply did, or beside a refusal: texts of an error page. Looked through for what must
    not be shown, and for nothing else."""
    status: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    milliseconds: float = 0.0
    tries: int = 1
    """Requests that this reply took, retries included."""
    served: str = ""
    """What the target says answered: model and version. A change during a campaign is noted."""
    hint: str = ""
    """What the target gives away of its guard to whoever attacks: verdict and rule of a gateway's debug key."""

    @property
    def readable(self) -> bool:
        """Whether the target is known to have taken the message in: it answered it, or said that it refuses it."""
        return not self.error and not self.by_status and (self.blocked or bool(self.text.strip() or self.tool_calls))


class Turn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message as it was sent, after slots and converters, and its reply."""

    sent: str
    planted: tuple[Planted, ...] = ()
    """What was planted before this message."""
    reply: Reply


class Judgement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an oracle says about an attempt."""

    outcome: Outcome
    reason: str
    """In words."""
    oracle: str = ""
    evidence: str = ""
    """The piece of the reply or trace that decides."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One conversation with the target and its outcome."""

    id: str
    """Digest of trial and index: the same campaign gives the same ids."""
    trial: str
    """Digest of case, converters, strategy and seed; several attempts of one strategy share it."""
    index: int
    """From 0: hit@1 looks at index 0, hit@k at all of a trial."""
    case: str
    converters: tuple[str, ...] = ()
    strategy: str
    seed: int
    turns: tuple[Turn, ...]
    judgement: Judgement
    started: str
    """RFC 3339, UTC."""
    milliseconds: float
    tokens_in: int = 0
    tokens_out: int = 0

    @property
    def outcome(self) -> Outcome:
        """Hit, miss or inconclusive."""
        return self.judgement.outcome

"""Our own compact, versioned records. OCSF, ECS, ASIM and OTel are mappings of these, applied elsewhere."""

from __future__ import annotations

from datetime import datetime

import msgspec

from bartizan.core.artefact import Admission
from bartizan.core.signal import Signal
from bartizan.core.threat import Severity
from bartizan.core.verdict import Action, Coverage

EVENT_VERSION = 1


class Commitment(msgspec.Struct, frozen=True, omit_defaults=True):
    """Content without its text: who holds the key can later prove that a given text was meant."""

    key: str
    """Id of the HMAC-SHA256 key."""
    mac: str
    """Hexadecimal HMAC of the UTF-8 text."""
    characters: int
    text: str = ""
    """The text itself, redacted, only if policy asks for it."""


class Usage(msgspec.Struct, frozen=True, omit_defaults=True):
    """Token counts as the upstream reports them; -1 where it does not."""

    input_tokens: int = -1
    output_tokens: int = -1


class Timing(msgspec.Struct, frozen=True, omit_defaults=True):
    """Durations in milliseconds; -1 where the step was not reached."""

    inspect_request: float = -1
    upstream_first_byte: float = -1
    total: float = -1


class _Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    id: str
    at: datetime
    version: int = EVENT_VERSION


class RequestAccepted(_Record, frozen=True, kw_only=True, omit_defaults=True, tag="request.accepted"):
    """Journaled before the upstream is called."""

    request: str
    principal: str
    route: str
    model: str = ""
    session: str = ""
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


class RequestCompleted(_Record, frozen=True, kw_only=True, omit_defaults=True, tag="request.completed"):
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


class RequestRefused(_Record, frozen=True, kw_only=True, omit_defaults=True, tag="request.refused"):
    """A request that never reached an upstream: malformed, unauthenticated, over a limit, or blocked."""

    request: str
    principal: str = ""
    route: str = ""
    model: str = ""
    session: str = ""
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


class RefusalsCounted(_Record, frozen=True, kw_only=True, omit_defaults=True, tag="request.refusals_counted"):
    """Refusals of callers without a key that came too fast to be recorded one by one."""

    client: str
    """Address, or IPv6 network; empty for many addresses together."""
    count: int
    statuses: dict[str, int]
    """HTTP status to number of refusals."""
    since: datetime
    """The first of them was not before this time, the last not after ``at``."""


class ConfigurationChanged(_Record, frozen=True, kw_only=True, omit_defaults=True, tag="configuration.changed"):
    """A snapshot of the workspace came into force, or a broken edit was turned down."""

    snapshot: int
    digest: str
    accepted: bool
    problem: str = ""
    files: tuple[str, ...] = ()
    """Names of the files that are new or different, if an earlier snapshot was in force here."""
    removed: tuple[str, ...] = ()
    """Names of the files that are gone."""
    loosened: tuple[str, ...] = ()
    """Settings of policy that guard less than before, such as ``surfaces.user.prompt_injection.action``."""


class ProcessChanged(_Record, frozen=True, kw_only=True, omit_defaults=True, tag="process.changed"):
    """A gateway worker or the keeper started, drained, stopped or was lost."""

    process: str
    state: str
    detail: str = ""


class ModelPulled(_Record, frozen=True, kw_only=True, omit_defaults=True, tag="model.pulled"):
    """Model weights were fetched and their digest checked."""

    model: str
    digest: str
    source: str


class ArtefactDecided(_Record, frozen=True, kw_only=True, omit_defaults=True, tag="artefact.decided"):
    """Whether policy admits one file: before it is loaded, in CI, or when somebody asks."""

    path: str
    sha256: str = ""
    """Hexadecimal; empty where the file was not read to its end."""
    size: int = -1
    admission: Admission
    observed: Admission
    """What would have been decided had policy not been told to let everything pass."""
    policy: str = ""
    reason: str = ""
    pack: str = ""
    formats: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    """Of what the scanner found."""
    waived: tuple[str, ...] = ()
    """Of those, the ones that a waiver for just this digest accepts."""
    signature: str = ""
    """``valid``, ``invalid``, ``untrusted`` or ``none``."""
    signer: str = ""
    purpose: str = ""
    """``admit`` for a question, ``load`` right before loading."""


class Head(msgspec.Struct, frozen=True):
    """The last record of a writer's chain in one segment, at the time of a seal."""

    chain: str
    """32 hexadecimal digits."""
    writer: str
    segment: str
    """Name of the complete segment, whether or not it was complete then."""
    seq: int
    hash: str
    """Hexadecimal SHA-256 of the record."""


class JournalSealed(_Record, frozen=True, kw_only=True, omit_defaults=True, tag="journal.sealed"):
    """Heads of the journal's chains, signed; a copy that leaves the machine anchors everything before it."""

    number: int
    """Counts from 0 over all seals of a journal."""
    previous: str
    """Hexadecimal SHA-256 of the statement of the seal before this one; empty for the first."""
    heads: tuple[Head, ...]
    """Those that have moved since the seal before this one."""
    key: str
    """Id of the Ed25519 key."""
    signature: str
    """Base64, over :func:`bartizan.telemetry.seal.statement`."""


class JournalDamaged(_Record, frozen=True, kw_only=True, omit_defaults=True, tag="journal.damaged"):
    """A segment is not what its writer wrote: it is not sealed, and somebody should look."""

    segment: str
    line: int
    """Counts from 1; 0 for the segment as a whole."""
    problem: str


class ApprovalRequested(_Record, frozen=True, kw_only=True, omit_defaults=True, tag="approval.requested"):
    """A tool call waits for a person."""

    approval: str
    digest: str
    tool: str
    principal: str
    session: str = ""
    on_behalf_of: tuple[str, ...] = ()
    policy: str = ""
    reason: str = ""
    expires: datetime


class ApprovalDecided(_Record, frozen=True, kw_only=True, omit_defaults=True, tag="approval.decided"):
    """A person approved or denied a call, or its time ran out."""

    approval: str
    digest: str
    state: str
    """``approved``, ``denied`` or ``expired``."""
    approver: str = ""
    note: str = ""


class ApprovalRedeemed(_Record, frozen=True, kw_only=True, omit_defaults=True, tag="approval.redeemed"):
    """An approved call was released: the only time that this approval counts."""

    approval: str
    digest: str
    principal: str
    session: str = ""


class ApprovalRefused(_Record, frozen=True, kw_only=True, omit_defaults=True, tag="approval.refused"):
    """Somebody tried to use or decide an approval that they may not: a replay, another call, one's own request."""

    approval: str = ""
    digest: str = ""
    principal: str = ""
    session: str = ""
    approver: str = ""
    reason: str
    """``unknown``, ``pending``, ``denied``, ``expired``, ``replayed``, ``other_call``, ``other_session``,
    ``own_request`` or ``unauthenticated``."""


class QuarantineChanged(_Record, frozen=True, kw_only=True, omit_defaults=True, tag="quarantine.changed"):
    """A principal or a session was stopped, or may go on."""

    principal: str = ""
    session: str = ""
    on: bool
    by: str = ""
    """User of the operating system who said so."""


class ToolDecided(_Record, frozen=True, kw_only=True, omit_defaults=True, tag="tool.decided"):
    """What was decided about one tool call, journaled before the call goes on."""

    call: str
    """Our id of the call; the client is told it with a refusal."""
    principal: str
    tool: str
    on_behalf_of: tuple[str, ...] = ()
    """For whom the principal acts, nearest first."""
    request: str = ""
    """Of the gateway, whose answer asked for the call; empty for other callers."""
    session: str = ""
    server: str = ""
    action: Action = Action.ALLOW
    observed: Action = Action.ALLOW
    """What would have happened had policy not been in monitor mode."""
    policy: str = ""
    reason: str = ""
    digest: str = ""
    """SHA-256 of the exact call."""
    approval: str = ""
    """Id of the approval that was asked for, or that let the call pass."""
    effect: str = ""
    """What the tool does, as the guard sees it: ``read``, ``write``, ``send``, …; empty without a guard."""
    outward: bool = False
    """What it carries reaches somebody else."""
    tainted: bool = False
    """The session had read text that others may have written."""
    content: tuple[Commitment, ...] = ()
    """The arguments."""


class McpAnswered(_Record, frozen=True, kw_only=True, omit_defaults=True, tag="mcp.answered"):
    """What an MCP server gave back, and what of it was passed on."""

    call: str
    principal: str
    server: str
    method: str
    name: str = ""
    session: str = ""
    action: Action = Action.ALLOW
    observed: Action = Action.ALLOW
    rule: str = ""
    signals: tuple[Signal, ...] = ()
    coverage: Coverage = Coverage()
    characters: int = 0
    milliseconds: float = -1
    error: str = ""
    content: tuple[Commitment, ...] = ()


class McpDefinitionChanged(_Record, frozen=True, kw_only=True, omit_defaults=True, tag="mcp.definition_changed"):
    """The state of a tool definition or of a server's identity is no longer what it was."""

    server: str
    subject: str
    """``tool`` or ``server``."""
    name: str
    state: str
    """``offered``, ``new``, ``changed``, ``suspicious``, ``colliding``, ``malformed``, ``removed`` or ``pinned``."""
    digest: str = ""
    pinned: str = ""
    """The digest that was approved; empty when none was."""
    reasons: tuple[str, ...] = ()


class McpRefused(_Record, frozen=True, kw_only=True, omit_defaults=True, tag="mcp.refused"):
    """A message of an MCP client or server that the proxy did not pass on."""

    principal: str = ""
    server: str = ""
    method: str = ""
    name: str = ""
    reason: str
    count: int = 1
    """How many alike since the last such record."""


class FindingRaised(_Record, frozen=True, kw_only=True, omit_defaults=True, tag="finding.raised"):
    """A detection rule found something in the journal. ``id`` follows from rule and events, so that what is found
    again is known again."""

    rule: str
    """Id of the rule, else its name, else its title."""
    title: str
    severity: Severity
    threat: str = ""
    techniques: tuple[str, ...] = ()
    """Such as ``AML.T0051`` or ``T1110``."""
    principal: str = ""
    """Whom it is about, where the rule or the one event says so."""
    session: str = ""
    group: dict[str, str] = {}
    """Of a correlation: the values that its events share."""
    start: datetime | None = None
    """Of a correlation: where its window begins. It ends at ``end``."""
    end: datetime | None = None
    """When the last of its events happened."""
    measure: str = ""
    value: float = 0.0
    """Of a correlation: what was measured."""
    events: tuple[str, ...] = ()
    """Ids of the newest events behind it, in order of time; at most a hundred of ``total``."""
    total: int = 1
    remediation: str = ""
    """What the rule says to do."""


class RuleAlarmed(_Record, frozen=True, kw_only=True, omit_defaults=True, tag="rule.alarmed"):
    """A detection rule does not do what it is for."""

    rule: str
    title: str
    state: str
    """``noisy``: it matches more than half of all events. ``muted``: it found so much that not everything was
    recorded. ``failed``: it could not judge an event."""
    count: int = 0
    detail: str = ""


class RulesChanged(_Record, frozen=True, kw_only=True, omit_defaults=True, tag="rules.changed"):
    """Detection rules came into force, or could not."""

    digest: str
    """Over all rules and the settings they run under; empty for rules that cannot."""
    count: int
    """Of them."""
    accepted: bool
    problem: str = ""


Event = (
    RequestAccepted
    | RequestCompleted
    | RequestRefused
    | RefusalsCounted
    | ConfigurationChanged
    | ProcessChanged
    | ModelPulled
    | ArtefactDecided
    | JournalSealed
    | JournalDamaged
    | ApprovalRequested
    | ApprovalDecided
    | ApprovalRedeemed
    | ApprovalRefused
    | QuarantineChanged
    | ToolDecided
    | McpAnswered
    | McpDefinitionChanged
    | McpRefused
    | FindingRaised
    | RuleAlarmed
    | RulesChanged
)

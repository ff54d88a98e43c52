"""The schema of ``bartizan.yaml``: where things run."""

from __future__ import annotations

from typing import Literal

import msgspec

from bartizan.core.quantity import Amount, Natural, OwnPort, Positive, Seconds
from bartizan.core.secretref import SecretRef
from bartizan.workspace.mcp import Mcp
from bartizan.workspace.sinks import Sinks


class Listen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the gateway listens."""

    host: str = "127.0.0.1"
    """Address that clients connect to."""
    port: OwnPort = 8400
    """Port that clients connect to."""
    admin_host: str = "127.0.0.1"
    """Address of the admin listener."""
    admin_port: OwnPort = 8401
    """Metrics, health and readiness; keep it off the public network."""
    workers: Positive = 1
    """Gateway processes; limits mean the same with one as with eight."""
    drain_seconds: Amount = 20.0
    """At a stop, how long requests under way may take to finish."""
    tls_certificate: str = ""
    """PEM file with the certificate chain, the server's own first; empty for plain HTTP. Relative paths start at the
    workspace."""
    tls_key: str = ""
    """PEM file with its private key, not encrypted and not open to every user."""


class Timeouts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds."""

    connect: Seconds = 5.0
    """Until the connection stands."""
    first_byte: Seconds = 120.0
    """From the request to the first byte of the answer."""
    between_bytes: Seconds = 60.0
    """Between two pieces of a streamed answer."""
    total: Seconds = 600.0
    """For the whole exchange."""


class Upstream(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One model server."""

    name: str
    """Shown in metrics and errors."""
    url: str
    """Base URL as its SDK takes it, such as ``https://api.openai.com/v1`` or ``https://api.anthropic.com``."""
    protocol: Literal["openai", "anthropic", "oip"]
    """OpenAI routes go to `openai` upstreams only, Anthropic routes to `anthropic` ones, and those of the Open
    Inference Protocol (`/v2`) to `oip` ones, whose URL stands without `/v2`."""
    binary_tensors: bool = True
    """An `oip` server takes binary tensor data. Off: the gateway sends it JSON, whatever its client sends."""
    key: SecretRef | None = None
    """The upstream's API key, by environment variable or file; none for a keyless server."""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    """Sent with every request; no secrets here."""
    models: dict[str, str] = msgspec.field(default_factory=dict)
    """Public model name to the upstream's name. ``"*": "*"`` passes every name through."""
    timeouts: Timeouts = Timeouts()
    retries: Natural = 1
    """Further tries, each before the first byte only."""
    max_connections: Positive = 256
    """Connections per gateway worker."""
    max_response_bytes: Positive = 64_000_000
    """A longer answer is broken off with an error."""


class Stamping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who says by when a seal existed."""

    url: str
    """Of a time stamping authority (RFC 3161), http or https."""
    roots: str
    """PEM file with the certificates under which its own must be; relative paths start at the workspace."""
    seconds: Seconds = 3_600.0
    """Between two time stamps."""
    timeout_seconds: Seconds = 20.0
    """For one answer."""


class Signing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """With what the heads of the journal's chains are signed."""

    key: SecretRef
    """Private Ed25519 key, as `bartizan keys signing` writes it. A file must be outside of the workspace."""
    seconds: Seconds = 10.0
    """Between two seals; what is younger could still be replaced unseen by who controls a writer."""
    timestamps: Stamping | None = None
    """None: nobody but us says when. Needs the extra `timestamps`."""


class Snapshots(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which versions of the watched files come into force."""

    mode: Literal["open", "enforced"] = "open"
    """``open``: every sound edit. ``enforced``: only what a trusted key signed, in versions that grow; see
    `bartizan harden approve`. Set BARTIZAN_SIGNED_BY where the service starts to enforce it whatever stands here."""
    keys: tuple[str, ...] = ()
    """Files with the public keys of those who may sign; outside of the workspace."""


class Vault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where texts go that policy wants kept (`content.keep: vault`): encrypted, each to be erased by itself."""

    keys: str = ""
    """Folder of the key pairs that `bartizan keys vault` makes, outside of the workspace. Writing needs the public keys
    alone. Empty: no text can be kept, but `content.sketches` can."""
    max_bytes: Positive = 2_000_000_000
    """When the vault reaches this size, `journal.on_full` decides; the oldest texts are erased before that, from nine
    tenths on."""
    days: Amount = 30.0
    """Texts are erased at this age."""


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long records stay. What goes leaves a signed tombstone, for which `journal.signing` is needed."""

    journal_days: Amount = 0.0
    """Sealed segments of the journal are removed at this age, once they are in the lake and every sink has them; 0
    keeps them. Not less than `journal.vault.days`."""
    lake_days: Amount = 0.0
    """Days of the lake are removed at this age, not before the journal's segments; 0 keeps them."""


class Journal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The record of what happened."""

    durability: Literal["write", "fsync"] = "write"
    """``write`` survives the death of every process, and is on disk within a second; ``fsync`` (in groups, before the
    upstream is called) also survives the loss of power."""
    on_full: Literal["refuse", "drop"] = "refuse"
    """When the journal cannot be written: refuse new requests, or serve them and count what was dropped."""
    segment_bytes: Positive = 64_000_000
    """A segment file is complete at this size."""
    segment_seconds: Seconds = 300.0
    """A segment file is complete at this age."""
    signing: Signing | None = None
    """None: records are chained, but no seal is signed."""
    vault: Vault | None = None
    """None: no text is kept outside of the records. It needs `journal.signing`: what is erased leaves a signed
    tombstone."""
    retention: Retention = Retention()


class Inference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The process that reads texts with the trained model, for all gateway workers."""

    threads: Positive = 2
    """Texts read at once. With more than one, one of them is kept free of texts beyond 16,384 characters."""
    deadline_seconds: Seconds = 5.0
    """What is not read by then counts as unread; a second more for each 100,000 characters of a request."""
    queue_characters: Positive = 1_000_000
    """Characters of one principal that may wait. What is beyond counts as unread at once; so does a longer text."""
    cache_bytes: Natural = 16_000_000
    """Memory for answers about texts that were read lately; 0 keeps none."""


class Detections(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The process that runs detection rules over the journal."""

    enabled: bool = True
    """Without it no rule runs by itself."""
    shipped: bool = True
    """Run the rules that ship with Bartizan beside those in `rules/`."""
    silent: tuple[str, ...] = ()
    """Ids or names of rules that report nothing; correlations still see what they match."""
    lateness_seconds: Amount = 0.4
    """How far behind the newest record another one may be and still count in correlations. So long a correlation's
    finding waits."""
    suppress_seconds: Amount = 300.0
    """For how long a correlation stays silent about a group after a finding."""
    findings_per_minute: Positive = 60
    """Of one rule; what is beyond is counted in an alarm and not recorded one by one."""
    checkpoint_seconds: Seconds = 5.0
    """Between two checkpoints; after a crash so much is judged again."""


class ApprovalListener(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where approvers decide about tool calls; an address of its own, with keys of its own."""

    host: str = "127.0.0.1"
    """Address that approvers connect to."""
    port: OwnPort = 8402
    """Port that approvers connect to."""
    tls_certificate: str = ""
    """As `listen.tls_certificate`, for this listener."""
    tls_key: str = ""
    """As `listen.tls_key`, for this listener."""


class Deployment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``bartizan.yaml``."""

    version: Literal[1]
    """Of this file's schema."""
    listen: Listen = Listen()
    upstreams: tuple[Upstream, ...] = ()
    """In order of preference: the first that knows the model serves, the next ones are for failover."""
    store: str = "sqlite:///.bartizan/state.db"
    """SQLAlchemy URL of budgets and approvals, which must survive a restart; relative paths start at the workspace."""
    keeper: str = "unix:.bartizan/keeper.sock"
    """``unix:PATH``, or ``valkey://HOST:PORT/DB`` for several machines."""
    keeper_password: SecretRef | None = None
    """Password of a Valkey keeper, by environment variable or file."""
    approvals: ApprovalListener | None = None
    """Without it nobody can approve a tool call, and what policy would ask about is blocked."""
    journal: Journal = Journal()
    inference: Inference = Inference()
    sinks: Sinks = Sinks()
    detections: Detections = Detections()
    mcp: Mcp = Mcp()
    snapshots: Snapshots = Snapshots()

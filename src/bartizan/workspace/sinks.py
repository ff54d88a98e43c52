"""The schema of the ``sinks`` section of ``bartizan.yaml``: where records go besides the lake."""

from __future__ import annotations

from typing import Literal

import msgspec

from bartizan.core.secretref import SecretRef

RecordFormat = Literal["ocsf", "ecs", "asim", "otel", "cef", "leef", "native"]


class Delivery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How records are read, batched and tried again."""

    start: Literal["beginning", "now"] = "beginning"
    """Where a sink starts that never ran: at the oldest record of the journal, or after its newest."""
    kinds: tuple[str, ...] = ()
    """Only records whose kind starts with one of these, such as `request.`; empty: all."""
    batch_records: int = 500
    """Most records sent at once."""
    batch_bytes: int = 1_000_000
    """About how many bytes of the journal are read at once; a sink never holds more than this of it in memory."""
    timeout_seconds: float = 30.0
    """Until the receiver has taken a batch; then it is sent again."""
    retry_seconds: float = 1.0
    """First wait after a failure; it doubles with each further one, and is shortened by chance by up to a half."""
    retry_most_seconds: float = 60.0
    """Longest wait. A sink never gives up."""


class SyslogSink(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A syslog server: RFC 5424 over TCP or TLS, octet counting."""

    name: str
    """Shown in metrics and by `bartizan events sinks`; also the name of its folder, so a new name starts anew."""
    host: str
    """Name or address of the server."""
    port: int = 6514
    """Port of the server; 6514 is that of syslog over TLS (RFC 5425)."""
    tls: bool = True
    """Encrypt, and check the server's certificate and name."""
    tls_ca: str = ""
    """PEM file of the authorities to trust instead of the system's; relative paths start at the workspace."""
    tls_certificate: str = ""
    """PEM file with a certificate of our own, for servers that ask for one."""
    tls_key: str = ""
    """PEM file with its private key, not encrypted and not open to every user."""
    format: RecordFormat = "ocsf"
    """Schema or format of the message."""
    facility: int = 13
    """From 0 to 23; 13 is "log audit"."""
    hostname: str = ""
    """Host name in the messages; empty: this machine's."""
    delivery: Delivery = Delivery()


class SplunkSink(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A Splunk HTTP Event Collector."""

    name: str
    """As `sinks.syslog.name`."""
    url: str
    """The whole address, such as ``https://splunk.example.com:8088/services/collector/event``."""
    token: SecretRef
    """HEC token, by environment variable or file."""
    format: RecordFormat = "ocsf"
    """Schema or format of the `event`."""
    index: str = ""
    """Splunk index; empty: the token's default."""
    sourcetype: str = ""
    """Source type; empty: ``bartizan:`` and the format."""
    host: str = ""
    """Host name of the events; empty: what the collector takes."""
    gzip: bool = True
    """Compress what is sent."""
    tls_ca: str = ""
    """As `sinks.syslog.tls_ca`."""
    delivery: Delivery = Delivery()


class WebhookSink(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An HTTP endpoint that takes one record a line (NDJSON)."""

    name: str
    """As `sinks.syslog.name`."""
    url: str
    """The whole address."""
    token: SecretRef | None = None
    """Bearer token, by environment variable or file."""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    """Sent with every request; no secrets here."""
    format: RecordFormat = "ocsf"
    """Schema or format of the records."""
    gzip: bool = True
    """Compress what is sent."""
    tls_ca: str = ""
    """As `sinks.syslog.tls_ca`."""
    delivery: Delivery = Delivery()


class ElasticSink(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Elasticsearch, over its bulk API."""

    name: str
    """As `sinks.syslog.name`."""
    url: str
    """Base address, without ``/_bulk``."""
    api_key: SecretRef | None = None
    """API key as Elasticsearch encodes it, by environment variable or file."""
    index: str = "logs-bartizan-default"
    """Data stream or index; the key needs the right to create documents in it."""
    format: Literal["ecs", "ocsf", "otel", "asim", "native"] = "ecs"
    """Schema of the documents."""
    gzip: bool = True
    """Compress what is sent."""
    tls_ca: str = ""
    """As `sinks.syslog.tls_ca`."""
    delivery: Delivery = Delivery()


class FileSink(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A folder of finished files, one record a line."""

    name: str
    """As `sinks.syslog.name`; also the beginning of the files' names."""
    directory: str
    """Made if it is not there; relative paths start at the workspace."""
    format: RecordFormat = "ocsf"
    """Schema or format of the records."""
    rotate_bytes: int = 64_000_000
    """A file is finished at this size."""
    rotate_seconds: float = 300.0
    """A file is finished at this age."""
    delivery: Delivery = Delivery()


class Sinks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where records are sent."""

    syslog: tuple[SyslogSink, ...] = ()
    splunk: tuple[SplunkSink, ...] = ()
    webhook: tuple[WebhookSink, ...] = ()
    elastic: tuple[ElasticSink, ...] = ()
    files: tuple[FileSink, ...] = ()

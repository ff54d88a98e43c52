"""The schema of the ``sinks`` section of ``bartizan.yaml``: where records go besides the lake."""

from __future__ import annotations

from typing import Literal

import msgspec

from bartizan.core.quantity import Amount, Natural, Port, Positive, Seconds
from bartizan.core.secretref import SecretRef

RecordFormat = Literal["ocsf", "ecs", "asim", "otel", "cef", "leef", "native"]


class Delivery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How records are read, batched and tried again."""

    start: Literal["beginning", "now"] = "beginning"
    """Where a sink starts that never ran: at the oldest record of the journal, or after its newest."""
    kinds: tuple[str, ...] = ()
    """Only records whose kind starts with one of these, such as `request.`; empty: all."""
    batch_records: Positive = 500
    """Most records sent at once."""
    batch_bytes: Positive = 1_000_000
    """About how many bytes of the journal are read at once; a sink never holds more than this of it in memory."""
    linger_seconds: Amount = 0.0
    """How long to let records gather that do not fill a batch; for receivers that want few and large ones."""
    timeout_seconds: Seconds = 30.0
    """Until the receiver has taken a batch; then it is sent again."""
    retry_seconds: Seconds = 1.0
    """First wait after a failure; it doubles with each further one, and is shortened by chance by up to a half."""
    retry_most_seconds: Seconds = 60.0
    """Longest wait. A sink never gives up."""


class BulkDelivery(Delivery, frozen=True, forbid_unknown_fields=True):
    """As `sinks.syslog.delivery`, in large batches."""

    batch_records: Positive = 50_000
    batch_bytes: Positive = 16_000_000
    linger_seconds: Amount = 60.0


class TableDelivery(Delivery, frozen=True, forbid_unknown_fields=True):
    """As `sinks.syslog.delivery`, in larger batches."""

    batch_records: Positive = 20_000
    batch_bytes: Positive = 8_000_000
    linger_seconds: Amount = 5.0


class SyslogSink(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A syslog server: RFC 5424 over TCP or TLS, octet counting."""

    name: str
    """Shown in metrics and by `bartizan events sinks`; also the name of its folder, so a new name starts anew."""
    host: str
    """Name or address of the server."""
    port: Port = 6514
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
    facility: Natural = 13
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
    acknowledge: bool = False
    """Wait until a batch is indexed; the token must have indexer acknowledgement (Splunk Enterprise)."""
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
    rotate_bytes: Positive = 64_000_000
    """A file is finished at this size."""
    rotate_seconds: Seconds = 300.0
    """A file is finished at this age."""
    delivery: Delivery = Delivery()


class OtlpSink(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An OpenTelemetry receiver: OTLP over HTTP with protobuf bodies."""

    name: str
    """As `sinks.syslog.name`."""
    url: str
    """Base address, such as ``https://collector.example.com:4318``; ``/v1/logs`` or ``/v1/traces`` is added."""
    signal: Literal["logs", "traces"] = "logs"
    """Every record as a log record, or requests and MCP calls as spans. Name two sinks for both."""
    token: SecretRef | None = None
    """Bearer token, by environment variable or file."""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    """Sent with every request; no secrets here."""
    gzip: bool = True
    """Compress what is sent."""
    tls_ca: str = ""
    """As `sinks.syslog.tls_ca`."""
    delivery: Delivery = Delivery()


class ClickHouseSink(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """ClickHouse, over its HTTP interface."""

    name: str
    """As `sinks.syslog.name`."""
    url: str
    """Base address, such as ``https://clickhouse.example.com:8443``."""
    user: str = "default"
    """With the right to insert, and to create the table if `create` is set."""
    password: SecretRef | None = None
    """Password, by environment variable or file."""
    database: str = "default"
    """Must be there."""
    table: str = "bartizan_events"
    """The table."""
    create: bool = True
    """Create the table if it is not there."""
    format: Literal["native", "ocsf", "ecs", "otel", "asim"] = "native"
    """Schema of the column `record`."""
    gzip: bool = True
    """Compress what is sent."""
    tls_ca: str = ""
    """As `sinks.syslog.tls_ca`."""
    delivery: TableDelivery = TableDelivery()


class SentinelSink(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Microsoft Sentinel, over the Logs Ingestion API of Azure Monitor."""

    name: str
    """As `sinks.syslog.name`."""
    url: str
    """The ingestion endpoint of the data collection rule, or that of a data collection endpoint."""
    rule: str
    """Immutable id of the data collection rule: ``dcr-`` and 32 digits."""
    stream: str = "Custom-BartizanEvents"
    """Stream of the rule that takes the records."""
    tenant: str
    """Directory (tenant) id."""
    client: str
    """Application (client) id of an app registration with the role Monitoring Metrics Publisher on the rule."""
    secret: SecretRef
    """Its client secret, by environment variable or file."""
    login_url: str = "https://login.microsoftonline.com"
    """Where tokens are fetched; other clouds have their own."""
    scope: str = "https://monitor.azure.com/.default"
    """Scope of the tokens; other clouds have their own."""
    format: Literal["asim", "native", "ocsf", "ecs", "otel"] = "asim"
    """Schema of the records; the stream's columns must be its fields."""
    tls_ca: str = ""
    """As `sinks.syslog.tls_ca`."""
    delivery: Delivery = Delivery()


class ObjectSink(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A bucket of an S3-compatible object store: gzipped files, one record a line, or Parquet."""

    name: str
    """As `sinks.syslog.name`; also in the objects' names."""
    url: str
    """Of the bucket: ``https://BUCKET.s3.eu-central-1.amazonaws.com`` or ``https://minio.example.com:9000/BUCKET``."""
    region: str = "us-east-1"
    """For the signature; many stores other than AWS ignore it."""
    prefix: str = "bartizan/"
    """Beginning of the objects' names."""
    access_key: SecretRef
    """Access key id, by environment variable or file."""
    secret_key: SecretRef
    """Secret access key, by environment variable or file."""
    session_token: SecretRef | None = None
    """Of temporary credentials. Read at the start: they must last as long as the process."""
    format: RecordFormat = "ocsf"
    """Schema or format of the records."""
    objects: Literal["lines", "parquet"] = "lines"
    """Gzipped lines; or Parquet: with format ``native`` in the lake's columns, else with the document as a text."""
    tls_ca: str = ""
    """As `sinks.syslog.tls_ca`."""
    delivery: BulkDelivery = BulkDelivery()


class NatsSink(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A NATS server with JetStream."""

    name: str
    """As `sinks.syslog.name`."""
    host: str
    """Name or address of the server."""
    port: Port = 4222
    """Port of the server."""
    tls: bool = True
    """Encrypt, and check the server's certificate and name."""
    tls_first: bool = False
    """Begin with TLS instead of the server's greeting (``handshake_first`` of the server)."""
    tls_ca: str = ""
    """As `sinks.syslog.tls_ca`."""
    tls_certificate: str = ""
    """As `sinks.syslog.tls_certificate`."""
    tls_key: str = ""
    """As `sinks.syslog.tls_key`."""
    user: str = ""
    """User name, if the server asks for one."""
    password: SecretRef | None = None
    """Its password, by environment variable or file."""
    token: SecretRef | None = None
    """Token instead of user and password."""
    subject: str = "bartizan.events"
    """Where records are published; a stream must take it."""
    stream: str = ""
    """Name that this stream must have; empty: any."""
    format: RecordFormat = "ocsf"
    """Schema or format of the messages."""
    delivery: Delivery = Delivery()


class KafkaSink(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A topic of Kafka, or of something that speaks its protocol."""

    name: str
    """As `sinks.syslog.name`."""
    brokers: tuple[str, ...]
    """``HOST:PORT`` of brokers to begin with; they name the others."""
    topic: str = "bartizan.events"
    """Must be there, unless brokers make topics by themselves."""
    tls: bool = True
    """Encrypt, and check the brokers' certificates and names."""
    tls_ca: str = ""
    """As `sinks.syslog.tls_ca`."""
    tls_certificate: str = ""
    """As `sinks.syslog.tls_certificate`."""
    tls_key: str = ""
    """As `sinks.syslog.tls_key`."""
    user: str = ""
    """User name for SASL; empty: none."""
    password: SecretRef | None = None
    """Its password, by environment variable or file."""
    mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    """SASL mechanism."""
    gzip: bool = True
    """Compress what is sent."""
    format: RecordFormat = "ocsf"
    """Schema or format of the messages."""
    delivery: Delivery = Delivery()


class Sinks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where records are sent."""

    syslog: tuple[SyslogSink, ...] = ()
    splunk: tuple[SplunkSink, ...] = ()
    webhook: tuple[WebhookSink, ...] = ()
    elastic: tuple[ElasticSink, ...] = ()
    files: tuple[FileSink, ...] = ()
    otlp: tuple[OtlpSink, ...] = ()
    clickhouse: tuple[ClickHouseSink, ...] = ()
    sentinel: tuple[SentinelSink, ...] = ()
    objects: tuple[ObjectSink, ...] = ()
    nats: tuple[NatsSink, ...] = ()
    kafka: tuple[KafkaSink, ...] = ()

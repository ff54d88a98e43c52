"""The schema of the ``sinks`` section of ``bartizan.yaml``: where records go besides the lake."""

from __future__ import annotations

from typing import Literal

import msgspec

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


class Sinks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where records are sent."""

    syslog: tuple[SyslogSink, ...] = ()

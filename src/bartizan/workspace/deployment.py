"""The schema of ``bartizan.yaml``: where things run."""

from __future__ import annotations

from typing import Literal

import msgspec

from bartizan.core.secretref import SecretRef


class Listen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the gateway listens."""

    host: str = "127.0.0.1"
    port: int = 8400
    admin_host: str = "127.0.0.1"
    admin_port: int = 8401
    """Metrics, health and readiness; keep it off the public network."""
    workers: int = 1
    drain_seconds: float = 20.0
    tls_certificate: str = ""
    tls_key: str = ""


class Timeouts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds."""

    connect: float = 5.0
    first_byte: float = 120.0
    between_bytes: float = 60.0
    total: float = 600.0


class Upstream(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One model server."""

    name: str
    url: str
    """Base URL as its SDK takes it, such as ``https://api.openai.com/v1`` or ``https://api.anthropic.com``."""
    protocol: Literal["openai", "anthropic"]
    key: SecretRef | None = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    """Sent with every request; no secrets here."""
    models: dict[str, str] = msgspec.field(default_factory=dict)
    """Public model name to the upstream's name. ``"*": "*"`` passes every name through."""
    timeouts: Timeouts = Timeouts()
    retries: int = 1
    """Further tries, each before the first byte only."""
    max_connections: int = 256
    max_response_bytes: int = 64_000_000


class Journal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The record of what happened."""

    durability: Literal["write", "fsync"] = "fsync"
    """``write`` survives the death of a process; ``fsync`` (in groups) also the loss of power."""
    on_full: Literal["refuse", "drop"] = "refuse"
    segment_bytes: int = 64_000_000
    segment_seconds: float = 300.0


class Deployment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``bartizan.yaml``."""

    version: Literal[1]
    listen: Listen = Listen()
    upstreams: tuple[Upstream, ...] = ()
    """In order of preference: the first that knows the model serves, the next ones are for failover."""
    store: str = "sqlite:///.bartizan/state.db"
    keeper: str = "unix:.bartizan/keeper.sock"
    """``unix:PATH``, or ``valkey://HOST:PORT/DB`` for several machines."""
    journal: Journal = Journal()

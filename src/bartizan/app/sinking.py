"""Sinks: from the workspace's settings to shippers that run in the telemetry process."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

from bartizan.app.events import locked
from bartizan.app.places import journal_of
from bartizan.core.errors import ConfigurationError
from bartizan.telemetry.mappings import formatter
from bartizan.telemetry.metrics import Registry
from bartizan.telemetry.sinks.interface import Sink
from bartizan.telemetry.sinks.shipper import Meters, Shipper
from bartizan.telemetry.sinks.syslog import Syslog
from bartizan.workspace.files import read_bounded
from bartizan.workspace.sinks import Delivery, SyslogSink
from bartizan.workspace.workspace import DEPLOYMENT, Workspace

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_MOST_BYTES: Final = 1_000_000


class Planned(NamedTuple):
    """A sink that the deployment names."""

    name: str
    kind: str
    """The key of its section."""
    target: str
    """Where it sends to, for people."""
    format: str
    delivery: Delivery
    build: Callable[[], Sink]
    """Raises ConfigurationError."""


def planned_sinks(workspace: Workspace) -> list[Planned]:
    """The sinks of a deployment. Raises ConfigurationError for names and numbers that cannot be."""
    sinks = workspace.deployment.sinks
    found = [_syslog(workspace, number, settings) for number, settings in enumerate(sinks.syslog)]
    seen: set[str] = set()
    for plan in found:
        place = f"{DEPLOYMENT}: sinks.{plan.kind}"
        if _NAME.fullmatch(plan.name) is None:
            raise ConfigurationError(f"{place}: {plan.name[:80]!r} cannot be a name", "letters, digits, '.', '_', '-'")
        if plan.name in seen:
            raise ConfigurationError(f"{place}: two sinks are called {plan.name}")
        seen.add(plan.name)
        _check_delivery(place, plan.delivery)
    return found


def _check_delivery(place: str, delivery: Delivery) -> None:
    for setting in ("batch_records", "batch_bytes", "timeout_seconds", "retry_seconds", "retry_most_seconds"):
        if not 0 < getattr(delivery, setting) < 1e9:
            raise ConfigurationError(f"{place}: delivery.{setting} must be more than 0")


def folder_of(workspace: Workspace, name: str) -> Path:
    """Where a sink keeps its place and its dead letter."""
    return workspace.state / "sinks" / name


@asynccontextmanager
async def shipping(workspace: Workspace, registry: Registry) -> AsyncIterator[None]:
    """While inside, the sinks of the deployment run.

    Raises:
        ConfigurationError: a sink cannot be built, or another process runs the sinks of this workspace.
    """
    plans = planned_sinks(workspace)
    if not plans:
        yield
        return
    with locked(workspace.state / "sinks.lock", "shipping to sinks"):
        meters = Meters(registry)
        shippers = []
        for plan in plans:
            folder = folder_of(workspace, plan.name)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            shippers.append(
                Shipper(
                    plan.name,
                    journal_of(workspace),
                    folder,
                    plan.build(),
                    formatter(plan.format),
                    plan.delivery,
                    meters,
                )
            )
        tasks = [asyncio.create_task(shipper.run()) for shipper in shippers]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _syslog(workspace: Workspace, number: int, settings: SyslogSink) -> Planned:
    place = f"{DEPLOYMENT}: sinks.syslog.{number}"

    def build() -> Sink:
        if not 0 <= settings.facility <= 23 or not 0 < settings.port < 65_536:
            raise ConfigurationError(f"{place}: facility is 0 to 23, port 1 to 65535")
        context = None
        if settings.tls:
            context = tls_context(workspace, place, settings.tls_ca, settings.tls_certificate, settings.tls_key)
        elif settings.tls_ca or settings.tls_certificate or settings.tls_key:
            raise ConfigurationError(f"{place}: TLS files are named, but tls is false")
        return Syslog(settings, context, settings.delivery.timeout_seconds)

    target = f"{'tls' if settings.tls else 'tcp'}://{settings.host}:{settings.port}"
    return Planned(settings.name, "syslog", target, settings.format, settings.delivery, build)


def tls_context(workspace: Workspace, place: str, ca: str, certificate: str = "", key: str = "") -> ssl.SSLContext:
    """For connections to a receiver. Raises ConfigurationError when a file cannot be used."""
    try:
        context = ssl.create_default_context(cafile=str(_pem(workspace, f"{place}.tls_ca", ca)) if ca else None)
        if certificate or key:
            if not certificate or not key:
                raise ConfigurationError(f"{place}: tls_certificate and tls_key go together", "name both, or neither")
            context.load_cert_chain(
                _pem(workspace, f"{place}.tls_certificate", certificate),
                _pem(workspace, f"{place}.tls_key", key, private=True),
                lambda: "",
            )
    except ssl.SSLError as error:
        raise ConfigurationError(f"{place}: the TLS files are not PEM, or not a pair: {error.reason}") from None
    return context


def _pem(workspace: Workspace, label: str, name: str, *, private: bool = False) -> Path:
    path = workspace.root / name
    read_bounded(path, f"{label}: {name}", _MOST_BYTES, private=private)
    return path

"""How each kind of sink is built from its settings."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from bartizan.core.errors import ConfigurationError
from bartizan.core.secretref import SecretRef
from bartizan.telemetry.sinks.interface import Sink
from bartizan.workspace.files import read_bounded
from bartizan.workspace.sinks import Delivery, ElasticSink, FileSink, SplunkSink, SyslogSink, WebhookSink
from bartizan.workspace.workspace import DEPLOYMENT, Workspace

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


def plans(workspace: Workspace) -> Iterator[Planned]:
    """What the deployment names, unchecked."""
    sinks = workspace.deployment.sinks
    for number, syslog in enumerate(sinks.syslog):
        yield _syslog(workspace, number, syslog)
    for number, splunk in enumerate(sinks.splunk):
        yield _splunk(workspace, number, splunk)
    for number, webhook in enumerate(sinks.webhook):
        yield _webhook(workspace, number, webhook)
    for number, elastic in enumerate(sinks.elastic):
        yield _elastic(workspace, number, elastic)
    for number, files in enumerate(sinks.files):
        yield _files(workspace, number, files)


def _syslog(workspace: Workspace, number: int, settings: SyslogSink) -> Planned:
    place = f"{DEPLOYMENT}: sinks.syslog.{number}"

    def build() -> Sink:
        from bartizan.telemetry.sinks.syslog import Syslog

        if not 0 <= settings.facility <= 23 or not 0 < settings.port < 65_536:
            raise ConfigurationError(f"{place}: facility is 0 to 23, port 1 to 65535")
        context = None
        if settings.tls:
            context = _context(workspace, place, settings.tls_ca, settings.tls_certificate, settings.tls_key)
        elif settings.tls_ca or settings.tls_certificate or settings.tls_key:
            raise ConfigurationError(f"{place}: TLS files are named, but tls is false")
        return Syslog(settings, context, settings.delivery.timeout_seconds)

    target = f"{'tls' if settings.tls else 'tcp'}://{settings.host}:{settings.port}"
    return Planned(settings.name, "syslog", target, settings.format, settings.delivery, build)


def _splunk(workspace: Workspace, number: int, settings: SplunkSink) -> Planned:
    def build() -> Sink:
        from bartizan.telemetry.sinks.http import Poster
        from bartizan.telemetry.sinks.splunk import Splunk

        path = ("sinks", "splunk", number, "token")
        place = f"{DEPLOYMENT}: sinks.splunk.{number}"
        _check_url(place, settings.url, secret=True)
        headers = {"Authorization": f"Splunk {workspace.secret(settings.token, DEPLOYMENT, path)}"}
        context = _context(workspace, place, settings.tls_ca)
        headers["Content-Type"] = "application/json"
        return Splunk(settings, Poster(settings.url, headers, context, settings.gzip))

    return Planned(settings.name, "splunk", settings.url, settings.format, settings.delivery, build)


def _webhook(workspace: Workspace, number: int, settings: WebhookSink) -> Planned:
    def build() -> Sink:
        from bartizan.telemetry.sinks.http import Poster
        from bartizan.telemetry.sinks.webhook import Webhook

        place = f"{DEPLOYMENT}: sinks.webhook.{number}"
        _check_url(place, settings.url, secret=settings.token is not None)
        headers = {"Content-Type": "application/x-ndjson", **settings.headers}
        headers |= _authorization(workspace, "Bearer", settings.token, ("sinks", "webhook", number, "token"))
        return Webhook(Poster(settings.url, headers, _context(workspace, place, settings.tls_ca), settings.gzip))

    return Planned(settings.name, "webhook", settings.url, settings.format, settings.delivery, build)


def _elastic(workspace: Workspace, number: int, settings: ElasticSink) -> Planned:
    def build() -> Sink:
        from bartizan.telemetry.sinks.elastic import Elastic
        from bartizan.telemetry.sinks.http import Poster

        place = f"{DEPLOYMENT}: sinks.elastic.{number}"
        _check_url(place, settings.url, secret=settings.api_key is not None)
        headers = {"Content-Type": "application/x-ndjson"}
        headers |= _authorization(workspace, "ApiKey", settings.api_key, ("sinks", "elastic", number, "api_key"))
        context = _context(workspace, place, settings.tls_ca)
        url = settings.url.rstrip("/") + "/_bulk"
        return Elastic(settings.index, Poster(url, headers, context, settings.gzip))

    return Planned(settings.name, "elastic", settings.url, settings.format, settings.delivery, build)


def _files(workspace: Workspace, number: int, settings: FileSink) -> Planned:
    directory = workspace.root / settings.directory

    def build() -> Sink:
        from bartizan.telemetry.sinks.file_drop import FileDrop

        if not settings.rotate_bytes > 0 or not settings.rotate_seconds > 0:
            raise ConfigurationError(f"{DEPLOYMENT}: sinks.files.{number}: rotate_… must be more than 0")
        return FileDrop(settings, directory)

    return Planned(settings.name, "files", str(directory), settings.format, settings.delivery, build)


def _authorization(
    workspace: Workspace, scheme: str, reference: SecretRef | None, path: tuple[str | int, ...]
) -> dict[str, str]:
    return {} if reference is None else {"Authorization": f"{scheme} {workspace.secret(reference, DEPLOYMENT, path)}"}


def _check_url(place: str, url: str, *, secret: bool) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        sound = parts.scheme in ("http", "https") and bool(host) and parts.port != 0
    except ValueError:
        raise ConfigurationError(f"{place}: the URL cannot be read") from None
    if not sound:
        raise ConfigurationError(f"{place}: the URL is not one of http or https")
    if parts.username or parts.password:
        raise ConfigurationError(f"{place}: the URL holds a password", "name a secret instead")
    if secret and parts.scheme == "http" and not _loopback(host):
        raise ConfigurationError(f"{place}: the secret would cross the network readable", "use https")


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _context(workspace: Workspace, place: str, ca: str, certificate: str = "", key: str = "") -> ssl.SSLContext:
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

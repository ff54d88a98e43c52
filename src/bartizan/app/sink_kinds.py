"""How each kind of sink is built from its settings; those over HTTP are in ``sink_http.py``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from bartizan.app import sink_http
from bartizan.app.sink_parts import Planned, Section
from bartizan.telemetry.sinks.interface import Sink
from bartizan.workspace.sinks import FileSink, KafkaSink, NatsSink, SyslogSink
from bartizan.workspace.workspace import Workspace

_SUBJECT: Final = re.compile(r"[A-Za-z0-9_$-]+(\.[A-Za-z0-9_$-]+)*")
_STREAM: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
_TOPIC: Final = re.compile(r"[A-Za-z0-9._-]{1,249}")


def plans(workspace: Workspace, *, secrets: bool = True) -> Iterator[Planned]:
    """What the deployment names, unchecked.

    Args:
        workspace: with the deployment.
        secrets: read the secrets when a sink is built; otherwise it can be built, but not used.
    """
    for kind, plan in _KINDS.items():
        for number, settings in enumerate(getattr(workspace.deployment.sinks, kind)):
            yield plan(Section(workspace, kind, number, secrets=secrets), settings)


def _syslog(section: Section, settings: SyslogSink) -> Planned:
    def build() -> Sink:
        from bartizan.telemetry.sinks.syslog import Syslog

        if not 0 <= settings.facility <= 23:
            raise section.error("facility", "facility is 0 to 23")
        context = section.plain_or_tls(settings.tls, settings.tls_ca, settings.tls_certificate, settings.tls_key)
        return Syslog(settings, context, settings.delivery.timeout_seconds)

    target = f"{'tls' if settings.tls else 'tcp'}://{settings.host}:{settings.port}"
    return Planned(settings.name, section, target, settings.format, settings.delivery, build)


def _files(section: Section, settings: FileSink) -> Planned:
    directory = section.workspace.root / settings.directory

    def build() -> Sink:
        from bartizan.telemetry.sinks.file_drop import FileDrop

        return FileDrop(settings, directory)

    return Planned(settings.name, section, str(directory), settings.format, settings.delivery, build)


def _nats(section: Section, settings: NatsSink) -> Planned:
    def build() -> Sink:
        from bartizan.telemetry.sinks.jetstream import JetStream
        from bartizan.telemetry.sinks.nats_wire import Server

        if _SUBJECT.fullmatch(settings.subject) is None:
            raise section.error(
                "subject", "no subject to publish to: words of letters, digits, '_', '-', parted by '.'"
            )
        if settings.stream and _STREAM.fullmatch(settings.stream) is None:
            raise section.error("stream", "no name of a stream")
        context = section.plain_or_tls(settings.tls, settings.tls_ca, settings.tls_certificate, settings.tls_key)
        secret = section.secret("password", settings.password) if settings.password else ""
        token = section.secret("token", settings.token) if settings.token else ""
        if bool(settings.user) != bool(secret) or (token and secret):
            raise section.error("user", "user and password go together, or token alone")
        if context is None and (secret or token):
            section.readable("tls", settings.host, "use TLS")
        server = Server(settings.host, settings.port, context, settings.tls_first, settings.user, secret, token)
        return JetStream(settings, server)

    target = f"{'tls' if settings.tls else 'nats'}://{settings.host}:{settings.port}/{settings.subject}"
    return Planned(settings.name, section, target, settings.format, settings.delivery, build)


def _kafka(section: Section, settings: KafkaSink) -> Planned:
    def build() -> Sink:
        from bartizan.telemetry.sinks.kafka import Kafka

        if not settings.brokers:
            raise section.error("brokers", "no broker is named")
        hosts = []
        for broker in settings.brokers:
            host, _, port = broker.rpartition(":")
            if not host or not port.isascii() or not port.isdecimal() or not 0 < int(port) < 65_536:
                raise section.error("brokers", f"{broker[:80]!r} is not HOST:PORT")
            hosts.append(host)
        if _TOPIC.fullmatch(settings.topic) is None:
            raise section.error("topic", "a topic is 1 to 249 letters, digits, '.', '_' and '-'")
        context = section.plain_or_tls(settings.tls, settings.tls_ca, settings.tls_certificate, settings.tls_key)
        password = section.secret("password", settings.password) if settings.password else ""
        if bool(settings.user) != bool(password):
            raise section.error("user", "user and password go together")
        if context is None and password:
            for host in hosts:
                section.readable("tls", host, "use TLS")
        return Kafka(settings, context, password)

    target = f"{','.join(settings.brokers)}/{settings.topic}"
    return Planned(settings.name, section, target, settings.format, settings.delivery, build)


_KINDS: Final[dict[str, Callable[[Section, Any], Planned]]] = {
    "syslog": _syslog,
    "splunk": sink_http.splunk,
    "webhook": sink_http.webhook,
    "elastic": sink_http.elastic,
    "files": _files,
    "otlp": sink_http.otlp,
    "clickhouse": sink_http.clickhouse,
    "sentinel": sink_http.sentinel,
    "objects": sink_http.objects,
    "nats": _nats,
    "kafka": _kafka,
}
"""By the key below ``sinks``."""

"""How each kind of sink that speaks HTTP is built from its settings."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from bartizan.app.sink_parts import Planned, Section
from bartizan.telemetry.sinks.interface import Sink
from bartizan.workspace.sinks import (
    ClickHouseSink,
    ElasticSink,
    ObjectSink,
    OtlpSink,
    SentinelSink,
    SplunkSink,
    WebhookSink,
)

_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_RULE: Final = re.compile(r"dcr-[0-9a-f]{32}")
_STREAM: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}")
_TENANT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,254}")
_REGION: Final = re.compile(r"[a-z0-9-]{1,64}")
_PREFIX: Final = re.compile(r"[A-Za-z0-9!_.*'()=/-]{0,512}")


def splunk(section: Section, settings: SplunkSink) -> Planned:
    """Splunk's HTTP Event Collector."""

    def build() -> Sink:
        from bartizan.telemetry.sinks.splunk import Splunk

        headers = section.authorization("Splunk", "token", settings.token) | {"Content-Type": "application/json"}
        to = section.poster(settings.url, headers, tls_ca=settings.tls_ca, secret=True, compress=settings.gzip)
        if not settings.acknowledge:
            return Splunk(settings, to)
        front, collector, _ = settings.url.partition("/services/collector")
        if not collector:
            raise section.error(
                "url", "acknowledge needs an address with /services/collector", "it asks below it: /ack"
            )
        asked = f"{front}{collector}/ack"
        return Splunk(settings, to, section.poster(asked, headers, tls_ca=settings.tls_ca, secret=True, compress=False))

    return Planned(settings.name, section, settings.url, settings.format, settings.delivery, build)


def webhook(section: Section, settings: WebhookSink) -> Planned:
    """A webhook."""

    def build() -> Sink:
        from bartizan.telemetry.sinks.webhook import Webhook

        headers = {"Content-Type": "application/x-ndjson", **settings.headers}
        headers |= section.authorization("Bearer", "token", settings.token)
        secret = settings.token is not None
        to = section.poster(settings.url, headers, tls_ca=settings.tls_ca, secret=secret, compress=settings.gzip)
        return Webhook(to)

    return Planned(settings.name, section, settings.url, settings.format, settings.delivery, build)


def elastic(section: Section, settings: ElasticSink) -> Planned:
    """Elasticsearch."""

    def build() -> Sink:
        from bartizan.telemetry.sinks.elastic import Elastic

        headers = {"Content-Type": "application/x-ndjson"}
        headers |= section.authorization("ApiKey", "api_key", settings.api_key)
        url, secret = settings.url.rstrip("/") + "/_bulk", settings.api_key is not None
        to = section.poster(url, headers, tls_ca=settings.tls_ca, secret=secret, compress=settings.gzip)
        return Elastic(settings.index, to)

    return Planned(settings.name, section, settings.url, settings.format, settings.delivery, build)


def otlp(section: Section, settings: OtlpSink) -> Planned:
    """A receiver of OpenTelemetry."""
    from bartizan.telemetry.sinks.otlp_records import log_records, spans

    def build() -> Sink:
        from bartizan.telemetry.sinks.otlp import Otlp

        headers = {"Content-Type": "application/x-protobuf", **settings.headers}
        headers |= section.authorization("Bearer", "token", settings.token)
        url, secret = f"{settings.url.rstrip('/')}/v1/{settings.signal}", settings.token is not None
        to = section.poster(url, headers, tls_ca=settings.tls_ca, secret=secret, compress=settings.gzip)
        return Otlp(settings.signal, to)

    writer = log_records if settings.signal == "logs" else spans
    target = f"{settings.url} ({settings.signal})"
    return Planned(settings.name, section, target, "otel", settings.delivery, build, writer)


def clickhouse(section: Section, settings: ClickHouseSink) -> Planned:
    """ClickHouse."""
    from bartizan.telemetry.sinks.clickhouse import rows

    def build() -> Sink:
        from bartizan.telemetry.sinks.clickhouse import ClickHouse

        for key in ("database", "table"):
            if _WORD.fullmatch(getattr(settings, key)) is None:
                raise section.error(key, "a name is letters, digits and '_'")
        headers = {"X-ClickHouse-User": settings.user}
        if settings.password is not None:
            headers["X-ClickHouse-Key"] = section.secret("password", settings.password)
        url, secret = settings.url.rstrip("/") + "/", settings.password is not None
        to = section.poster(url, headers, tls_ca=settings.tls_ca, secret=secret, compress=settings.gzip)
        return ClickHouse(settings, url, to)

    target = f"{settings.url}/{settings.database}.{settings.table}"
    return Planned(
        settings.name, section, target, settings.format, settings.delivery, build, partial(rows, settings.format)
    )


def sentinel(section: Section, settings: SentinelSink) -> Planned:
    """Microsoft Sentinel."""

    def build() -> Sink:
        from bartizan.telemetry.sinks.sentinel import Sentinel, Tokens

        for key, shape in (("rule", _RULE), ("stream", _STREAM), ("tenant", _TENANT), ("client", _TENANT)):
            if shape.fullmatch(getattr(settings, key)) is None:
                raise section.error(key, f"{getattr(settings, key)[:80]!r} cannot be a {key}")
        secret = section.secret("secret", settings.secret)
        login = f"{settings.login_url.rstrip('/')}/{settings.tenant}/oauth2/v2.0/token"
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        to_login = section.poster(login, form, tls_ca=settings.tls_ca, secret=True, compress=False, key="login_url")
        place = f"/dataCollectionRules/{settings.rule}/streams/{settings.stream}?api-version=2023-01-01"
        kind = {"Content-Type": "application/json"}
        to = section.poster(settings.url.rstrip("/") + place, kind, tls_ca=settings.tls_ca, secret=True, compress=True)
        return Sentinel(Tokens(to_login, settings.client, secret, settings.scope), to)

    target = f"{settings.url} ({settings.stream})"
    return Planned(settings.name, section, target, settings.format, settings.delivery, build)


def objects(section: Section, settings: ObjectSink) -> Planned:
    """A bucket."""

    def build() -> Sink:
        from bartizan.telemetry.sinks.object_drop import ObjectDrop
        from bartizan.telemetry.sinks.sigv4 import Credentials

        if _REGION.fullmatch(settings.region) is None:
            raise section.error("region", f"{settings.region[:80]!r} cannot be a region")
        if _PREFIX.fullmatch(settings.prefix) is None or "//" in settings.prefix or settings.prefix[:1] == "/":
            raise section.error("prefix", "letters, digits and !_.*'()=-, parted by '/'")
        credentials = Credentials(
            section.secret("access_key", settings.access_key),
            section.secret("secret_key", settings.secret_key),
            section.secret("session_token", settings.session_token) if settings.session_token else "",
        )
        # The secret signs and does not travel, and what is signed holds for minutes: but records would be readable.
        to = section.poster(settings.url, {}, tls_ca=settings.tls_ca, secret=True, compress=False)
        return ObjectDrop(settings, credentials, to)

    return Planned(settings.name, section, settings.url, settings.format, settings.delivery, build)

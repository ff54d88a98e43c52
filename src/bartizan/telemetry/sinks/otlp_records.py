"""Records as OTLP log records and spans, their attributes by the OpenTelemetry mapping table.

Field numbers: https://github.com/open-telemetry/opentelemetry-proto, logs/v1 and trace/v1, version 1.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bartizan.telemetry.mappings import Formatter, load_mapping
from bartizan.telemetry.mappings.formats import Unmappable, reader, severity
from bartizan.telemetry.mappings.plan import Record
from bartizan.telemetry.sinks import protobuf as pb

_SEVERITIES: Final = ((9, 21, "FATAL"), (7, 17, "ERROR"), (4, 13, "WARN"), (0, 9, "INFO"))
"""From this of CEF's severities on: OTLP's number and text."""
_OWN_ID: Final = re.compile(r"[a-z]+_([0-9a-f]{32})")
_INTERNAL, _CLIENT = 1, 3
_ERROR: Final = 2
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_SPAN: Final = 86_400_000.0
"""Milliseconds."""


def log_records() -> Formatter:
    """Each record as one LogRecord."""

    def write(record: Record, attributes: bytes) -> bytes:
        number, name = next((number, name) for least, number, name in _SEVERITIES if severity(record) >= least)
        at = _nanoseconds(_moment(record["at"]))
        kind = str(record["kind"])
        parts = [
            pb.fixed64(1, at),
            pb.integer(2, number),
            pb.text(3, name),
            pb.data(5, pb.text(1, kind)),
            attributes,
            pb.fixed64(11, at),
            pb.text(12, f"bartizan.{kind}"),
        ]
        request = record.get("request")
        if isinstance(request, str) and request:
            parts += [pb.data(9, trace_id(request)), pb.data(10, span_id(request))]
        return b"".join(parts)

    return _formatter(write, attributes=6)


def spans() -> Formatter:
    """Requests that ended, and calls to MCP servers, as one Span each; other records as nothing."""

    def write(record: Record, attributes: bytes) -> bytes:
        kind = record["kind"]
        if kind == "mcp.answered":
            unit, milliseconds, nature = str(record["call"]), record.get("milliseconds"), _INTERNAL
            name = f"execute_tool {record.get('name') or record.get('method') or ''}".strip()
        elif kind in ("request.completed", "request.refused"):
            timing = record.get("timing")
            unit, nature = str(record["request"]), _CLIENT
            milliseconds = timing.get("total") if isinstance(timing, dict) else None
            operation = _operations.get(str(record.get("route")), str(record.get("route") or "request"))
            name = f"{operation} {record.get('model') or ''}".strip()
        else:
            return b""
        end = _moment(record["at"])
        took = float(milliseconds) if isinstance(milliseconds, int | float) else 0.0
        start = end - timedelta(milliseconds=min(max(took, 0.0), _LONGEST_SPAN))
        failed = record.get("error") or record.get("reason") or int(record.get("status", 200)) >= 400
        why = str(record.get("error") or record.get("reason") or "")[:200]
        parts = [
            pb.data(1, trace_id(unit)),
            pb.data(2, span_id(unit)),
            pb.text(5, name[:200]),
            pb.integer(6, nature),
            pb.fixed64(7, _nanoseconds(start)),
            pb.fixed64(8, _nanoseconds(end)),
            attributes,
            pb.data(15, (pb.text(2, why) if why else b"") + pb.integer(3, _ERROR)) if failed else b"",
        ]
        return b"".join(parts)

    _operations = load_mapping("otel").table("operation")
    return _formatter(write, attributes=9)


def trace_id(unit: str) -> bytes:
    """16 bytes: those of one of our own ids, otherwise of its SHA-256."""
    own = _OWN_ID.fullmatch(unit)
    return bytes.fromhex(own[1]) if own else hashlib.sha256(unit.encode("utf-8", "replace")).digest()[:16]


def span_id(unit: str) -> bytes:
    """8 bytes. A request or a call has one span, whose id follows from its own."""
    return hashlib.sha256(b"span " + unit.encode("utf-8", "replace")).digest()[:8]


def key_value(key: str, value: Any) -> bytes:
    """A KeyValue message."""
    return pb.text(1, key) + pb.data(2, _any(value))


def _formatter(write: Callable[[Record, bytes], bytes], attributes: int) -> Formatter:
    read = reader()
    mapping = load_mapping("otel")

    def line(content: bytes) -> list[bytes]:
        record = read(content)
        try:
            pairs = (pair for document in mapping.apply(record) for pair in document.items())
            written = b"".join(pb.data(attributes, key_value(key, value)) for key, value in pairs)
            message = write(record, written)
        except (TypeError, ValueError, AttributeError, KeyError, OverflowError, RecursionError):
            raise Unmappable("a record with fields of the wrong type") from None
        return [message] if message else []

    return line


def _any(value: Any) -> bytes:
    """An AnyValue message."""
    if isinstance(value, str):
        return pb.text(1, value)
    if isinstance(value, bool):
        return pb.integer(2, value)
    if isinstance(value, int):
        return pb.integer(3, value) if -(1 << 63) <= value < 1 << 63 else pb.text(1, str(value))
    if isinstance(value, float):
        return pb.double(4, value)
    if isinstance(value, list | tuple):
        return pb.data(5, b"".join(pb.data(1, _any(item)) for item in value))
    if isinstance(value, dict):
        return pb.data(6, b"".join(pb.data(1, key_value(str(key), item)) for key, item in value.items()))
    return b""  # null


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(str(value))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _nanoseconds(moment: datetime) -> int:
    since = moment - _EPOCH
    return max(0, (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1_000)

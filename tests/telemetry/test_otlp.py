"""What a receiver of OTLP reads, decoded by OpenTelemetry's own message classes."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from http_receiver import HttpReceiver, serving
from hypothesis import given, settings
from hypothesis import strategies as st
from shipping import FAST, running, shipper, until, write

from bartizan.core.event import McpAnswered, RequestCompleted, RequestRefused, Timing, Usage
from bartizan.telemetry.sinks import protobuf as pb
from bartizan.telemetry.sinks.http import Poster
from bartizan.telemetry.sinks.otlp import Otlp
from bartizan.telemetry.sinks.otlp_records import key_value, log_records, spans
from bartizan.telemetry.sinks.state import buried, read_state

common = pytest.importorskip("opentelemetry.proto.common.v1.common_pb2", reason="pip install opentelemetry-proto")
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs_service  # noqa: E402
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as trace_service  # noqa: E402
from opentelemetry.proto.logs.v1 import logs_pb2  # noqa: E402
from opentelemetry.proto.trace.v1 import trace_pb2  # noqa: E402

QUICK = msgspec.structs.replace(FAST, timeout_seconds=5.0, retry_seconds=0.01, retry_most_seconds=0.02)
AT = datetime(2026, 11, 27, 5, 0, 0, 123456, UTC)
NANOSECONDS = 1_795_755_600_123_456_000
ANSWERS = {"logs": logs_service.ExportLogsServiceResponse, "traces": trace_service.ExportTraceServiceResponse}


def plain(value: Any) -> Any:
    """An AnyValue as Python has it."""
    match value.WhichOneof("value"):
        case None:
            return None
        case "array_value":
            return [plain(item) for item in value.array_value.values]
        case "kvlist_value":
            return {item.key: plain(item.value) for item in value.kvlist_value.values}
        case name:
            return getattr(value, name)


def attributes(message: Any) -> dict[str, Any]:
    return {item.key: plain(item.value) for item in message.attributes}


def take(receiver: HttpReceiver, body: str) -> web.Response:
    """As a collector: keeps what it can decode."""
    content = body.encode("utf-8", "surrogateescape")
    if receiver.urls[-1] == "/v1/logs":
        logs = logs_service.ExportLogsServiceRequest.FromString(content)
        receiver.events += [(r.resource, s.scope, one) for r in logs.resource_logs for s in r.scope_logs
                            for one in s.log_records]  # fmt: skip
    else:
        traces = trace_service.ExportTraceServiceRequest.FromString(content)
        receiver.events += [(r.resource, s.scope, one) for r in traces.resource_spans for s in r.scope_spans
                            for one in s.spans]  # fmt: skip
    return web.Response(content_type="application/x-protobuf")


def ship(root: Path, receiver: HttpReceiver, signal: str, done: Any) -> None:
    write_records = log_records() if signal == "logs" else spans()

    async def run() -> None:
        async with serving(receiver):
            headers = {"Content-Type": "application/x-protobuf", "Authorization": "Bearer t0k"}
            one = shipper(root, Otlp(signal, Poster(f"{receiver.url}/v1/{signal}", headers, None, True)), QUICK)
            one._write = write_records
            async with running(one):
                await until(done)

    asyncio.run(run())


def test_a_receiver_decodes_every_log_record(tmp_path: Path) -> None:
    names = write(tmp_path / "journal", 60)
    receiver = HttpReceiver(take)
    receiver.moods = [500, "close", 429, 200, 502, 413, 302]

    def got() -> set[str]:
        return {attributes(one)["bartizan.request.id"] for *_, one in receiver.events}

    ship(tmp_path, receiver, "logs", lambda: got() == set(names))
    resource, scope, record = receiver.events[0]
    assert attributes(resource)["service.name"] == "bartizan"
    assert (scope.name, attributes(scope)) == ("bartizan", {"bartizan.mapping.version": "1.41"})
    found = attributes(record)
    assert (found["gen_ai.operation.name"], found["gen_ai.request.model"]) == ("chat", "gpt-4o-mini")
    assert found["bartizan.details"]["signals"][0]["technique"] == "direct_override"
    assert (record.severity_text, record.severity_number) == ("WARN", logs_pb2.SEVERITY_NUMBER_WARN)
    assert (record.event_name, record.body.string_value) == ("bartizan.request.accepted", "request.accepted")
    assert len(record.trace_id) == 16
    assert len(record.span_id) == 8
    assert buried(tmp_path / "sink") == 0


def line(event: msgspec.Struct) -> bytes:
    return msgspec.json.encode(event)


def test_a_request_is_a_span_from_its_start_to_its_end() -> None:
    request = "req_0192f0c1000070008000000000000001"
    done = RequestCompleted(
        id="e", at=AT, request=request, principal="alice", route="openai.chat", model="m", session="s",
        usage=Usage(12, 34), timing=Timing(total=1_500.0),
    )  # fmt: skip
    (content,) = spans()(line(done))
    span = trace_pb2.Span.FromString(content)
    assert (span.name, span.kind) == ("chat m", trace_pb2.Span.SPAN_KIND_CLIENT)
    assert span.end_time_unix_nano == NANOSECONDS
    assert span.end_time_unix_nano - span.start_time_unix_nano == 1_500_000_000
    assert span.trace_id.hex() == request.removeprefix("req_")
    assert attributes(span)["gen_ai.usage.output_tokens"] == 34
    assert span.status.code == trace_pb2.Status.STATUS_CODE_UNSET
    (log,) = log_records()(line(done))
    record = logs_pb2.LogRecord.FromString(log)
    assert (record.trace_id, record.span_id) == (span.trace_id, span.span_id)
    refused = RequestRefused(id="e", at=AT, request="their own id", status=403, reason="blocked")
    span = trace_pb2.Span.FromString(spans()(line(refused))[0])
    assert (span.status.code, span.status.message) == (trace_pb2.Status.STATUS_CODE_ERROR, "blocked")
    assert span.start_time_unix_nano == span.end_time_unix_nano
    call = McpAnswered(id="e", at=AT, call="c", principal="p", server="s", method="tools/call", name="read")
    span = trace_pb2.Span.FromString(spans()(line(call))[0])
    assert (span.name, attributes(span)["gen_ai.tool.name"]) == ("execute_tool read", "read")


def test_spans_arrive_and_what_is_no_span_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "journal", 30)
    receiver = HttpReceiver(take)
    ship(tmp_path, receiver, "traces", lambda: (state := read_state(tmp_path / "sink")) and state.delivered == 30)
    assert receiver.requests == 0


def test_rejected_with_200_is_found_and_not_sent_again(tmp_path: Path) -> None:
    write(tmp_path / "journal", 3)

    def partly(receiver: HttpReceiver, body: str) -> web.Response:
        answer = logs_service.ExportLogsServiceResponse()
        answer.partial_success.rejected_log_records = 2
        answer.partial_success.error_message = "too\nold"
        return web.Response(body=answer.SerializeToString(), content_type="application/x-protobuf")

    receiver = HttpReceiver(partly)
    ship(tmp_path, receiver, "logs", lambda: buried(tmp_path / "sink") == 3)
    assert receiver.requests == 1
    (dead,) = (tmp_path / "sink" / "dead").iterdir()
    reason = json.loads(dead.read_text().splitlines()[0])["reason"]
    assert reason == "the receiver rejected 2 of 3 log records and does not say which: too old"


@pytest.mark.parametrize("body", [b"<html>ok</html>", b"{}", b"\x0a\xff", b"\x00", b"\xff" * 12])
def test_200_from_somebody_else_is_no_delivery(tmp_path: Path, body: bytes) -> None:
    write(tmp_path / "journal", 1)
    receiver = HttpReceiver(lambda one, _: web.Response(body=body))
    ship(tmp_path, receiver, "logs", lambda: receiver.requests >= 2)
    state = read_state(tmp_path / "sink")
    assert state is not None
    assert (state.delivered, state.rejected) == (0, 0)
    assert "not one of OTLP" in state.error


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(key=st.text(max_size=9), value=JSON)
def test_values_survive_the_wire(key: str, value: Any) -> None:
    read = common.KeyValue.FromString(key_value(key, value))
    assert (read.key, plain(read.value)) == (key, value)
    assert [number for number, _ in pb.fields(key_value(key, value))] == [1, 2]

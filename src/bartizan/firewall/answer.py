"""The second half of an exchange: call the upstream, guard its answer, send it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from bartizan.core import strict_json
from bartizan.core.errors import BartizanError, JournalError, UpstreamError
from bartizan.core.tool import ToolCall
from bartizan.core.verdict import Action, Verdict
from bartizan.firewall.asgi import Headers, Receive, Send, send_whole
from bartizan.firewall.declined import DeclinedError, declined
from bartizan.firewall.dialects.interface import Dialect
from bartizan.firewall.exchange import UNREFUSING, Request
from bartizan.firewall.failover import Answer, Failover
from bartizan.firewall.guard import Guard
from bartizan.firewall.headers import is_event_stream, is_json
from bartizan.firewall.large import LARGE
from bartizan.firewall.length import shorten
from bartizan.firewall.model_routes import Target
from bartizan.firewall.outcome import Outcome
from bartizan.firewall.recording import Record
from bartizan.firewall.release import waiting_headers, waits
from bartizan.firewall.replies import (
    debug_comment,
    debug_headers,
    decline_headers,
    error_body,
    json_headers,
    stream_headers,
)
from bartizan.firewall.reply_guard import guard_reply
from bartizan.firewall.routes import Route
from bartizan.firewall.sentence_lane import SentenceLane
from bartizan.firewall.stream_guard import StreamGuard
from bartizan.firewall.tool_gate import Fate, ToolGate
from bartizan.firewall.upstream import Call, UpstreamResponse
from bartizan.firewall.upstream_errors import read_error
from bartizan.firewall.watchdog import ClientGoneError, Watchdog

Guarded = tuple[bytes | None, list[ToolCall]]
"""An answer that may leave, None if it is blocked, and the tool calls in it."""
Offload = Callable[[Callable[[bytes], Guarded], bytes], Awaitable[Guarded]]
"""Calls a function elsewhere than on the event loop."""

_Call = Callable[[Target], Call]
FIRST_SLICE = 1_024
"""Bytes of a stream that are inspected, and leave, before the rest of the same network read."""

_log = logging.getLogger("bartizan.firewall")


class AnswerSender:
    """Brings one answer from an upstream to the client.

    Args:
        upstreams: whom to ask.
        guard: judges the answer.
        dialect: of the request's family.
        request: accepted and edited.
        route: the endpoint.
        record: journals the completion.
        outcome: gathers the findings.
        verdict: of the request; the stricter of it and the answer's is shown to debug principals.
        tools: decides the tool calls in the answer; None lets them all go on.
        lane: has the trained model read the answer, sentence by sentence; None: nobody does.
    """

    def __init__(
        self,
        upstreams: Failover,
        guard: Guard,
        dialect: Dialect,
        request: Request,
        route: Route,
        record: Record,
        outcome: Outcome,
        verdict: Verdict,
        tools: ToolGate | None,
        lane: SentenceLane | None = None,
    ) -> None:
        self._upstreams = upstreams
        self._guard = guard
        self._dialect = dialect
        self._request = request
        self._route = route
        self._record = record
        self._outcome = outcome
        self._verdict = verdict
        self._tools = tools
        self._lane = lane
        self._debug = False

    async def run(
        self,
        targets: Sequence[Target],
        headers: Mapping[str, str],
        receive: Receive,
        send: Send,
        *,
        debug: bool,
        large: Offload,
    ) -> int:
        """Call, guard and send; returns the status.

        Args:
            targets: whom to ask, in order.
            headers: of the protocol, for the upstream.
            receive: of the request, to see its client leave.
            send: to the client.
            debug: add the verdict.
            large: where large answers are read.

        Raises:
            UpstreamError, DeclinedError: nothing has been sent yet; the caller says so.
            ClientGoneError: nobody is there to be answered.
            JournalError: the completion of a JSON answer cannot be recorded; nothing has been sent.
        """
        self._debug = debug
        stream, path, document = self._request.stream, self._route.upstream_path, self._request.document

        def call(target: Target) -> Call:
            if document.get("model") != target.model:
                document["model"] = target.model
            return Call(path, strict_json.encode(document), stream, headers)

        if stream:
            return await self._stream(targets, call, receive, send)
        answer: Answer | None = None
        try:
            async with Watchdog(receive) as watchdog:
                answer = await self._open(targets, call, watchdog)
                body = await self._read(answer, watchdog)
        finally:
            if answer is not None:
                answer.response.close()
        return await self._reply(body, send, large)

    async def _open(self, targets: Sequence[Target], call: _Call, watchdog: Watchdog) -> Answer:
        answer = await self._upstreams.send(targets, call, watchdog)
        self._record.first_byte = self._record.elapsed()
        if answer.response.status != 200:
            watchdog.arm(answer.upstream.timeouts.between_bytes, _stalled())
            raise await read_error(answer.response, self._guard, self._outcome)
        return answer

    async def _read(self, answer: Answer, watchdog: Watchdog) -> bytes:
        if not is_json(answer.response.content_type):
            raise UpstreamError("the upstream's answer is not JSON")
        between, late = answer.upstream.timeouts.between_bytes, _stalled()
        watchdog.arm(between, late)
        pieces: list[bytes] = []
        while piece := await answer.response.chunk():
            pieces.append(piece)
            watchdog.arm(between, late)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def _reply(self, body: bytes, send: Send, large: Offload) -> int:
        if len(body) < LARGE:
            out, calls = self._guarded(body)
        else:
            out, calls = await large(self._guarded, body)
        if self._lane is not None:
            for channel, text in self._outcome.said if out is not None else ():
                self._lane.feed(channel, text)
            await self._lane.settle(self._outcome)
        fate, token = Fate.ADMITTED, ""
        if out is not None and calls and self._tools is not None:
            fate = await self._tools.admit(calls)
            if fate is Fate.WAITS:
                token = await self._tools.keep(out, stream=False)
        if out is not None and fate is Fate.ADMITTED:
            return await self._send(200, json_headers(self._record.id), out, send)
        self._outcome.texts.clear()
        if token:
            declined = DeclinedError(403, waits(token), code="approval_required")
            return await self._say(declined, waiting_headers(token), send)
        declined = DeclinedError(400, self._guard.policy.document.refusal.text, code="content_filter")
        return await self._say(declined, [], send)

    async def _say(self, declined: DeclinedError, more: Headers, send: Send) -> int:
        """Something else than the model's answer, in the style that policy wants."""
        record = self._record
        if self._guard.policy.document.refusal.style == "error" or self._route.family in UNREFUSING:
            out = error_body(self._dialect, declined, record.id)
            return await self._send(declined.status, decline_headers(declined, record.id) + more, out, send)
        out = strict_json.encode(self._dialect.refusal_document(self._request, declined.message, record.id))
        return await self._send(200, json_headers(record.id) + more, out, send)

    async def _send(self, status: int, headers: Headers, body: bytes, send: Send) -> int:
        if self._debug:
            headers += debug_headers(*self._decided())
        self._record.completed(status, self._outcome)
        await send_whole(send, status, headers, body)
        return status

    def _guarded(self, body: bytes) -> Guarded:
        reply = self._dialect.reply(strict_json.parse_upstream(body), self._request)
        if not guard_reply(reply, self._guard, self._outcome):
            self._outcome.texts.clear()
            return None, []
        calls = shorten(reply, self._dialect, self._request, self._guard, self._outcome)
        return strict_json.encode(reply.document), calls

    async def _stream(self, targets: Sequence[Target], call: _Call, receive: Receive, send: Send) -> int:
        reader, gated = self._dialect.reader(self._request), self._tools is not None
        guard = StreamGuard(reader, self._guard, self._record.id, self._outcome, gated=gated, lane=self._lane)
        keeps = self._tools is not None and self._tools.can_ask
        left: list[bytes] = []
        response: UpstreamResponse | None = None
        started = False
        last = b""
        try:
            try:
                async with Watchdog(receive) as watchdog:
                    answer = await self._open(targets, call, watchdog)
                    response = answer.response
                    if not is_event_stream(response.content_type):
                        raise UpstreamError("the upstream's answer is not an event stream")
                    between, late = answer.upstream.timeouts.between_bytes, _stalled()
                    watchdog.arm(answer.upstream.timeouts.first_byte, late)
                    while True:
                        data = await response.chunk()
                        watchdog.disarm()
                        for part in _slices(data, started):
                            last = guard.feed(part) if part else guard.finish()
                            if self._tools is not None and (guard.calls or guard.waits):
                                last += await self._gated(guard, self._tools, [*left, last])
                            if keeps:
                                left.append(last)
                            if not started:
                                self._record.first_byte = self._record.elapsed()
                                await self._start(send)
                                started = True
                            if guard.ended:
                                break
                            if last:
                                await send({"type": "http.response.body", "body": last, "more_body": True})
                        if guard.ended:
                            break
                        last = b""
                        watchdog.arm(between, late)
            except ClientGoneError:
                raise
            except UpstreamError as error:
                if not started:
                    raise
                last = guard.fail(error.cause)
            except BartizanError as error:
                if not started:
                    raise
                last = guard.abort()
                self._outcome.error = declined(error).reason
            except Exception:
                if not started:
                    raise
                _log.exception("stream failed", extra={"request": self._record.id})
                last = guard.abort()
            await self._finish(guard, last, send)
            if response is not None and not self._outcome.error and not self._outcome.blocked:
                await response.settle()
        finally:
            guard.close()
            if self._lane is not None:
                self._lane.close()
            if response is not None:
                response.close()
        return 200

    async def _gated(self, guard: StreamGuard, tools: ToolGate, left: Sequence[bytes]) -> bytes:
        """Decide the calls that are complete. What may leave now, after what has ``left`` or is about to."""
        if guard.calls:
            fate = await tools.admit(guard.calls)
            if fate is Fate.REFUSED:
                return guard.refuse()
            if fate is Fate.ADMITTED:
                return guard.admitted()
            guard.wait()
        if not guard.ended or self._outcome.blocked or self._outcome.error:
            return b""
        token = await tools.keep(b"".join([*left, guard.held()]), stream=True)
        return guard.waiting(waits(token)) if token else guard.refuse()

    async def _start(self, send: Send) -> None:
        headers: Headers = stream_headers(self._record.id)
        if self._debug:
            headers += debug_headers(self._verdict.action, self._verdict.rule)
        await send({"type": "http.response.start", "status": 200, "headers": headers})

    async def _finish(self, guard: StreamGuard, last: bytes, send: Send) -> None:
        """Record, then let the last bytes leave: who has seen the end of a stream finds it in the journal."""
        guard.close()
        if self._lane is not None:
            await self._lane.settle(self._outcome)
        try:
            self._record.completed(200, self._outcome)
        except JournalError as error:
            _log.error("not recorded: %s", error.cause, extra={"request": self._record.id})
            last = guard.abort()
        if self._debug:
            last += debug_comment(*self._decided())
        await send({"type": "http.response.body", "body": last})

    def _decided(self) -> tuple[Action, str]:
        """The stricter of the request's and the answer's decision."""
        if self._outcome.action.rank > self._verdict.action.rank:
            return self._outcome.action, self._outcome.rule
        return self._verdict.action, self._verdict.rule


def _slices(data: bytes, started: bool) -> list[bytes]:
    """``data`` in the pieces in which it is inspected: the first one small, so that a stream's first words need not
    wait for the inspection of a whole network read. Where a stream is cut changes nothing else."""
    if started or len(data) <= FIRST_SLICE:
        return [data]
    return [data[:FIRST_SLICE], data[FIRST_SLICE:]]


def _stalled() -> UpstreamError:
    return UpstreamError("the upstream stopped sending", status=504)

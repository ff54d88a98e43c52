"""One exchange, from the request's head to the last byte of the answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from time import perf_counter

from bartizan.core import strict_json
from bartizan.core.errors import BartizanError, JournalError, KeeperError
from bartizan.core.event import Usage
from bartizan.core.passage import Text
from bartizan.core.verdict import Action, Verdict
from bartizan.firewall import metering
from bartizan.firewall.admission import known_caller, within_limits
from bartizan.firewall.answer import AnswerSender
from bartizan.firewall.asgi import Receive, Send, send_whole
from bartizan.firewall.asking import bound_request
from bartizan.firewall.authentication import Caller
from bartizan.firewall.body import read_body
from bartizan.firewall.declined import CLIENT_GONE, DeclinedError, declined
from bartizan.firewall.dialects.transcripts import FAMILIES
from bartizan.firewall.exchange import ANTHROPIC, UNREFUSING, Request
from bartizan.firewall.headers import ClientHeaders, anthropic_headers
from bartizan.firewall.in_force import InForce
from bartizan.firewall.large import LARGE
from bartizan.firewall.learned import ask
from bartizan.firewall.model_routes import Target
from bartizan.firewall.outcome import Outcome
from bartizan.firewall.recording import Record
from bartizan.firewall.release import binding_of, held_answer, send_released
from bartizan.firewall.replies import debug_headers, decline_headers, error_body, json_headers, stream_headers
from bartizan.firewall.request_guard import check_shape, inspect_request, redact_request, stops
from bartizan.firewall.routes import Route
from bartizan.firewall.sentence_lane import SentenceLane
from bartizan.firewall.services import Services
from bartizan.firewall.tool_gate import Fate, ToolGate
from bartizan.firewall.watchdog import ClientGoneError

_log = logging.getLogger("bartizan.firewall")


class Exchange:
    """Serves one request of a conversation family.

    Args:
        services: shared by all exchanges.
        in_force: the snapshot that this exchange keeps to its end.
        route: the endpoint.
        record: what the journal is told.
        headers: of the client.
    """

    def __init__(
        self, services: Services, in_force: InForce, route: Route, record: Record, headers: ClientHeaders
    ) -> None:
        self._services = services
        self._in_force = in_force
        self._route = route
        self._record = record
        self._headers = headers
        self._guard = in_force.guard.for_exchange()
        self._dialect = in_force.dialects[route.family]
        self._outcome = Outcome()
        self._caller: Caller | None = None
        self._request: Request | None = None
        self._reserved: Usage | None = None
        self._window = 0
        self._accepted = False
        self._binding = ""

    async def run(self, receive: Receive, send: Send) -> tuple[int, Action]:
        """Serve; returns the status and the strictest action for the metrics. Raises only CancelledError."""
        try:
            return await self._serve(receive, send)
        except ClientGoneError:
            return self._gone()
        except BartizanError as error:
            return await self._decline(declined(error), send)
        except asyncio.CancelledError:
            self._abandon("shutdown")
            raise
        except Exception:
            _log.exception("request failed", extra={"request": self._record.id})
            return await self._decline(DeclinedError(500, "The gateway failed.", reason="internal error"), send)
        finally:
            if self._reserved is not None:
                await self._settle(self._reserved)

    async def _serve(self, receive: Receive, send: Send) -> tuple[int, Action]:
        in_force, record = self._in_force, self._record
        caller = self._caller = await known_caller(self._services, in_force, self._headers, record)
        if self._route.family in ANTHROPIC:
            anthropic_headers(self._headers)  # refused before the body is read
        request = await self._read(receive)
        targets = self._targets(request, caller)
        if self._services.held is not None and self._in_force.tools is not None:
            self._binding = binding_of(request, caller.identity, self._route.upstream_path)
        bound_request(request, in_force.policy)
        await self._admit(request, caller)
        began = perf_counter()
        verdict = await self._inspect(request)
        record.inspected = (perf_counter() - began) * 1e3
        if stops(verdict):
            return await self._refuse(verdict, request, caller, send)
        if verdict.action is Action.REDACT:
            redact_request(request.document, verdict.redactions)
        await record.accepted(verdict, request.parts)
        self._accepted = True
        return await self._forward(request, targets, verdict, caller, receive, send)

    async def _forward(
        self,
        request: Request,
        targets: Sequence[Target],
        verdict: Verdict,
        caller: Caller,
        receive: Receive,
        send: Send,
    ) -> tuple[int, Action]:
        """Call the upstream and bring its answer; the request is recorded."""
        headers = anthropic_headers(self._headers) if self._route.family in ANTHROPIC else {}
        gate = self._tool_gate(request, caller)
        if self._headers.approval:
            return await self._release(gate, send)
        answer = AnswerSender(
            self._services.upstreams,
            self._guard,
            self._dialect,
            request,
            self._route,
            self._record,
            self._outcome,
            verdict,
            gate,
            self._lane(caller),
        )
        debug = caller.principal.debug
        large = partial(self._services.large.run, caller.principal.name)
        status = await answer.run(targets, headers, receive, send, debug=debug, large=large)
        if self._outcome.blocked:
            await self._count_block(caller)
        return status, max(verdict.action, self._outcome.action, key=_rank)

    async def _read(self, receive: Receive) -> Request:
        policy, record = self._in_force.policy, self._record
        body = await read_body(receive, self._headers, policy.bodies)
        if len(body) < LARGE:
            request = self._parsed(body)
        else:
            request = await self._services.large.run(record.principal, self._parsed, body)
        self._request = request
        record.model = request.model
        record.session = request.session_hint[:128]
        record.stream = request.stream
        check_shape(request, policy)
        return request

    def _parsed(self, body: bytes) -> Request:
        return self._dialect.request(strict_json.parse(body, self._in_force.policy.bodies.max_depth))

    def _targets(self, request: Request, caller: Caller) -> tuple[Target, ...]:
        targets = self._services.routes.targets(self._route.family, request.model)
        if not caller.may_use(request.model, self._record.route):
            raise DeclinedError(
                404, "the model does not exist or is not available here", reason="the key may not use this model"
            )
        return targets

    async def _admit(self, request: Request, caller: Caller) -> None:
        reserved = metering.estimate(request)
        cost = metering.price(reserved, request.model, self._in_force.policy.prices)
        grant = await within_limits(self._services, caller, metering.total(reserved), cost)
        if not grant.allowed:
            raise DeclinedError(
                429,
                "Too many requests, or the budget is used up.",
                reason=f"limit: {grant.reason}",
                retry_after=max(grant.retry_after, 1.0),
            )
        self._reserved = reserved
        self._window = grant.window

    async def _inspect(self, request: Request) -> Verdict:
        principal = self._record.principal
        in_force = self._in_force
        learned = await ask(self._services.inference, principal, request, in_force.learned, harm=in_force.harm)
        size = sum(len(part.passage.text) for part in request.parts if isinstance(part, Text))
        if size < LARGE:
            return inspect_request(request, self._guard, learned)
        return await self._services.large.run(principal, inspect_request, request, self._guard, learned)

    def _lane(self, caller: Caller) -> SentenceLane | None:
        if not self._in_force.answers:
            return None
        return SentenceLane(self._services.inference, caller.principal.name, self._guard.policy)

    def _tool_gate(self, request: Request, caller: Caller) -> ToolGate | None:
        controls = self._in_force.tools
        if controls is None or self._route.family not in FAMILIES:
            return None
        return ToolGate(controls, self._services, request, self._binding, self._record, self._outcome, caller)

    async def _release(self, gate: ToolGate | None, send: Send) -> tuple[int, Action]:
        """The answer that a person has approved by now, instead of a new one."""
        record, held, token = self._record, self._services.held, self._headers.approval.decode("latin-1")
        answer = await held_answer(held, token, self._binding)
        fate = Fate.REFUSED if gate is None else await gate.release(answer)
        if fate is not Fate.WAITS and held is not None:
            await held.forget(token)
        status = await send_released(answer, fate, token, record, self._outcome, self._dialect, send)
        return status, self._outcome.action

    async def _refuse(self, verdict: Verdict, request: Request, caller: Caller, send: Send) -> tuple[int, Action]:
        """A block, said as policy wants it."""
        refusal = self._in_force.policy.refusal
        record = self._record
        as_message = refusal.style == "message" and self._route.family not in UNREFUSING
        decision = DeclinedError(
            200 if as_message else 400, refusal.text, reason="blocked", code="content_filter", verdict=verdict
        )
        record.refused(decision.status, decision.reason, verdict, request.parts)
        await self._count_block(caller)
        debug = debug_headers(verdict.action, verdict.rule) if caller.principal.debug else []
        if not as_message:
            body = error_body(self._dialect, decision, record.id)
            await send_whole(send, 400, decline_headers(decision, record.id) + debug, body)
        elif request.stream:
            body = self._dialect.refusal_stream(request, refusal.text, record.id)
            await send_whole(send, 200, stream_headers(record.id) + debug, body)
        else:
            body = strict_json.encode(self._dialect.refusal_document(request, refusal.text, record.id))
            await send_whole(send, 200, json_headers(record.id) + debug, body)
        return decision.status, verdict.action

    async def _decline(self, decision: DeclinedError, send: Send) -> tuple[int, Action]:
        record = self._record
        try:
            if self._accepted:
                self._outcome.error = self._outcome.error or decision.reason
                record.completed(decision.status, self._outcome)
            elif self._services.strangers.admits(record.principal, record.client, decision.status):
                parts = self._request.parts if self._request is not None else ()
                record.refused(decision.status, decision.reason, decision.verdict, parts)
        except JournalError as error:
            _log.error("not recorded: %s", error.cause, extra={"request": record.id})
            decision = declined(error)
        headers = decline_headers(decision, record.id)
        if self._caller is not None and self._caller.principal.debug:
            headers += debug_headers(Action.BLOCK, decision.rule)
        await send_whole(send, decision.status, headers, error_body(self._dialect, decision, record.id))
        return decision.status, Action.BLOCK

    def _gone(self) -> tuple[int, Action]:
        self._abandon("client_gone")
        return CLIENT_GONE, self._outcome.action

    def _abandon(self, cause: str) -> None:
        """Nobody is there to be answered; say what happened."""
        try:
            if self._accepted:
                self._outcome.error = cause
                self._record.completed(CLIENT_GONE, self._outcome)
            elif self._services.strangers.admits(self._record.principal, self._record.client, CLIENT_GONE):
                self._record.refused(CLIENT_GONE, cause)
        except JournalError as error:
            _log.error("not recorded: %s", error.cause, extra={"request": self._record.id})

    async def _count_block(self, caller: Caller) -> None:
        try:
            await self._services.quota.record_block(caller.principal.name, caller.limits)
        except KeeperError as error:
            _log.error("block not counted: %s", error.cause, extra={"request": self._record.id})

    async def _settle(self, reserved: Usage) -> None:
        """Give back what was reserved and not used; a request that no upstream saw used nothing."""
        caller, request = self._caller, self._request
        if caller is None or request is None:
            return
        used = metering.reported(self._outcome.usage, reserved) if self._accepted else Usage(0, 0)
        prices = self._in_force.policy.prices
        cost = metering.price(used, request.model, prices) - metering.price(reserved, request.model, prices)
        try:
            await self._services.quota.settle(
                caller.principal.name,
                caller.limits,
                metering.total(used) - metering.total(reserved),
                cost,
                self._window,
            )
        except KeeperError as error:
            _log.error("usage not settled: %s", error.cause, extra={"request": self._record.id})
        if self._accepted:
            self._services.meters.used(caller.principal.name, request.model, self._outcome.usage)


def _rank(action: Action) -> int:
    return action.rank

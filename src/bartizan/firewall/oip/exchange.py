"""One inference request: the exchange of every other family, with tensors where those have texts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, ParamSpec, TypeVar
from urllib.parse import quote

from bartizan.core.errors import KeeperError, UpstreamError, WireError
from bartizan.core.event import Usage
from bartizan.core.limits import Budget, Limits
from bartizan.core.threat import Guard
from bartizan.core.verdict import Action, Verdict
from bartizan.firewall.asgi import Headers, Receive, Send, send_whole
from bartizan.firewall.authentication import Caller
from bartizan.firewall.body import read_body
from bartizan.firewall.declined import DeclinedError
from bartizan.firewall.exchange import ApiFamily, Request
from bartizan.firewall.headers import ClientHeaders
from bartizan.firewall.in_force import InForce
from bartizan.firewall.large import LARGE
from bartizan.firewall.model_routes import Target
from bartizan.firewall.oip.answer import read_answer, release, written
from bartizan.firewall.oip.declared import faults, row_count
from bartizan.firewall.oip.outputs import classes_of
from bartizan.firewall.oip.paths import Endpoint
from bartizan.firewall.oip.request import TensorRequest, read_request
from bartizan.firewall.oip.tensors import recorded
from bartizan.firewall.oip.verdicts import Found, joined
from bartizan.firewall.oip.watching import Reading, Watcher, told
from bartizan.firewall.oip.wire import LENGTH_HEADER
from bartizan.firewall.pipeline import Exchange
from bartizan.firewall.recording import Record
from bartizan.firewall.replies import base_headers, debug_headers
from bartizan.firewall.request_guard import check_shape
from bartizan.firewall.routes import Route
from bartizan.firewall.services import Services
from bartizan.firewall.upstream import Call
from bartizan.firewall.upstream_errors import read_error
from bartizan.firewall.watchdog import Watchdog
from bartizan.policy.models import ModelRules, TensorRow, watches

_log = logging.getLogger("bartizan.firewall")
HEAVY = 262_144
"""Bytes of numbers from which work on them is done off the event loop: about two milliseconds of it."""
P = ParamSpec("P")
T = TypeVar("T")
NOT_HERE = "the model does not exist or is not available here"


class _Charged(NamedTuple):
    """Queries that were taken from a budget."""

    owner: str
    limits: Limits
    rows: int
    window: int


class InferenceExchange(Exchange):
    """Serves one request for inference; see :class:`bartizan.firewall.pipeline.Exchange`.

    Args:
        endpoint: the path.
        rules: of its model; None if policy names none.
        watcher: of its profile; None without one.
    """

    def __init__(
        self,
        services: Services,
        in_force: InForce,
        endpoint: Endpoint,
        record: Record,
        headers: ClientHeaders,
        rules: ModelRules | None,
        watcher: Watcher | None = None,
    ) -> None:
        super().__init__(services, in_force, Route(endpoint.route, ApiFamily.INFERENCE, ""), record, headers)
        self._endpoint = endpoint
        self._given = rules
        self._watcher = watcher
        self._first: int | None = None
        self._charged: _Charged | None = None
        record.model = endpoint.model

    @property
    def _rules(self) -> ModelRules:
        rules, version = self._given, self._endpoint.version
        if rules is None or (version and version not in rules.versions):
            raise WireError(NOT_HERE, status=404)
        return rules

    async def _read(self, receive: Receive) -> TensorRequest:
        if self._caller is None or not self._caller.may_use(self._endpoint.model, self._record.route):
            # Before anything is said of the body: what a model takes is told to those who may use it.
            raise DeclinedError(404, NOT_HERE, reason="the key may not use this model")
        rules, record, bounds = self._rules, self._record, self._in_force.policy.bodies
        body = await read_body(receive, self._headers, bounds, binary=True)
        if len(body) < (HEAVY if self._headers.json_length else LARGE):
            request = self._parsed_tensors(body, rules)
        else:
            request = await self._services.large.run(record.principal, self._parsed_tensors, body, rules)
        self._request = request
        request.model = self._endpoint.model
        check_shape(request, self._in_force.policy)
        if row_count(rules, request.tensors) > rules.batch:
            raise WireError("the request has too many queries", status=413)
        return request

    def _parsed_tensors(self, body: bytes, rules: ModelRules) -> TensorRequest:
        """Off the event loop where the body is large. What was read is recorded whatever becomes of it."""
        record = self._record
        request = read_request(
            body, self._headers.json_length, self._in_force.policy.bodies, rules, record.principal, self._dialect
        )
        record.tensors = recorded(request.tensors, record.commit)
        return request

    async def _admit(self, request: Request, caller: Caller) -> None:
        await super()._admit(request, caller)
        assert isinstance(request, TensorRequest)
        budget = self._rules.budget(caller.principal.name)
        if budget is None:
            return
        rows = row_count(self._rules, request.tensors)
        limits = Limits(budget=Budget(tokens=budget.rows, window=budget.window), cooldown=None)
        owner = f"{caller.principal.name}\x1f{self._endpoint.model}"
        grant = await self._services.quota.admit(owner, limits, rows)
        if not grant.allowed:
            raise DeclinedError(
                429,
                "Too many requests, or the budget is used up.",
                reason="limit: budget.queries",
                retry_after=max(grant.retry_after, 1.0),
            )
        self._charged = _Charged(owner, limits, rows, grant.window)

    async def _settle(self, reserved: Usage) -> None:
        await super()._settle(reserved)
        charged = self._charged
        if charged is None or self._accepted:
            return
        try:
            await self._services.quota.settle(charged.owner, charged.limits, -charged.rows, 0.0, charged.window)
        except KeeperError as error:
            _log.error("queries not given back: %s", error.cause, extra={"request": self._record.id})

    async def _inspect(self, request: Request) -> Verdict:
        verdict = await super()._inspect(request)
        assert isinstance(request, TensorRequest)
        found = await self._judged(request)
        return joined(verdict, found, self._rules.guards, self._guard.policy)

    async def _judged(self, request: TensorRequest) -> list[Found]:
        guards, found = self._rules.guards, list[Found]()
        if guards.declared.action is not Action.ALLOW:
            wrong = await self._offloaded(_size(request), faults, self._rules, request.tensors)
            found = [Found(Guard.DECLARED, wrong)] if wrong else []
        if self._watcher is None or (found and self._stopped(guards.declared)):
            return found
        reading = await self._offloaded(_size(request), self._watcher.read, request.tensors)
        if reading is None:  # no query to look at: each of the guards fires, since none can say that all is well
            active = [g for g in (Guard.SIMILARITY, Guard.EXTRACTION) if getattr(guards, g).action is not Action.ALLOW]
            return [*found, *(Found(guard, ["unreadable"]) for guard in (Guard.DISTRIBUTION, *active))]
        if reading.unlike and guards.distribution.action is not Action.ALLOW:
            found.append(Found(Guard.DISTRIBUTION, [f"{self._watcher.profile.input}.unlike"]))
        return [*found, *await self._watched(self._watcher, reading)]

    def _stopped(self, row: TensorRow) -> bool:
        return self._guard.policy.enforce(row.action, row.mode, "").action is Action.BLOCK

    async def _watched(self, watcher: Watcher, reading: Reading) -> list[Found]:
        """What the keeper says of the principal's stream; these queries belong to it from now on."""
        if not watches(self._rules):
            return []
        watch, guards = self._services.watch, self._rules.guards
        if watch is None:
            raise KeeperError("nobody watches queries here")
        seen = await watch.observe(self._record.principal, self._stream, watcher.profile.watch, reading.queries)
        self._first = seen.first
        found: list[Found] = []
        if seen.similar and guards.similarity.action is not Action.ALLOW:
            found.append(Found(Guard.SIMILARITY, ["near"]))
        if seen.extraction and guards.extraction.action is not Action.ALLOW:
            found.append(Found(Guard.EXTRACTION, [seen.extraction]))
        return found

    @property
    def _stream(self) -> str:
        return f"{self._endpoint.model}\x1f{self._watcher.digest if self._watcher is not None else ''}"

    async def _tell(self, classes: bytes) -> None:
        """The keeper learns what the model answered; if it cannot, its tests of classes know less."""
        watch, watcher, first = self._services.watch, self._watcher, self._first
        if watch is None or watcher is None or first is None or (watcher.told_classes and not self._rules.classes):
            return
        try:
            await watch.tell_classes(self._record.principal, self._stream, watcher.profile.watch, first, classes)
        except KeeperError as error:
            _log.error("classes not told: %s", error.cause, extra={"request": self._record.id})

    async def _forward(
        self,
        request: Request,
        targets: Sequence[Target],
        verdict: Verdict,
        caller: Caller,
        receive: Receive,
        send: Send,
    ) -> tuple[int, Action]:
        assert isinstance(request, TensorRequest)
        if self._headers.approval:
            raise DeclinedError(403, "This approval cannot be used.", reason="approval: of another family")
        record, outcome = self._record, self._outcome
        bodies = {
            binary: await self._offloaded(_size(request), request.body, self._rules.classes, binary=binary)
            for binary in {target.binary for target in targets}
        }
        answer, content_type, json_length = await self._ask(targets, bodies, receive)
        size = len(answer) if json_length else 4 * len(answer)  # numbers written as text take longer
        leaving, headers, passes, classes = await self._offloaded(
            size, self._answered, request, answer, content_type, json_length
        )
        await self._tell(classes)
        status = 200
        if not passes:
            await self._count_block(caller)
            raise DeclinedError(400, self._in_force.policy.refusal.text, code="content_filter", reason="blocked")
        record.completed(status, outcome)
        headers += base_headers(record.id)
        if caller.principal.debug:
            headers += debug_headers(*max((verdict.action, verdict.rule), (outcome.action, outcome.rule), key=_rank))
        await send_whole(send, status, headers, leaving)
        return status, max(verdict.action, outcome.action, key=lambda action: action.rank)

    async def _ask(
        self, targets: Sequence[Target], bodies: Mapping[bool, tuple[bytes, int]], receive: Receive
    ) -> tuple[bytes, bytes, bytes]:
        """Body, content type and JSON length of the upstream's answer."""

        def call(target: Target) -> Call:
            body, length = bodies[target.binary]
            more = {LENGTH_HEADER: str(length)} if length else {}
            kind = "application/octet-stream" if length else "application/json"
            return Call(
                self._endpoint.upstream_path(quote(target.model, safe="")), body, headers=more, content_type=kind
            )

        late = UpstreamError("the upstream stopped sending", status=504)
        async with Watchdog(receive) as watchdog:
            answer = await self._services.upstreams.send(targets, call, watchdog)
            response, between = answer.response, answer.upstream.timeouts.between_bytes
            try:
                self._record.first_byte = self._record.elapsed()
                watchdog.arm(between, late)
                if response.status != 200:
                    raise await read_error(response, self._guard, self._outcome)
                pieces: list[bytes] = []
                while piece := await response.chunk():
                    pieces.append(piece)
                    watchdog.arm(between, late)
            finally:
                response.close()
            return b"".join(pieces), response.content_type, response.json_length

    def _answered(
        self, request: TensorRequest, body: bytes, content_type: bytes, length: bytes
    ) -> tuple[bytes, Headers, bool, bytes]:
        answered = read_answer(body, content_type, length, self._in_force.policy.bodies)
        principal, rows = self._record.principal, row_count(self._rules, request.tensors)
        classes = told(classes_of(answered.tensors, self._rules.classes, rows))
        leaving, passes = release(
            answered, request, self._rules, rows, principal, self._dialect, self._guard, self._outcome
        )
        if not passes:
            self._outcome.texts.clear()
            return b"", [], False, classes
        self._outcome.tensors = recorded(leaving, self._record.commit)
        return *written(self._endpoint.model, answered.version, request.identifier, leaving), True, classes

    async def _offloaded(self, size: int, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """``work`` on so many bytes, elsewhere than on the event loop where they are many."""
        if size < HEAVY:
            return work(*args, **kwargs)
        return await self._services.large.run(self._record.principal, work, *args, **kwargs)


def _size(request: TensorRequest) -> int:
    arrays = [one.array for one in request.tensors]
    texts = sum(len(one.values) for one in request.tensors if one.array is None)
    return 16 * texts + sum(one.nbytes for one in arrays if one is not None)


def _rank(decided: tuple[Action, str]) -> int:
    return decided[0].rank

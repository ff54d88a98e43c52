"""The gateway as a raw ASGI application: finds the route, serves, counts."""

from __future__ import annotations

import logging
from time import perf_counter

from bartizan.core.errors import JournalError, WireError
from bartizan.core.ids import new_id
from bartizan.core.verdict import Action
from bartizan.firewall.asgi import Receive, Scope, Send, send_whole
from bartizan.firewall.declined import DeclinedError, declined
from bartizan.firewall.headers import ClientHeaders, read_headers
from bartizan.firewall.in_force import InForce
from bartizan.firewall.model_list import ModelList
from bartizan.firewall.oip.paths import Endpoint, Kind, endpoint_of, speaks
from bartizan.firewall.pipeline import Exchange
from bartizan.firewall.recording import Record
from bartizan.firewall.replies import decline_headers, error_body
from bartizan.firewall.routes import CONVERSATIONS, MODELS, Route, allowed_methods, family_of
from bartizan.firewall.services import Services

_LONGEST_PATH = 200
_log = logging.getLogger("bartizan.firewall")


class Gateway:
    """Call it as an ASGI 3.0 application.

    Args:
        services: shared by all exchanges.
        in_force: the first snapshot; ``put_in_force`` swaps it.
    """

    def __init__(self, services: Services, in_force: InForce) -> None:
        self._services = services
        self._in_force = in_force
        self._models = ModelList(services)

    @property
    def in_force(self) -> InForce:
        """The snapshot that new requests are served under."""
        return self._in_force

    def put_in_force(self, in_force: InForce) -> None:
        """Serve new requests under ``in_force``; requests under way are not affected."""
        self._in_force = in_force

    def tell(self) -> None:
        """Record what has only been counted, if it is time; call about once a second."""
        self._services.strangers.tell(self._services.recorder)

    def unreadable(self, client: str, status: int, reason: str) -> None:
        """Record what never became a request; see ``http_protocol.Unreadable``."""
        if not self._services.strangers.admits("", client, status):
            return
        record = Record(new_id("req"), "", client, self._services.recorder, self._in_force.commit)
        try:
            record.refused(status, reason)
        except JournalError as error:
            _log.error("not recorded: %s", error.cause, extra={"request": record.id})

    async def close(self) -> None:
        """Close upstream connections; the journal must still be open."""
        await self._services.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"unexpected ASGI scope {scope['type']}")
        began = perf_counter()
        self._services.meters.began()
        path: str = scope["path"]
        method: str = scope["method"]
        client = scope.get("client")
        route = CONVERSATIONS.get(path)
        endpoint = endpoint_of(path) if speaks(path) else None
        known = _known(path, route, endpoint)
        record = Record(
            new_id("req"),
            endpoint.route if endpoint is not None else path if allowed_methods(path) else path[:_LONGEST_PATH],
            client[0] if client else "",
            self._services.recorder,
            self._in_force.commit,
        )
        status, action = 500, Action.BLOCK
        try:
            try:
                headers = read_headers(scope["headers"])
                headers.method, headers.path = method, scope.get("raw_path", b"").decode("latin-1") or path
            except WireError as error:
                status = await self._decline(declined(error), path, ClientHeaders(), record, send)
                return
            if route is not None and method == "POST":
                exchange = Exchange(self._services, self._in_force, route, record, headers)
                status, action = await exchange.run(receive, send)
            elif endpoint is not None and endpoint.method == method:
                status, action = await self._infer(endpoint, path, headers, record, receive, send)
            elif method == "GET" and (path == MODELS or path.startswith(MODELS + "/")):
                status, action = await self._list_models(path, headers, record, receive, send)
            else:
                status = await self._decline(_misdirected(path, method), path, headers, record, send)
        finally:
            self._services.meters.ended(known, status, action, perf_counter() - began, record.inspected / 1e3)

    async def _infer(
        self, endpoint: Endpoint, path: str, headers: ClientHeaders, record: Record, receive: Receive, send: Send
    ) -> tuple[int, Action]:
        in_force = self._in_force
        front = in_force.inference
        try:
            if front is None:
                await in_force.keyring.authenticate(headers, self._services.once)
                raise DeclinedError(404, "the model does not exist or is not available here")
            if endpoint.kind is Kind.INFER:
                return await front.infer(self._services, in_force, endpoint, record, headers, receive, send)
            status = await front.read(self._services, in_force, endpoint, record, headers, receive, send)
        except WireError as error:
            return await self._decline(declined(error), path, headers, record, send), Action.BLOCK
        except DeclinedError as error:
            return await self._decline(error, path, headers, record, send), Action.BLOCK
        return status, Action.ALLOW

    async def _list_models(
        self, path: str, headers: ClientHeaders, record: Record, receive: Receive, send: Send
    ) -> tuple[int, Action]:
        try:
            status = await self._models.serve(self._in_force, path, headers, record, receive, send)
        except DeclinedError as error:
            return await self._decline(error, path, headers, record, send), Action.BLOCK
        return status, Action.ALLOW

    async def _decline(
        self, decision: DeclinedError, path: str, headers: ClientHeaders, record: Record, send: Send
    ) -> int:
        try:
            if self._services.strangers.admits(record.principal, record.client, decision.status):
                record.refused(decision.status, decision.reason)
        except JournalError as error:
            _log.error("not recorded: %s", error.cause, extra={"request": record.id})
            decision = declined(error)
        dialect = self._in_force.dialects[family_of(path, anthropic=bool(headers.anthropic_version))]
        allow = allowed_methods(path) if decision.status == 405 else ""
        await send_whole(
            send, decision.status, decline_headers(decision, record.id, allow), error_body(dialect, decision, record.id)
        )
        return decision.status


def _known(path: str, route: Route | None, endpoint: Endpoint | None) -> str:
    """The path's name in metrics, of which there is a fixed number."""
    if endpoint is not None:
        return endpoint.route
    return MODELS if path.startswith(MODELS) else path if route is not None else "other"


def _misdirected(path: str, method: str) -> DeclinedError:
    if allowed_methods(path):
        return DeclinedError(405, f"this path does not take {method[:20]}")
    return DeclinedError(404, "this path does not exist here", code="not_found")

"""``GET /v1/models`` and ``/v1/models/{id}``, in the words of whichever SDK asks."""

from __future__ import annotations

from typing import Literal

from bartizan.core import strict_json
from bartizan.core.errors import BartizanError, UpstreamError
from bartizan.firewall.admission import known_caller, within_limits
from bartizan.firewall.asgi import Receive, Send, send_whole
from bartizan.firewall.authentication import Caller
from bartizan.firewall.declined import DeclinedError, declined
from bartizan.firewall.exchange import ChannelKind, Document
from bartizan.firewall.headers import ANTHROPIC_VERSION, ClientHeaders, is_json
from bartizan.firewall.in_force import InForce
from bartizan.firewall.model_routes import Target
from bartizan.firewall.recording import Record
from bartizan.firewall.replies import json_headers
from bartizan.firewall.routes import MODELS
from bartizan.firewall.services import Services
from bartizan.firewall.upstream import Call
from bartizan.firewall.watchdog import Watchdog

MOST_MODELS = 1_000
"""Model names taken over from one upstream."""
LONGEST_NAME = 256
_MOST_BYTES = 2_000_000
_EPOCH = "1970-01-01T00:00:00Z"
Protocol = Literal["openai", "anthropic"]


class ModelList:
    """Configured names, and what upstreams that pass every name through say they have."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def serve(
        self, in_force: InForce, path: str, headers: ClientHeaders, record: Record, receive: Receive, send: Send
    ) -> int:
        """Answer; returns the status. Raises DeclinedError."""
        protocol: Protocol = "anthropic" if headers.anthropic_version else "openai"
        try:
            caller = await known_caller(self._services, in_force, headers, record)
            grant = await within_limits(self._services, caller)
            if not grant.allowed:
                raise DeclinedError(
                    429, "Too many requests.", reason=f"limit: {grant.reason}", retry_after=grant.retry_after
                )
            names = await self._names(in_force, caller, protocol, receive)
        except BartizanError as error:
            raise declined(error) from None
        document = _render(names, path, protocol)
        await send_whole(send, 200, json_headers(record.id), strict_json.encode(document))
        return 200

    async def _names(self, in_force: InForce, caller: Caller, protocol: Protocol, receive: Receive) -> list[str]:
        names = dict.fromkeys(self._services.routes.names(protocol))
        for upstream in self._services.routes.open_ended(protocol):
            names.update(dict.fromkeys(await self._ask(in_force, upstream, protocol, receive)))
        return [name for name in names if caller.may_use(name)]

    async def _ask(self, in_force: InForce, upstream: str, protocol: Protocol, receive: Receive) -> list[str]:
        path = "/v1/models" if protocol == "anthropic" else "/models"
        headers = {"anthropic-version": ANTHROPIC_VERSION} if protocol == "anthropic" else {}
        async with Watchdog(receive) as watchdog:
            answer = await self._services.upstreams.send(
                [Target(upstream, "")], lambda _: Call(path, b"", headers=headers), watchdog
            )
            try:
                if answer.response.status != 200 or not is_json(answer.response.content_type):
                    raise UpstreamError("an upstream did not list its models")
                document = strict_json.parse_upstream(await answer.response.read(_MOST_BYTES))
            finally:
                answer.response.close()
        rows = document.get("data")
        if not isinstance(rows, list):
            raise UpstreamError("an upstream did not list its models")
        found = [row.get("id") for row in rows[:MOST_MODELS] if isinstance(row, dict)]
        return [
            name
            for name in found
            if isinstance(name, str)
            and 0 < len(name) <= LONGEST_NAME
            and name.isprintable()
            and in_force.guard.whole(ChannelKind.TEXT, name).text == name
        ]


def _render(names: list[str], path: str, protocol: Protocol) -> Document:
    name = path[len(MODELS) + 1 :]
    if name:
        if name not in names:
            raise DeclinedError(404, "the model does not exist or is not available here")
        return _row(name, protocol)
    rows = [_row(name, protocol) for name in names]
    if protocol == "openai":
        return {"object": "list", "data": rows}
    return {
        "data": rows,
        "has_more": False,
        "first_id": names[0] if names else None,
        "last_id": names[-1] if names else None,
    }


def _row(name: str, protocol: Protocol) -> Document:
    if protocol == "openai":
        return {"id": name, "object": "model", "created": 0, "owned_by": "bartizan"}
    return {"type": "model", "id": name, "display_name": name, "created_at": _EPOCH}

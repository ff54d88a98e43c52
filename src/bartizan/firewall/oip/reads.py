"""Health and metadata: reads that change nothing and tell only what policy declares."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from bartizan.core import strict_json
from bartizan.core.errors import BartizanError, UpstreamError
from bartizan.firewall.admission import known_caller, within_limits
from bartizan.firewall.asgi import Receive, Send, send_whole
from bartizan.firewall.authentication import Caller
from bartizan.firewall.declined import DeclinedError, declined
from bartizan.firewall.exchange import ApiFamily, Document
from bartizan.firewall.headers import ClientHeaders, is_json
from bartizan.firewall.in_force import InForce
from bartizan.firewall.model_routes import Target
from bartizan.firewall.oip.outputs import available
from bartizan.firewall.oip.paths import Endpoint, Kind
from bartizan.firewall.recording import Record
from bartizan.firewall.replies import json_headers
from bartizan.firewall.services import Services
from bartizan.firewall.upstream import Call
from bartizan.firewall.watchdog import Watchdog
from bartizan.policy.models import InputRule, ModelRules

_MOST_BYTES = 1_000_000
_NOT_HERE = "the model does not exist or is not available here"


async def serve_read(
    services: Services,
    in_force: InForce,
    endpoint: Endpoint,
    record: Record,
    headers: ClientHeaders,
    receive: Receive,
    send: Send,
) -> int:
    """Answer ``GET`` on health, server or model; returns the status. Raises DeclinedError."""
    try:
        caller = await known_caller(services, in_force, headers, record)
        grant = await within_limits(services, caller)
        if not grant.allowed:
            raise DeclinedError(
                429, "Too many requests.", reason=f"limit: {grant.reason}", retry_after=grant.retry_after
            )
        document = await _answer(services, in_force, endpoint, caller, receive)
    except BartizanError as error:
        raise declined(error) from None
    await send_whole(send, 200, json_headers(record.id), strict_json.encode(document))
    return 200


async def _answer(
    services: Services, in_force: InForce, endpoint: Endpoint, caller: Caller, receive: Receive
) -> Document:
    match endpoint.kind:
        case Kind.LIVE:
            return {"live": True}
        case Kind.SERVER:
            return {"name": "bartizan", "version": "2", "extensions": ["binary_tensor_data"]}
        case Kind.READY:
            for upstream in services.routes.upstreams("oip"):
                await _get(services, [Target(upstream, "")], endpoint, receive)
            return {"ready": True}
    rules = in_force.policy.models.get(endpoint.model)
    if rules is None or not caller.may_use(endpoint.model):
        raise DeclinedError(404, _NOT_HERE)
    if endpoint.version and endpoint.version not in rules.versions:
        raise DeclinedError(404, _NOT_HERE)
    targets = services.routes.targets(ApiFamily.INFERENCE, endpoint.model)
    said = await _get(services, list(targets), endpoint, receive)
    if endpoint.kind is Kind.MODEL_READY:
        return {"name": endpoint.model, "ready": True}
    return _metadata(endpoint.model, rules, caller.principal.name, said)


async def _get(services: Services, targets: list[Target], endpoint: Endpoint, receive: Receive) -> Document:
    """What an upstream says on the same path; an empty document for an empty body. Raises UpstreamError."""

    def call(target: Target) -> Call:
        return Call(endpoint.upstream_path(quote(target.model, safe="")), b"")

    async with Watchdog(receive) as watchdog:
        answer = await services.upstreams.send(targets, call, watchdog)
        try:
            if answer.response.status != 200:
                raise UpstreamError("the model server is not ready", status=503)
            body = await answer.response.read(_MOST_BYTES)
            return strict_json.parse_upstream(body) if body and is_json(answer.response.content_type) else {}
        finally:
            answer.response.close()


def _metadata(model: str, rules: ModelRules, principal: str, said: Document) -> Document:
    """What policy declares; of the server's words only shapes and datatypes of outputs that are available."""
    outputs = said.get("outputs")
    return {
        "name": model,
        "versions": list(rules.versions),
        "platform": "",
        "inputs": [_input(name, rule) for name, rule in rules.inputs.items()],
        "outputs": [row for row in map(_output, outputs if isinstance(outputs, list) else []) if row
                    and available(rules, row["name"], principal)],
    }  # fmt: skip


def _input(name: str, rule: InputRule) -> Document:
    return {"name": name, "datatype": rule.datatype, "shape": list(rule.shape)}


def _output(row: Any) -> Document:
    """Name, datatype and shape, or nothing where they are not what they should be."""
    if not isinstance(row, dict):
        return {}
    name, datatype, shape = row.get("name"), row.get("datatype"), row.get("shape")
    sound = isinstance(shape, list) and all(type(size) is int for size in shape)
    if not isinstance(name, str) or not isinstance(datatype, str) or len(datatype) > 8 or not sound:
        return {}
    return {"name": name, "datatype": datatype, "shape": shape}

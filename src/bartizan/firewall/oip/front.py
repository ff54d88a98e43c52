"""The inference routes of one policy."""

from __future__ import annotations

from bartizan.core.verdict import Action
from bartizan.firewall.asgi import Receive, Send
from bartizan.firewall.headers import ClientHeaders
from bartizan.firewall.in_force import InForce
from bartizan.firewall.oip.exchange import InferenceExchange
from bartizan.firewall.oip.paths import Endpoint
from bartizan.firewall.oip.reads import serve_read
from bartizan.firewall.recording import Record
from bartizan.firewall.services import Services


class TensorFront:
    """Implements :class:`bartizan.firewall.inference_front.InferenceFront`."""

    async def infer(
        self,
        services: Services,
        in_force: InForce,
        endpoint: Endpoint,
        record: Record,
        headers: ClientHeaders,
        receive: Receive,
        send: Send,
    ) -> tuple[int, Action]:
        """See the interface."""
        rules = in_force.policy.models.get(endpoint.model)
        exchange = InferenceExchange(services, in_force, endpoint, record, headers, rules)
        return await exchange.run(receive, send)

    async def read(
        self,
        services: Services,
        in_force: InForce,
        endpoint: Endpoint,
        record: Record,
        headers: ClientHeaders,
        receive: Receive,
        send: Send,
    ) -> int:
        """See the interface."""
        return await serve_read(services, in_force, endpoint, record, headers, receive, send)

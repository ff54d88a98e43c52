"""What the gateway needs of the inference routes, which are loaded only where policy names a model: numpy is large."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bartizan.core.verdict import Action
from bartizan.firewall.asgi import Receive, Send
from bartizan.firewall.headers import ClientHeaders
from bartizan.firewall.oip.paths import Endpoint
from bartizan.firewall.recording import Record

if TYPE_CHECKING:
    from bartizan.firewall.in_force import InForce
    from bartizan.firewall.services import Services


class InferenceFront(Protocol):
    """Serves the models of one policy."""

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
        """One inference request, to its end; status and strictest action. Raises only CancelledError."""
        ...

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
        """Health or metadata; the status. Raises DeclinedError."""
        ...

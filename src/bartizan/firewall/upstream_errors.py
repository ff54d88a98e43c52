"""What a client is told when the upstream answers with an error."""

from __future__ import annotations

import msgspec

from bartizan.core.errors import UpstreamError
from bartizan.firewall.declined import DeclinedError
from bartizan.firewall.exchange import ChannelKind
from bartizan.firewall.guard import Guard
from bartizan.firewall.outcome import Outcome
from bartizan.firewall.upstream import UpstreamResponse

MOST_BYTES = 65_536
LONGEST_MESSAGE = 1_000
_CLIENT_MISTAKES = frozenset({400, 404, 409, 413, 422})
_BUSY = frozenset({503, 529})


async def read_error(response: UpstreamResponse, guard: Guard, outcome: Outcome) -> DeclinedError:
    """The upstream's error as one of our own.

    A client's mistake is passed on with the upstream's message, if it is short and passes the output guards: error
    messages repeat what was sent, keys included. Everything else gets a message of our own; the upstream's
    credentials are the operator's business, so 401 and 403 become 502.
    """
    status = response.status
    outcome.error = f"upstream status {status}"
    reason = outcome.error
    if status == 429:
        response.close()
        return DeclinedError(429, "The model server is busy.", reason=reason, retry_after=response.retry_after)
    if status in _BUSY:
        response.close()
        return DeclinedError(503, "The model server is not available.", reason=reason, retry_after=response.retry_after)
    if status not in _CLIENT_MISTAKES:
        response.close()
        return DeclinedError(502, "The model server failed.", reason=reason)
    try:
        message = _message(await response.read(MOST_BYTES))
    except UpstreamError:
        message = ""
    finally:
        response.close()
    if message:
        released = guard.whole(ChannelKind.TEXT, message[:LONGEST_MESSAGE])
        outcome.take(released)
        message = "" if released.blocked else released.text
    return DeclinedError(status, message or "The model server rejected the request.", reason=reason)


def _message(body: bytes) -> str:
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError):
        return ""
    error = document.get("error") if isinstance(document, dict) else None
    if isinstance(error, str):
        return error
    message = error.get("message") if isinstance(error, dict) else None
    return message if isinstance(message, str) else ""

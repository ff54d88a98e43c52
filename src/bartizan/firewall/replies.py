"""How the gateway's own words leave: headers, error bodies, refusals."""

from __future__ import annotations

import math

from bartizan.core.strict_json import encode
from bartizan.core.verdict import Action
from bartizan.firewall.asgi import Headers
from bartizan.firewall.declined import DeclinedError
from bartizan.firewall.dialects.interface import Dialect

JSON = (b"content-type", b"application/json")
EVENT_STREAM = (b"content-type", b"text/event-stream; charset=utf-8")
_STREAM_HEADERS = (EVENT_STREAM, (b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no"))


def base_headers(request_id: str) -> Headers:
    """``X-Request-Id`` as OpenAI's clients read it, ``Request-Id`` as Anthropic's do."""
    value = request_id.encode()
    return [(b"x-request-id", value), (b"request-id", value)]


def json_headers(request_id: str) -> Headers:
    """For a JSON body."""
    return [JSON, *base_headers(request_id)]


def stream_headers(request_id: str) -> Headers:
    """For an event stream; proxies are asked not to buffer it."""
    return [*_STREAM_HEADERS, *base_headers(request_id)]


def debug_headers(action: Action, rule: str) -> Headers:
    """For debug principals only."""
    return [(b"x-bartizan-verdict", action.value.encode()), (b"x-bartizan-rule", _printable(rule))]


def debug_comment(action: Action, rule: str) -> bytes:
    """The verdict of a finished stream, as an SSE comment, which clients ignore."""
    return b": bartizan verdict=%b rule=%b\n\n" % (action.value.encode(), _printable(rule))


def error_body(dialect: Dialect, declined: DeclinedError, request_id: str) -> bytes:
    """The error object of the client's protocol."""
    return encode(dialect.error_document(declined.status, declined.message, declined.code, request_id))


def decline_headers(declined: DeclinedError, request_id: str, allow: str = "") -> Headers:
    """For an error body."""
    headers = json_headers(request_id)
    if declined.retry_after > 0:
        headers.append((b"retry-after", b"%d" % math.ceil(declined.retry_after)))
    headers += [(b"www-authenticate", one.encode("latin-1", "replace")) for one in declined.challenges]
    if allow:
        headers.append((b"allow", allow.encode()))
    return headers


def _printable(rule: str) -> bytes:
    return "".join(c if 32 < ord(c) < 127 else "_" for c in rule[:200]).encode()

"""The little HTTP that the listener speaks: whole JSON documents in and out, bounded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from bartizan.core.errors import WireError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

READ_SECONDS: Final = 10.0


async def read_document(scope: Scope, receive: Receive, most: int) -> dict[str, Any]:
    """The JSON object in a request's body.

    Raises:
        WireError: it is none, is not declared as one, has a key twice, is longer than ``most`` bytes, or is slow.
    """
    if header(scope, b"content-type").partition(b";")[0].strip().lower() != b"application/json":
        raise WireError("send application/json", status=415)
    body = bytearray()
    try:
        async with asyncio.timeout(READ_SECONDS):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise WireError("the client has gone")
                body += message.get("body", b"")
                if len(body) > most:
                    raise WireError("the body is too large", status=413)
                if not message.get("more_body"):
                    break
    except TimeoutError:
        raise WireError("the body did not arrive", status=408) from None
    try:
        document = json.loads(body, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise WireError("the body is no JSON document") from None
    if not isinstance(document, dict):
        raise WireError("the body is no JSON object")
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no JSON")


def header(scope: Scope, name: bytes) -> bytes:
    """A request header; empty without it, or with more than one."""
    found = [value for key, value in scope["headers"] if key == name]
    return found[0] if len(found) == 1 else b""


def bearer(scope: Scope) -> str:
    """The key in ``Authorization: Bearer KEY``; empty without one."""
    scheme, _, key = header(scope, b"authorization").partition(b" ")
    return key.strip().decode("latin-1") if scheme.lower() == b"bearer" and len(key) <= 8_192 else ""


async def send_document(send: Send, status: int, document: dict[str, Any]) -> None:
    """One JSON document, ASCII throughout, so that no invisible character reaches a terminal or a page."""
    body = json.dumps(document, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")
    headers = [
        (b"content-type", b"application/json"),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-length", b"%d" % len(body)),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

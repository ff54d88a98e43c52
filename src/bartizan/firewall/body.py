"""Reads a request body within the bounds of policy."""

from __future__ import annotations

import asyncio

from bartizan.core.errors import WireError
from bartizan.firewall.asgi import Receive
from bartizan.firewall.compression import Inflater
from bartizan.firewall.headers import ClientHeaders, is_binary, is_json
from bartizan.firewall.watchdog import ClientGoneError
from bartizan.policy.document import Bodies


async def read_body(receive: Receive, headers: ClientHeaders, bounds: Bodies, *, binary: bool = False) -> bytes:
    """The decoded body.

    Args:
        binary: it may come as bytes, or without a type, as clients of the Open Inference Protocol send it.

    Raises:
        WireError: 415 for another content type or coding, 413 past ``max_bytes`` (as carried or decoded), 408 when the
            body takes longer than ``read_seconds``, 400 for damaged compression.
        ClientGoneError: the client left before it had sent everything.
    """
    if not is_json(headers.content_type) and not (binary and is_binary(headers.content_type)):
        raise WireError("content-type must be application/json", status=415)
    if headers.content_length.isdigit() and int(headers.content_length[:20]) > bounds.max_bytes:
        raise WireError("the body is too large", status=413)
    encoding = headers.content_encoding.strip().lower()
    inflater = Inflater(encoding, bounds.max_bytes) if encoding not in (b"", b"identity") else None
    try:
        async with asyncio.timeout(bounds.read_seconds):
            return await _read(receive, bounds.max_bytes, inflater)
    except TimeoutError:
        raise WireError("the body took too long to arrive", status=408) from None


async def _read(receive: Receive, limit: int, inflater: Inflater | None) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        data: bytes = message.get("body", b"")
        size += len(data)
        if size > limit:
            raise WireError("the body is too large", status=413)
        if data:
            pieces.append(inflater.feed(data) if inflater else data)
        if not message.get("more_body", False):
            break
    if inflater:
        pieces.append(inflater.finish())
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)

"""Answers over HTTP: bytes that were admitted, whole or a range of them, and signs of life while somebody waits."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Mapping
from typing import IO, Final, TypeVar

from aiohttp import web

T = TypeVar("T")
_CHUNK: Final = 1 << 20
_ALIVE: Final = 3.0
"""Seconds between signs of life; clients give up after ten."""
_RANGE: Final = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


async def patiently(request: web.Request, work: Awaitable[T]) -> T:
    """The result of ``work``; meanwhile the client gets ``100 Continue`` now and then, so that it does not give up.

    Any number of interim answers may come before the final one (RFC 9110, 15.2); clients skip them.
    """
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=_ALIVE))[0]:
            if request.transport is None or request.transport.is_closing():
                break
            if request.version >= (1, 1):
                request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return await task
    finally:
        task.cancel()


def span(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and length of what a ``Range`` header asks for; None for everything.

    Several ranges, other units and nonsense ask for everything (RFC 9110, 14.2). ``(-1, 0)``: it lies beyond the end.
    """
    found = _RANGE.fullmatch((header or "").strip())
    if found is None or found[0] == "bytes=-":
        return None
    first, last = found[1], found[2]
    if not first:
        count = min(int(last), size)
        return (size - count, count) if count else (-1, 0)
    start, stop = int(first), min(int(last) if last else size - 1, size - 1)
    if last and int(last) < start:
        return None
    return (start, stop - start + 1) if start < size else (-1, 0)


async def send(request: web.Request, file: IO[bytes], size: int, headers: Mapping[str, str]) -> web.StreamResponse:
    """Answer GET or HEAD with a file, which is closed afterwards. ``If-Range`` is compared with the ``ETag`` sent."""
    with file:
        asked = request.headers.get("Range")
        if "If-Range" in request.headers and request.headers["If-Range"] != headers.get("ETag"):
            asked = None
        part = span(asked, size)
        common = {"Accept-Ranges": "bytes", "Content-Type": "application/octet-stream", **headers}
        if part == (-1, 0):
            return web.Response(status=416, headers={**common, "Content-Range": f"bytes */{size}"})
        start, count = part or (0, size)
        if part is not None:
            common["Content-Range"] = f"bytes {start}-{start + count - 1}/{size}"
        answer = web.StreamResponse(status=200 if part is None else 206, headers=common)
        answer.content_length = count
        await answer.prepare(request)
        if request.method == "HEAD":
            return answer
        while count:
            piece = await asyncio.to_thread(os.pread, file.fileno(), min(_CHUNK, count), start)
            if not piece:
                raise ConnectionResetError("the file became shorter")
            await answer.write(piece)
            start, count = start + len(piece), count - len(piece)
        await answer.write_eof()
        return answer

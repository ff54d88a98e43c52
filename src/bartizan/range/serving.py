"""What the range's web applications share: a place on loopback, and bodies that are what they should be."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TypeVar

import msgspec
from aiohttp import web

from bartizan.core.errors import ConfigurationError

B = TypeVar("B")


@contextlib.asynccontextmanager
async def serving(application: web.Application, port: int) -> AsyncIterator[str]:
    """The URL of an application on loopback, ended with the context.

    Args:
        application: to be served.
        port: 0 for any.

    Raises:
        ConfigurationError: the port is taken.
    """
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
        except OSError as error:
            raise ConfigurationError(f"cannot listen on port {port}: {error.strerror}") from error
        host, taken = runner.addresses[0][:2]
        yield f"http://{host}:{taken}"
    finally:
        await runner.cleanup()


async def json_body(request: web.Request, kind: type[B]) -> B:
    """The JSON body as ``kind``. Demanding its content type keeps other sites' forms from planting anything.

    Raises:
        web.HTTPException: 415 or 400, for the client.
    """
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="send application/json")
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise web.HTTPBadRequest(text=f"not what this route expects: {error}") from error

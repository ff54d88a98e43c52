"""The inference process: one event loop on a Unix socket, and the model on a few threads behind it."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from bartizan.core.errors import ConfigurationError, KeeperError
from bartizan.inspection.classifier import ClassifierDetector
from bartizan.keeper import messages as m
from bartizan.keeper.connection import Connection
from bartizan.keeper.frames import frame
from bartizan.keeper.inference.cache import Answer
from bartizan.keeper.inference.engine import Engine
from bartizan.keeper.inference.messages import PROTOCOL, Answered, Read, Request
from bartizan.keeper.listening import SocketPlace
from bartizan.telemetry.metrics import Registry
from bartizan.workspace.deployment import Inference as Settings

MAX_CONNECTIONS: Final = 256

_log = logging.getLogger("bartizan.inference")


def check_settings(settings: Settings) -> None:
    """Raises ConfigurationError for settings that make no sense."""
    if settings.threads > 256:
        raise ConfigurationError("inference.threads: expected 1 to 256")
    if settings.deadline_seconds > 600:
        raise ConfigurationError("inference.deadline_seconds: expected more than 0 and at most 600")


class _Round:
    """A request whose texts are answered one by one."""

    def __init__(self, connection: Connection[Request], request: Read) -> None:
        self._connection = connection
        self._request = request
        self._answers: list[Answer] = [()] * len(request.texts)
        self._left = len(request.texts)

    def take(self, number: int, answer: Answer) -> None:
        """One text's answer; the last one sends them all."""
        self._answers[number] = answer
        self._left -= 1
        if self._left:
            return
        try:
            self._connection.send(Answered(self._request.id, tuple(self._answers)))
        except KeeperError as error:  # more signals than a frame holds
            self._connection.fail(self._request, error)


class InferenceServer:
    """Serves a model to workers.

    Args:
        path: of the socket; see ``SocketPlace``.
        detector: the model.
        settings: bounds.
        registry: where it counts.
    """

    def __init__(self, path: Path, detector: ClassifierDetector, settings: Settings, registry: Registry) -> None:
        self._place = SocketPlace(path, "inference process")
        self._detector = detector
        self._settings = settings
        self._registry = registry
        self._connections: set[Connection[Request]] = set()
        self._server: asyncio.Server | None = None
        self._beat: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen. Raises KeeperError when another process does, or the socket cannot be made."""
        self._place.acquire()
        try:
            self._loop = asyncio.get_running_loop()
            self._engine = Engine(self._detector, self._settings, self._registry)
            listener = self._place.bind()
            self._server = await self._loop.create_unix_server(
                lambda: Connection(self, Request, self._opened, self._connections.discard),
                sock=listener,
                backlog=MAX_CONNECTIONS,
            )
        except BaseException:
            self._place.release()
            raise
        self._beat = self._loop.create_task(self._heartbeat())

    def handle(self, connection: Connection[Request], request: Request) -> None:
        """Answer later; see :class:`bartizan.keeper.connection.Handler`."""
        deadline = self._loop.time() + request.seconds
        answers = _Round(connection, request)
        try:
            for number, asked in enumerate(request.texts):
                done = partial(answers.take, number)
                self._engine.submit(request.principal, asked.text, asked.surfaces, deadline, done, harm=asked.harm)
        except UnicodeDecodeError:
            raise KeeperError("a text is not UTF-8") from None

    def _opened(self, connection: Connection[Request]) -> bool:
        if len(self._connections) >= MAX_CONNECTIONS:
            return False
        self._connections.add(connection)
        connection.send(m.Welcome(PROTOCOL, ()))
        return True

    async def _heartbeat(self) -> None:
        alive = frame(msgspec.msgpack.encode(m.Alive()))
        while True:
            await asyncio.sleep(m.HEARTBEAT_SECONDS)
            for connection in list(self._connections):
                connection.send_frame(alive)

    async def stop(self) -> None:
        """Stop listening, let go of everything."""
        if self._server is not None:
            self._server.close()
        if self._beat is not None:
            self._beat.cancel()
            await asyncio.gather(self._beat, return_exceptions=True)
        for connection in list(self._connections):
            connection.abort()
        await asyncio.to_thread(self._engine.close)
        self._place.clear()


async def serve_inference(
    path: Path,
    detector: ClassifierDetector,
    settings: Settings,
    registry: Registry,
    ready: Callable[[], Awaitable[None]],
) -> None:
    """Run until SIGTERM or SIGINT.

    Args:
        path: of the socket.
        detector: the model.
        settings: bounds.
        registry: where it counts.
        ready: awaited once it listens.

    Raises:
        KeeperError: it cannot start.
    """
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    server = InferenceServer(path, detector, settings, registry)
    await server.start()
    _log.info("inference ready")
    try:
        await ready()
        await stopping.wait()
    finally:
        await server.stop()

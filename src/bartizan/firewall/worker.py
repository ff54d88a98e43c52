"""A gateway worker process: one event loop, one uvicorn server on a socket that it inherits."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
import socket
from collections.abc import Callable, Generator

import uvicorn

from bartizan.firewall.asgi import Application
from bartizan.firewall.control import STATUS_EVERY, Control, Drain, Ready, Status
from bartizan.firewall.http_protocol import server_settings
from bartizan.workspace.deployment import Listen


class QuietServer(uvicorn.Server):
    """A server that leaves signals to its owner and says when it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self.serving.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Do nothing."""
        yield


class Worker:
    """Serves until the supervisor says otherwise, hangs up, or SIGTERM comes.

    Args:
        application: the gateway.
        listen: TLS files and the drain time.
        listener: bound and listening; shared with the other workers.
        control: to the supervisor.
        status: asked about once a second.
    """

    def __init__(
        self,
        application: Application,
        listen: Listen,
        listener: socket.socket,
        control: Control,
        status: Callable[[], Status],
    ) -> None:
        self._listener = listener
        self._control = control
        self._status = status
        self._server = QuietServer(
            uvicorn.Config(
                application,
                **server_settings(),
                timeout_graceful_shutdown=max(1, round(listen.drain_seconds)),
                ssl_certfile=listen.tls_certificate or None,
                ssl_keyfile=listen.tls_key or None,
            )
        )

    async def run(self) -> None:
        """Serve until drained."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.drain)
        loop.add_signal_handler(signal.SIGINT, _ignore)
        listening = loop.create_task(self._listen_to_supervisor())
        reporting = loop.create_task(self._report())
        try:
            await self._server.serve(sockets=[self._listener])
        finally:
            for task in (listening, reporting):
                task.cancel()
            await asyncio.gather(listening, reporting, return_exceptions=True)
            self._control.send(self._status())
            self._control.close()

    def drain(self) -> None:
        """Stop accepting, finish what is under way."""
        self._server.should_exit = True

    async def _listen_to_supervisor(self) -> None:
        while (line := await self._control.receive()) is not None and not isinstance(line, Drain):
            pass
        self.drain()

    async def _report(self) -> None:
        await self._server.serving.wait()
        self._control.send(Ready())
        while True:
            self._control.send(self._status())
            await asyncio.sleep(STATUS_EVERY)


def raise_file_limit() -> None:
    """Let this process have as many connections as the system allows it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _ignore() -> None:
    """Ctrl-C reaches the whole process group; the supervisor decides what it means."""

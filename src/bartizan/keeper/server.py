"""The keeper process: one event loop on a Unix socket that only its own user may open."""

from __future__ import annotations

import asyncio
import logging
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import msgspec

from bartizan.core.errors import BartizanError, ConfigurationError, KeeperError
from bartizan.keeper import messages as m
from bartizan.keeper.clock import Clock, SystemClock
from bartizan.keeper.connection import MAX_WAITING, Connection
from bartizan.keeper.cooldown import Refused
from bartizan.keeper.frames import frame
from bartizan.keeper.ledger import Ledger
from bartizan.keeper.listening import SocketPlace
from bartizan.keeper.state import MOST_PRINCIPALS, KeeperState
from bartizan.keeper.tool_book import limited, session_owner
from bartizan.store.database import open_database

FLUSH_SECONDS: Final = 1.0
"""Spend that is younger than this is lost when the keeper is killed."""
UNSAVED_SECONDS: Final = 10.0
"""When the store has not taken sums for this long, requests under a budget are turned down."""
MAX_CONNECTIONS: Final = 256

_log = logging.getLogger("bartizan.keeper")


class KeeperServer:
    """Serves a state to workers and keeps its sums in the ledger.

    Args:
        path: of the socket; its directory is created with mode 0700 if missing. ``<path>.lock`` beside it makes sure
            that there is one keeper only.
        ledger: None keeps nothing beyond the process.
        clock: for tests.
    """

    def __init__(self, path: Path, ledger: Ledger | None = None, clock: Clock | None = None) -> None:
        self._place = SocketPlace(path, "keeper")
        self._ledger = ledger
        self._clock: Clock = clock or SystemClock()
        self._state = KeeperState(self._clock)
        self._connections: set[Connection[m.Request]] = set()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._jobs: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._alive = frame(msgspec.msgpack.encode(m.Alive()))
        self._unsaved_since = 0.0

    async def start(self) -> None:
        """Load the sums and listen.

        Raises:
            KeeperError: another keeper runs here, or the socket cannot be made.
            StoreError, ConfigurationError: the ledger cannot be read.
        """
        self._place.acquire()
        try:
            if self._ledger is not None:
                spends = self._ledger.load(self._clock.unix(), MOST_PRINCIPALS)
                tools = self._ledger.tools.load(self._clock.unix(), MOST_PRINCIPALS)
                self._state = KeeperState(self._clock, spends, self._ledger.quarantined(), tools)
                self._state.budgets.spilled = len(spends) >= MOST_PRINCIPALS
                self._state.tools.spilled = len(tools) >= MOST_PRINCIPALS
            loop = asyncio.get_running_loop()
            self._server = await loop.create_unix_server(
                self._connection, sock=self._place.bind(), backlog=MAX_CONNECTIONS
            )
        except BaseException:
            self._place.release()
            raise
        self._spawn(self._heartbeat())
        self._spawn(self._flush_regularly())

    def _connection(self) -> Connection[m.Request]:
        return Connection(self, m.Request, self._opened, self._connections.discard)

    def _opened(self, connection: Connection[m.Request]) -> bool:
        if len(self._connections) >= MAX_CONNECTIONS:
            return False
        self._connections.add(connection)
        connection.send(m.Welcome(m.PROTOCOL, tuple(self._state.running_refusals())))
        return True

    def handle(self, connection: Connection[m.Request], request: m.Request) -> None:
        """Answer one request; see :class:`bartizan.keeper.connection.Handler`."""
        match request:
            case m.Admit() | m.Settle() if self._ledger and self._state.needs_load(request.principal, request.limits):
                self._spawn(self._load_then_handle(self._ledger, connection, request))
            case m.Admit():
                if request.limits.budget is not None:
                    self._require_saving()
                sharers = max(1, len(self._connections)) if request.lease else 0
                decided = self._state.admit(request.principal, request.limits, request.tokens, request.cost, sharers)
                connection.send(m.Decided(request.id, decided.grant, decided.leased))
            case m.Settle():
                self._state.settle(request.principal, request.limits, request.tokens, request.cost, request.window)
            case m.AdmitCall() | m.SettleCall() if self._ledger and not self._state.tools.knows(
                request.use, request.limits
            ):
                self._spawn(self._load_tools_then_handle(self._ledger, connection, request))
            case m.AdmitCall():
                if limited(request.limits.session) or limited(request.limits.principal):
                    self._require_saving()
                connection.send(m.Decided(request.id, self._state.admit_call(request.use, request.limits), 0))
            case m.SettleCall():
                self._state.settle_call(request.use, request.limits, request.ran, request.window)
            case m.GiveBack():
                self._state.give_back(request.principal, request.rate, request.count)
            case m.RecordBlock():
                refused = self._state.record_block(request.principal, request.limits)
                if refused is not None:
                    self._tell(refused)
            case m.SetQuarantine():
                self._spawn(self._set_quarantine(connection, request))
            case m.Publish():
                if self._state.publish(request.snapshot):
                    self._answer_waiting()
                connection.send(m.Done(request.id))
            case m.GetSnapshot():
                self._get_snapshot(connection, request)
            case m.Observe() if not self._state.watch.ready:
                self._spawn(self._load_judge_then_handle(connection, request))
            case m.Observe():
                watched = self._state.observe(request.principal, request.stream, request.rules, request.queries)
                connection.send(m.WatchedIs(request.id, watched))
            case m.TellClasses():
                self._state.watch.tell_classes(
                    request.principal, request.stream, request.rules, request.first, request.classes
                )
            case m.TakeOnce():
                first = self._state.take_once(request.owner, request.name, request.seconds)
                connection.send(m.Taken(request.id, first))
            case m.Ping():
                connection.send(m.Done(request.id))

    async def _load_then_handle(
        self, ledger: Ledger, connection: Connection[m.Request], request: m.Admit | m.Settle
    ) -> None:
        try:
            loop = asyncio.get_running_loop()
            rows = await loop.run_in_executor(self._thread, ledger.find, request.principal, self._clock.unix())
            self._state.budgets.load(rows)
            if request.limits.budget is not None:
                self._state.budgets.row(request.principal, request.limits.budget.window, self._clock.unix())
            self.handle(connection, request)
        except BartizanError as error:
            connection.fail(request, error)

    async def _load_tools_then_handle(
        self, ledger: Ledger, connection: Connection[m.Request], request: m.AdmitCall | m.SettleCall
    ) -> None:
        try:
            loop = asyncio.get_running_loop()
            owners = (session_owner(request.use), request.use.principal)
            self._state.tools.load(
                await loop.run_in_executor(self._thread, ledger.tools.find, owners, self._clock.unix())
            )
            self._state.tools.begin(request.use, request.limits, self._clock.unix())
            self.handle(connection, request)
        except BartizanError as error:
            connection.fail(request, error)

    async def _load_judge_then_handle(self, connection: Connection[m.Request], request: m.Observe) -> None:
        try:
            await asyncio.to_thread(self._state.watch.load)  # the loop must go on answering others
            self.handle(connection, request)
        except BartizanError as error:
            connection.fail(request, error)

    async def _set_quarantine(self, connection: Connection[m.Request], request: m.SetQuarantine) -> None:
        refusals = self._state.refusals
        # Refuse at once, remember afterwards; serve again only once the store has forgotten.
        if request.on:
            self._tell(refusals.quarantine(request.principal))
        try:
            if self._ledger is not None:
                change = self._ledger.quarantine if request.on else self._ledger.release
                await asyncio.get_running_loop().run_in_executor(self._thread, change, request.principal)
        except BartizanError as error:
            connection.fail(request, error)
            return
        if not request.on:
            self._state.watch.forget(request.principal)
            self._tell(refusals.release(request.principal))
        connection.send(m.Done(request.id))

    def _get_snapshot(self, connection: Connection[m.Request], request: m.GetSnapshot) -> None:
        current = self._state.snapshot
        if request.after < 0 or (current is not None and current.version > request.after):
            connection.send(m.SnapshotIs(request.id, current))
        elif len(connection.waiting) >= MAX_WAITING:
            raise KeeperError("too many waits for a snapshot on one connection")
        else:
            connection.waiting[request.id] = request.after

    def _answer_waiting(self) -> None:
        snapshot = self._state.snapshot
        for connection in list(self._connections):
            for identifier, after in list(connection.waiting.items()):
                if snapshot is not None and snapshot.version > after:
                    del connection.waiting[identifier]
                    connection.send(m.SnapshotIs(identifier, snapshot))

    def _tell(self, refused: Refused) -> None:
        data = frame(msgspec.msgpack.encode(m.Told(refused)))
        for connection in list(self._connections):
            connection.send_frame(data)

    def _require_saving(self) -> None:
        if self._unsaved_since and self._clock.monotonic_ns() / 1e9 - self._unsaved_since > UNSAVED_SECONDS:
            raise KeeperError("the store has not taken budgets for too long", "check the store's disk or server")

    async def _heartbeat(self) -> None:
        while True:
            await asyncio.sleep(m.HEARTBEAT_SECONDS)
            for connection in list(self._connections):
                connection.send_frame(self._alive)

    async def _flush_regularly(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self._flush()
            self._state.sweep()

    async def _flush(self) -> None:
        budgets, tools = self._state.budgets, self._state.tools
        rows, sums = budgets.take_dirty(), tools.take_dirty()
        if not (rows or sums) or self._ledger is None:
            return
        ledger = self._ledger

        def save() -> None:
            ledger.save(rows)
            ledger.tools.save(sums)

        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, save)
            self._unsaved_since = 0.0
        except asyncio.CancelledError:
            budgets.mark_dirty(rows)  # stop() writes them again; they are absolute sums
            tools.mark_dirty(sums)
            raise
        except BartizanError as error:
            budgets.mark_dirty(rows)
            tools.mark_dirty(sums)
            self._unsaved_since = self._unsaved_since or self._clock.monotonic_ns() / 1e9
            _log.error("budgets could not be saved: %s", error.cause)

    def _spawn(self, work: object) -> None:
        assert asyncio.iscoroutine(work)
        task = asyncio.get_running_loop().create_task(work)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)

    async def stop(self) -> None:
        """Stop listening, save every sum, let go of everything."""
        if self._server is not None:
            self._server.close()
        for task in list(self._jobs):
            task.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        for connection in list(self._connections):
            connection.abort()
        await self._flush()
        self._thread.shutdown(wait=True)
        self._place.clear()


async def serve_keeper(path: Path, store: str, root: Path) -> None:
    """Run a keeper until SIGTERM or SIGINT.

    Args:
        path: of the socket.
        store: the store's URL, as in ``bartizan.yaml``.
        root: the workspace.

    Raises:
        KeeperError, StoreError, ConfigurationError: it cannot start.
    """
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    if not path.is_absolute():
        raise ConfigurationError("the keeper's socket needs an absolute path")
    ledger = Ledger(open_database(store, root))
    try:
        server = KeeperServer(path, ledger)
        await server.start()
        _log.info("keeper ready")
        await stopping.wait()
        await server.stop()
    finally:
        ledger.close()

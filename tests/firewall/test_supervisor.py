"""Children that start, speak, die and come back; the admin application."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence

import pytest

from bartizan.core.errors import ConfigurationError
from bartizan.firewall.admin import Admin
from bartizan.firewall.asgi import Message
from bartizan.firewall.child import Child
from bartizan.firewall.supervisor import Supervisor, listening_socket

SPEAKING = """
import asyncio, os, socket, sys
from bartizan.firewall.control import Control, Ready, Status
from bartizan.telemetry.metrics import Registry
async def main():
    line = await Control.over(socket.socket(fileno=int(sys.argv[1])))
    registry = Registry()
    registry.counter("lives_total", "Lives.").labels().inc()
    registry.gauge("now", "Now.").labels().inc()
    line.send(Ready())
    line.send(Status((), 1, registry.snapshot()))
    await line.receive()
    line.close()
asyncio.run(main())
"""
STUBBORN = SPEAKING.replace("    await line.receive()\n", "    await asyncio.sleep(60)\n")
DYING = "raise SystemExit(3)"


class Reports(list[tuple[str, str]]):
    def __call__(self, name: str, state: str, detail: str) -> None:
        self.append((name, state))


def child(program: str, reports: Reports, name: str = "one") -> Child:
    def command(control: int) -> Sequence[str]:
        return [sys.executable, "-c", program, str(control)]

    return Child(name, command, [], reports)


async def until(condition: object, seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # type: ignore[operator]  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.02)


async def test_a_child_that_is_killed_comes_back_and_its_counters_stay() -> None:
    reports = Reports()
    one = child(SPEAKING, reports)
    keeping = asyncio.create_task(one.keep())
    await until(lambda: one.status is not None)
    assert one.problems == ()
    first = one.pid
    os.kill(first, signal.SIGKILL)
    await until(lambda: one.pid != first and one.status is not None)
    numbers = {family.name: family.series[0][1] for family in one.metrics}
    assert numbers == {"lives_total": (2.0,), "now": (1.0,)}
    await one.stop(5)
    await keeping
    assert reports == [("one", "started"), ("one", "lost"), ("one", "started"), ("one", "stopped")]
    assert one.restarts == 1
    assert one.problems == ("starting",)


async def test_a_child_that_keeps_dying_is_started_ever_more_slowly() -> None:
    reports = Reports()
    one = child(DYING, reports)
    keeping = asyncio.create_task(one.keep())
    await until(lambda: one.restarts >= 2)
    await one.stop(5)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    assert reports.count(("one", "lost")) >= 2


async def test_a_program_that_does_not_exist_is_a_lost_child() -> None:
    reports = Reports()
    one = Child("one", lambda _: ["/does/not/exist"], [], reports)
    keeping = asyncio.create_task(one.keep())
    await until(lambda: reports)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    assert reports[0] == ("one", "lost")


async def test_a_stubborn_child_is_killed() -> None:
    reports = Reports()
    one = child(STUBBORN, reports)
    keeping = asyncio.create_task(one.keep())
    await until(lambda: one.status is not None)
    await one.stop(0.2)
    await keeping
    assert reports[-1] == ("one", "stopped")


async def test_the_supervisor_takes_everything_down_in_order() -> None:
    reports = Reports()
    keeper, worker = child(SPEAKING, reports, "keeper"), child(SPEAKING, reports, "worker")
    supervisor = Supervisor([keeper], [worker], 2.0)
    assert supervisor.problems == ("worker: starting",)

    async def started() -> None:
        await until(lambda: keeper.status is not None)

    running = asyncio.create_task(supervisor.run(started))
    await until(lambda: not supervisor.problems)
    os.kill(os.getpid(), signal.SIGTERM)
    await running
    assert reports[-2:] == [("worker", "stopped"), ("keeper", "stopped")]
    assert supervisor.problems == ("draining",)


async def test_the_end_may_come_before_the_start() -> None:
    reports = Reports()
    keeper = child(SPEAKING, reports, "keeper")
    supervisor = Supervisor([keeper], [child(SPEAKING, reports, "worker")], 2.0)

    async def started() -> None:
        await asyncio.Event().wait()

    running = asyncio.create_task(supervisor.run(started))
    await until(lambda: keeper.status is not None)
    supervisor.end()
    await running
    assert ("worker", "started") not in reports


async def test_a_failed_start_ends_everything() -> None:
    reports = Reports()

    async def started() -> None:
        raise ConfigurationError("no")

    supervisor = Supervisor([child(SPEAKING, reports, "keeper")], [], 1.0)
    with pytest.raises(ConfigurationError):
        await supervisor.run(started)


def test_addresses_that_cannot_be_used() -> None:
    with listening_socket("127.0.0.1", 0) as taken:
        for host, port in (("127.0.0.1", taken.getsockname()[1]), ("256.1.1.1", 1), ("203.0.113.7", 0)):
            with pytest.raises(ConfigurationError):
                listening_socket(host, port)


async def ask(admin: Admin, path: str, method: str = "GET") -> tuple[int, bytes]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError

    await admin({"type": "http", "method": method, "path": path}, receive, send)
    return sent[0]["status"], sent[1]["body"]


async def test_admin() -> None:
    problems: list[str] = []
    admin = Admin(lambda: "x 1\n", lambda: problems)
    assert await ask(admin, "/metrics") == (200, b"x 1\n")
    assert await ask(admin, "/healthz") == (200, b"alive\n")
    assert (await ask(admin, "/readyz"))[0] == 200
    problems.append("worker1: starting")
    status, body = await ask(admin, "/readyz")
    assert status == 503
    assert json.loads(body) == {"ready": False, "problems": problems}
    assert (await ask(admin, "/", "POST"))[0] == 405
    assert (await ask(admin, "/secret"))[0] == 404
    with pytest.raises(RuntimeError):
        await admin({"type": "lifespan"}, None, None)  # type: ignore[arg-type]

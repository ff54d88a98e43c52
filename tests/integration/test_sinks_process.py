"""Sinks as ``bartizan up`` runs them."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from aiohttp import web
from fake_upstream import answer, fake_upstream
from processes import up
from syslog_receiver import Receiver
from test_sdk_clients import chat_reply

from bartizan.core.event import FindingRaised, SinkAlarmed


async def shown(root: Path) -> tuple[int | None, dict[str, Any]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bartizan", "events", "sinks", "--workspace", str(root), "--format", "json",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    return process.returncode, {row["name"]: row for row in json.loads(out)["sinks"]}


async def test_a_dead_sink_slows_nobody_and_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    """One receiver is there, one is not; the process that feeds both is killed."""
    with Receiver() as receiver:
        sinks = f"""sinks:
  syslog:
    - {{name: here, host: 127.0.0.1, port: {receiver.port}, tls: false, format: native}}
    - {{name: gone, host: 127.0.0.1, port: 1, tls: false, delivery: {{retry_most_seconds: 1}}}}
"""
        async with (
            fake_upstream(answer(chat_reply("hello"))) as upstream,
            up(tmp_path / "ws", upstream, more=sinks) as gateway,
        ):
            for number in range(40):
                if number in (10, 25):
                    async with asyncio.timeout(20):
                        while not gateway.child("telemetry"):  # noqa: ASYNC110
                            await asyncio.sleep(0.05)
                    gateway.kill("telemetry")
                assert (await gateway.post())[0] == 200
            end = time.monotonic() + 20
            while True:
                written = {event.id for event in gateway.events()}
                got = {json.loads(message.text)["id"] for message in receiver.messages}
                if written == got:
                    break
                assert time.monotonic() < end, len(written - got)
                await asyncio.sleep(0.1)
            status, rows = await shown(gateway.root)
            while not rows["gone"]["error"] or rows["here"]["lag_records"]:
                assert time.monotonic() < end, rows
                await asyncio.sleep(0.1)
                status, rows = await shown(gateway.root)
            assert status == 1
            assert "Connection refused" in rows["gone"]["error"]
            assert rows["gone"]["lag_records"] >= 80
            assert (rows["here"]["error"], rows["here"]["dead_letters"]) == ("", 0)
            metrics = (await gateway.get("/metrics"))[1]
            assert 'bartizan_sink_lag_records{sink="gone"}' in metrics
    assert not [fault for fault in receiver.faults if not fault.startswith("connection")]


async def test_what_a_receiver_rejects_is_in_the_journal_and_found(tmp_path: Path) -> None:
    async def refuse(request: web.Request) -> web.Response:
        return web.Response(status=400, text="no such field: " + (await request.read())[:20].hex())

    application = web.Application()
    application.router.add_post("/{path:.*}", refuse)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sinks = f"""sinks:
  webhook:
    - {{name: siem, url: "http://127.0.0.1:{runner.addresses[0][1]}/", delivery: {{kinds: [request.]}}}}
"""
    async with (
        fake_upstream(answer(chat_reply("hello"))) as upstream,
        up(tmp_path / "ws", upstream, more=sinks) as gateway,
    ):
        assert (await gateway.post())[0] == 200
        async with asyncio.timeout(30):
            while not any(isinstance(event, FindingRaised) for event in gateway.events()):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        events = gateway.events()
    await runner.cleanup()
    (alarm,) = [event for event in events if isinstance(event, SinkAlarmed)]
    assert (alarm.sink, alarm.state, alarm.detail) == ("siem", "rejecting", "")
    assert set(alarm.kinds) <= {"request.accepted", "request.completed"}
    (finding,) = [event for event in events if isinstance(event, FindingRaised)]
    assert (finding.title, finding.events) == ("A receiver of records rejects some", (alarm.id,))

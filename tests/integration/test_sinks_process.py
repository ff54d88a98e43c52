"""Sinks as ``bartizan up`` runs them."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from fake_upstream import answer, fake_upstream
from processes import up
from syslog_receiver import Receiver
from test_sdk_clients import chat_reply


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

"""Supervisor, keeper and workers as real processes: load, kill -9, reload, drain."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from pathlib import Path

import aiohttp
import pytest
from fake_upstream import answer, fake_upstream, stream
from processes import BODY, HEADERS, up, write_policy
from streams import chat
from test_sdk_clients import ATTACK, chat_reply

from bartizan.core.event import ConfigurationChanged, ProcessChanged, RequestAccepted, RequestCompleted

ATTACKING = {"model": "m", "messages": [{"role": "user", "content": ATTACK}]}
CLIENT_ERRORS = (aiohttp.ClientError, TimeoutError, OSError)


async def test_the_whole_life_of_a_gateway(tmp_path: Path) -> None:
    """One start, many questions: a start costs seconds."""
    async with fake_upstream(answer(chat_reply("hello"))) as upstream, up(tmp_path / "ws", upstream) as gateway:
        status, reply, headers = await gateway.post()
        assert (status, reply["choices"][0]["message"]["content"]) == (200, "hello")
        assert headers["x-bartizan-verdict"] == "allow"
        assert (await gateway.post(ATTACKING))[2]["x-bartizan-verdict"] == "block"
        assert len(upstream.received) == 1

        assert (await gateway.get("/healthz"))[0] == 200
        assert (await gateway.get("/nothing"))[0] == 404
        async with gateway.session.post(gateway.admin + "/metrics") as refused:
            assert refused.status == 405
        await asyncio.sleep(1.2)
        metrics = (await gateway.get("/metrics"))[1]
        assert 'bartizan_requests_total{route="/v1/chat/completions",status="200",action="allow"} 1' in metrics
        assert 'bartizan_tokens_total{principal="app",model="m",direction="output"} 7' in metrics

        # A sound edit comes into force without a restart, a broken one changes nothing and is recorded.
        write_policy(gateway.root, "surfaces: {user: {prompt_injection: {action: flag}}}\n")
        async with asyncio.timeout(15):
            while (await gateway.post(ATTACKING))[2]["x-bartizan-verdict"] != "flag":  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)
        write_policy(gateway.root, "surfaces: {user: {prompt_injection: {action: explode}}}\n")
        async with asyncio.timeout(15):
            while not any(isinstance(e, ConfigurationChanged) and not e.accepted for e in gateway.events()):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)
        assert (await gateway.post(ATTACKING))[2]["x-bartizan-verdict"] == "flag"

        # Without a keeper nothing is served; a new one is told what is in force. The supervisor sleeps meanwhile: a
        # request waits for a keeper that is back at once.
        before = len(upstream.received)
        gateway.process.send_signal(signal.SIGSTOP)
        try:
            keeper = gateway.kill("keeper")
            await asyncio.sleep(0.3)
            assert (await gateway.post())[0] == 503
            assert len(upstream.received) == before
        finally:
            gateway.process.send_signal(signal.SIGCONT)
        async with asyncio.timeout(15):
            while (await gateway.post())[0] != 200:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)
        assert gateway.child("keeper") not in (0, keeper)

        # Counters survive the death of a worker.
        await asyncio.sleep(1.2)
        gateway.kill("worker1")
        await asyncio.sleep(0.2)
        await gateway.until_ready()
        metrics = (await gateway.get("/metrics"))[1]
        assert 'action="flag"}' in metrics

        # A drain lets finish what is under way.
        upstream.default = stream([chat(["slow ", "answer"])[i : i + 60] for i in range(0, 900, 60)], delay=0.1)
        async with gateway.session.post(
            gateway.url + "/v1/chat/completions", json=BODY | {"stream": True}, headers=HEADERS
        ) as streaming:
            await streaming.content.readany()
            stopping = asyncio.create_task(gateway.stop())
            rest = await streaming.content.read()
        assert b"[DONE]" in rest
        assert await stopping == 0
        with pytest.raises(CLIENT_ERRORS):
            await gateway.post()
        states = {(event.process, event.state) for event in gateway.events() if isinstance(event, ProcessChanged)}
        assert {("keeper", "lost"), ("worker1", "lost"), ("worker1", "stopped"), ("keeper", "stopped")} <= states
        assert not any(path.suffix == ".open" for path in (gateway.root / ".bartizan" / "journal").iterdir())


async def test_kill_9_under_load_loses_no_acknowledged_event(tmp_path: Path) -> None:
    async with (
        fake_upstream(answer(chat_reply("hello"))) as upstream,
        up(tmp_path / "ws", upstream, workers=2) as gateway,
    ):
        acknowledged: list[str] = []
        failed = 0
        loading = True

        async def client() -> None:
            nonlocal failed
            while loading:
                try:
                    status, _, headers = await gateway.post()
                    assert status == 200
                    acknowledged.append(headers["x-request-id"])
                except CLIENT_ERRORS:
                    failed += 1
                    await asyncio.sleep(0.01)

        clients = [asyncio.create_task(client()) for _ in range(8)]
        for round_number in range(3):
            await asyncio.sleep(0.6)
            gateway.kill(f"worker{round_number % 2 + 1}")
            await asyncio.sleep(0.9)
            async with asyncio.timeout(20):
                while not gateway.child(f"worker{round_number % 2 + 1}"):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        loading = False
        await asyncio.gather(*clients)
        await gateway.stop()
        events = gateway.events()
    assert len(acknowledged) > 100
    accepted = Counter(event.request for event in events if isinstance(event, RequestAccepted))
    completed = Counter(event.request for event in events if isinstance(event, RequestCompleted))
    assert max(accepted.values()) == max(completed.values()) == 1
    missing = [request for request in acknowledged if request not in accepted or request not in completed]
    assert not missing
    # Nothing reached the upstream that the journal does not know.
    assert len(upstream.received) <= sum(accepted.values())


async def test_children_die_with_their_supervisor(tmp_path: Path) -> None:
    async with fake_upstream(answer(chat_reply("hello"))) as upstream, up(tmp_path / "ws", upstream) as gateway:
        pids = [gateway.child(name) for name in ("keeper", "worker1", "telemetry", "detections")]
        assert all(pids)
        gateway.process.kill()
        await gateway.process.wait()
        async with asyncio.timeout(15):
            while any(_alive(pid) for pid in pids):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False

"""``bartizan up`` as a real process group."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from fake_upstream import FakeUpstream

from bartizan.core.event import Event
from bartizan.telemetry.reader import read_journal
from bartizan.trust.virtual_keys import create_key, key_digest

KEY = create_key()
HEADERS = {"authorization": f"Bearer {KEY}"}
BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


@dataclass
class Up:
    """A running gateway."""

    root: Path
    process: asyncio.subprocess.Process
    url: str
    admin: str
    session: aiohttp.ClientSession
    approvals: int = 0
    """Port of the approvers' listener, if there is one."""

    def events(self) -> list[Event]:
        return list(read_journal(self.root / ".bartizan" / "journal"))

    def child(self, name: str) -> int:
        """The pid of a child, by its command line."""
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    words = (folder / "cmdline").read_bytes().split(b"\0")
                    parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
                except OSError:
                    continue
                if parent == self.process.pid and name.encode() in words:
                    return int(folder.name)
        return 0

    def kill(self, name: str) -> int:
        """SIGKILL; returns the pid."""
        pid = self.child(name)
        assert pid
        os.kill(pid, signal.SIGKILL)
        return pid

    async def post(self, body: Any = BODY, key: str = KEY) -> tuple[int, Any, Any]:
        headers = {"authorization": f"Bearer {key}"}
        async with self.session.post(self.url + "/v1/chat/completions", json=body, headers=headers) as reply:
            return reply.status, await reply.json(content_type=None), reply.headers

    async def get(self, path: str) -> tuple[int, str]:
        async with self.session.get(self.admin + path) as reply:
            return reply.status, await reply.text()

    async def until_ready(self, seconds: float = 30) -> None:
        async with asyncio.timeout(seconds):
            while (await self.get("/readyz"))[0] != 200:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def stop(self) -> int:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            return await self.process.wait()


def write_workspace(
    root: Path, upstream: FakeUpstream, policy: str = "", listen: str = "", more: str = "", upstreams: str = ""
) -> None:
    root.mkdir(exist_ok=True)
    (root / "bartizan.yaml").write_text(
        f"""version: 1
listen: {{port: 0, admin_port: 0, drain_seconds: 5{listen}}}
upstreams:
  - name: fake
    url: {upstream.url}/v1
    protocol: openai
    models: {{"*": "*"}}
{upstreams}journal: {{durability: fsync}}
{more}"""
    )
    write_policy(root, policy)


def write_policy(root: Path, policy: str = "") -> None:
    key = f'{{principal: app, sha256: "{key_digest(KEY)}", debug: true, limits: {{cooldown: null}}}}'
    # The trained model has tests of its own; a start without it is cheaper.
    model = "" if "classifier:" in policy else "classifier: {enabled: false}\n"
    text = f"version: 1\n{model}keys:\n  - {key}\n{policy}"
    draft = root / "policy.draft"
    draft.write_text(text)
    draft.rename(root / "policy.yaml")


@asynccontextmanager
async def up(
    root: Path,
    upstream: FakeUpstream,
    policy: str = "",
    workers: int = 1,
    listen: str = "",
    more: str = "",
    trust: ssl.SSLContext | bool = True,
    upstreams: str = "",
) -> AsyncIterator[Up]:
    """Start it and wait until it serves.

    Args:
        root: the workspace, written anew.
        upstream: whom it asks.
        policy: more lines of ``policy.yaml``.
        workers: how many.
        listen: more of ``listen:``, beginning with a comma.
        more: more lines of ``bartizan.yaml``.
        trust: whom a client trusts.
        upstreams: more rows of ``upstreams:``.
    """
    write_workspace(root, upstream, policy, listen, more, upstreams)
    log = (root / "log").open("wb")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bartizan", "up", "--workspace", str(root), "--workers", str(workers),
        stdout=asyncio.subprocess.PIPE, stderr=log,
    )  # fmt: skip
    log.close()
    assert process.stdout is not None
    text = ""
    async with asyncio.timeout(120):  # on a machine that runs other tests too
        while "readyz" not in text:
            line = await process.stdout.readline()
            assert line, (root / "log").read_text()
            text += line.decode()
    url, admin = re.findall(r"(https?://127\.0\.0\.1:\d+)(?:/v1|/metrics)", text)
    connector = aiohttp.TCPConnector(ssl=trust)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=20)) as session:
        asked = re.search(r"approvals +https?://127\.0\.0\.1:(\d+)", text)
        running = Up(root, process, url, admin, session, int(asked[1]) if asked else 0)
        try:
            await running.until_ready()
            yield running
        finally:
            if process.returncode is None:
                await running.stop()


def dumps(value: object) -> str:
    """As the workspace's YAML reads it."""
    return json.dumps(value)

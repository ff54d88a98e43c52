"""The clients in README and ``examples/``, as they are, through a real gateway."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fake_upstream import Received, answer, fake_upstream, stream
from running import PLAIN_KEY, Running, running
from streams import chat, messages
from test_sdk_clients import chat_reply, messages_reply

ROOT = Path(__file__).parents[2]


async def behave(request: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A model server that says hello in both protocols, whole or streamed."""
    openai = request.path.endswith("/chat/completions")
    if request.document.get("stream"):
        await stream([chat(["hel", "lo"]) if openai else messages(["hel", "lo"])])(request, reader, writer)
    else:
        await answer(chat_reply("hello") if openai else messages_reply("hello"))(request, reader, writer)


async def script(gateway: Running, name: str) -> str:
    environment = os.environ | {"BARTIZAN_URL": gateway.url, "BARTIZAN_KEY": PLAIN_KEY}
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, str(ROOT / "examples" / name), "m"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "openai_client.py",
            "answer: hello\nstream: hello\n"
            "attack: Sorry, I cannot help with that: this request was declined by policy.\n",
        ),
        (
            "anthropic_client.py",
            "answer: hello (stop_reason: end_turn)\n"
            "attack: Sorry, I cannot help with that: this request was declined by policy. (stop_reason: refusal)\n",
        ),
    ],
)
async def test_client_scripts(tmp_path: Path, name: str, expected: str) -> None:
    async with fake_upstream(behave) as upstream, running(tmp_path, upstream) as gateway:
        assert await script(gateway, name) == expected
        assert all(b"previous instructions" not in request.body for request in upstream.received)


async def test_the_readmes_clients(tmp_path: Path) -> None:
    """Its lines, with the real address and key in place of the shown ones."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (body,) = [code for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "OpenAI" in code]
    assert body.count("http://127.0.0.1:8400") == 2
    hello: list[Any] = [{"role": "user", "content": "hello"}]
    async with fake_upstream(behave) as upstream, running(tmp_path, upstream) as gateway:
        code = body.replace("http://127.0.0.1:8400", gateway.url).replace("bzn_…", PLAIN_KEY)
        first, second = code.split("\n\n")

        def use() -> None:
            names: dict[str, Any] = {}
            exec(first, names)
            with names["client"] as client:
                reply = client.chat.completions.create(model="m", messages=hello)
                assert reply.choices[0].message.content == "hello"
            exec(second, names)
            with names["client"] as client:
                assert client.messages.create(model="m", messages=hello, max_tokens=5).content[0].text == "hello"

        await asyncio.to_thread(use)


def test_the_guard_script() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "python_guard.py")], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "request:  block user.prompt_injection"
    assert lines[1].startswith("material: block")
    assert lines[2].startswith("output:   redact -> Use the key [REDACTED:aws_access_key_id]")

"""The command itself, started by an unmodified client of the SDK over standard input and output."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from harness import SERVER
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

import bartizan
from bartizan.core.event import ToolDecided
from bartizan.telemetry.reader import read_journal

POLICY = "version: 1\nclassifier: {enabled: false}\nmcp:\n  guard: none\n  pins: first_use\n"
HERE = {"PYTHONPATH": str(Path(bartizan.__file__).parent.parent)}
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "policy.yaml").write_text(POLICY)
    return tmp_path


def command(folder: Path, behaviour: str) -> list[str]:
    server = [sys.executable, str(SERVER), behaviour]
    return [sys.executable, "-m", "bartizan", "mcp", "proxy", "--workspace", str(folder), "--", *server]


@pytest.mark.parametrize("era", ["legacy", "auto"])
def test_a_client_starts_the_proxy_and_uses_a_tool(folder: Path, era: str) -> None:
    async def run() -> None:
        program, *arguments = command(folder, "honest")
        started = stdio_client(StdioServerParameters(command=program, args=arguments, env=HERE))
        async with Client(started, mode=era) as client:
            assert [tool.name for tool in (await client.list_tools()).tools] == ["shout"]
            result = await client.call_tool("shout", {"text": "hello"})
            assert result.content[0].text == "HELLO"  # type: ignore[union-attr]
            assert client.server_info is not None
            assert client.server_info.name == "bartizan"

    asyncio.run(run())
    decided = [event for event in read_journal(folder / ".bartizan" / "journal") if isinstance(event, ToolDecided)]
    assert [event.tool for event in decided] == ["shout"]
    assert json.loads((folder / "mcp-pins.json").read_text())["servers"]["server"]["tools"]["shout"]


def test_the_tool_guard_decides_by_the_task(folder: Path) -> None:
    (folder / "policy.yaml").write_text(POLICY.replace("guard: none", "guard: balanced"))

    async def run() -> None:
        program, *arguments = command(folder, "files")
        started = stdio_client(StdioServerParameters(command=program, args=arguments, env=HERE))
        async with Client(started) as client:
            unasked = await client.call_tool("delete_file", {"path": "letter.txt"})
            assert unasked.is_error, "nobody asked for it"
            meta: Any = {"io.readthedocs.bartizan/task": "Delete letter.txt, please."}
            asked = await client.call_tool("delete_file", {"path": "letter.txt"}, meta=meta)
            assert not asked.is_error, asked

    asyncio.run(run())


def say(process: subprocess.Popen[bytes], line: bytes) -> Any:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(line + b"\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def call(number: int, arguments: str) -> bytes:
    head = b'{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"shout","arguments":' % number
    return head + arguments.encode() + b"}}"


def test_bad_messages_get_the_protocols_errors_and_good_ones_still_work(folder: Path) -> None:
    with subprocess.Popen(
        command(folder, "honest"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdin is not None
        assert "result" in say(process, json.dumps(INITIALIZE).encode())
        process.stdin.write(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
        for line, code, given in [
            (b"no JSON", -32700, None),
            (b"[]", -32600, None),
            (call(7, '{"text":"a","text":"b"}'), -32600, 7),
            (call(8, '{"text":NaN}'), -32700, 8),
            (b'{"id":9}', -32600, 9),
            (call(10, '{"text":"' + "x" * 5_000_000 + '"}'), -32600, 10),
            (call(11, '{"text":"' + "x" * 2_000_000 + '"}'), -32602, 11),
            (call(12, '{"text":' + "[" * 200 + "]" * 200 + "}"), -32600, 12),
            (b'{"jsonrpc":"2.0","id":13,"method":"tools/explode"}', -32601, 13),
        ]:
            answer = say(process, line)
            assert (answer["error"]["code"], answer["id"]) == (code, given), line[:80]
        assert say(process, call(14, '{"text":"still here"}'))["result"]["content"][0]["text"] == "STILL HERE"
        process.stdin.close()
        assert process.wait(10) == 0

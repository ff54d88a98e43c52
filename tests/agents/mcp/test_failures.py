"""What fails inside the proxy stops the request, is recorded, and tells the client nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import anyio
import pytest
from harness import READER, bench
from mcp import Client, MCPError
from mcp_types import INTERNAL_ERROR, ErrorData
from msgspec.structs import replace

from bartizan.agents.mcp.definition import digest_of
from bartizan.agents.mcp.pins import PinFile, ServerPins
from bartizan.core.errors import JournalError, UpstreamError
from bartizan.core.event import McpAnswered, McpRefused, ToolDecided
from bartizan.core.interfaces import Reader
from bartizan.policy.mcp import McpPolicy


class _Broken:
    """Inspects definitions, and fails at results."""

    def __init__(self) -> None:
        self.broken = False

    def __getattr__(self, name: str) -> Any:
        if self.broken:
            raise RuntimeError("/secret/path of the inspector")
        return getattr(READER, name)


def test_a_result_that_cannot_be_inspected_is_not_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = _Broken()
    reader: Reader = broken

    async def run() -> None:
        monkeypatch.setattr("harness.READER", reader)
        async with bench(tmp_path, "honest") as made, Client(made.proxy.server) as client:
            await client.list_tools()
            broken.broken = True
            result = await client.call_tool("shout", {"text": "hello"})
            assert result.is_error
            assert "HELLO" not in str(result)
            assert "secret" not in str(result)
            (answered,) = made.journal.of(McpAnswered)
            assert answered.error == "the result could not be inspected: RuntimeError"
            with pytest.raises(MCPError) as caught:
                await client.read_resource("note://one")
            assert "secret" not in str(caught.value.error)
            assert made.journal.of(McpAnswered)[-1].error == "it could not be inspected: RuntimeError"

    asyncio.run(run())


@pytest.mark.parametrize("era", ["legacy", "auto"])
@pytest.mark.parametrize("failure", [RuntimeError("/secret/path"), JournalError("/secret/path is full")])
def test_a_failure_of_the_proxy_is_told_in_no_detail(tmp_path: Path, era: str, failure: Exception) -> None:
    async def run() -> None:
        async with bench(tmp_path, "honest") as made, Client(made.proxy.server, mode=era) as client:
            await client.list_tools()

            async def fails(*_: Any) -> None:
                raise failure

            made.proxy._calls._decide = fails  # type: ignore[assignment]
            with pytest.raises(MCPError) as caught:
                await client.call_tool("shout", {"text": "hello"})
            assert caught.value.error == ErrorData(code=INTERNAL_ERROR, message="the proxy cannot serve at present")
            assert not made.journal.of(ToolDecided)
            told = [event.reason for event in made.journal.of(McpRefused)]
            assert told == ([] if isinstance(failure, JournalError) else ["the proxy failed: RuntimeError"])

    asyncio.run(run())


def test_what_cannot_be_pinned_on_first_use_is_not_offered(tmp_path: Path) -> None:
    async def run() -> None:
        policy, pins = McpPolicy(pins="first_use"), PinFile(tmp_path / "pins.json")
        pins.path.write_text("{")
        async with bench(tmp_path, "honest", policy=policy, pinned=False, pins=pins) as made:
            async with Client(made.proxy.server) as client:
                assert (await client.call_tool("shout", {"text": "a"})).is_error
            assert made.states() == {"shout": "new"}
            assert any("nothing new is trusted" in event.reason for event in made.journal.of(McpRefused))
            pins.path.unlink()
            await made.proxy.shelf.refresh()
            assert made.states() == {"shout": "offered"}

    asyncio.run(run())


def test_of_two_proxies_that_trust_at_first_use_the_second_takes_the_firsts_word(tmp_path: Path) -> None:
    """Between reading the pins and writing them another proxy has pinned the tool as it was then."""

    async def run() -> None:
        policy = McpPolicy(pins="first_use")
        first: list[ServerPins] = []

        class Late(PinFile):
            def update(self, server: str, change: Any) -> None:
                if not first:
                    held = change(None)
                    pin = held.tools["shout"]
                    other = {**pin.definition, "description": "As another proxy saw it first."}
                    first.append(pins_with(held, other))
                    PinFile(self.path).write(server, first[0])
                super().update(server, change)

        late = Late(tmp_path / "pins.json")
        async with bench(tmp_path, "honest", policy=policy, pinned=False, pins=late) as made:
            assert made.states() == {"shout": "changed"}
            assert PinFile(late.path).current.servers["s0"] == first[0]

    asyncio.run(run())


def pins_with(held: ServerPins, definition: dict[str, Any]) -> ServerPins:
    pin = replace(held.tools["shout"], definition=definition, digest=digest_of(definition))
    return replace(held, tools={"shout": pin})


def test_a_lost_connection_is_no_failure_of_the_proxy(tmp_path: Path) -> None:
    async def run() -> None:
        async with bench(tmp_path, "honest") as made:

            async def closed(_: Any) -> None:
                raise anyio.ClosedResourceError

            with pytest.raises(UpstreamError, match="closed the connection"):
                await made.proxy.upstreams["s0"].ask(closed)

    asyncio.run(run())

"""Servers that change, lie, stall, flood and talk to the model: decided, bounded, recorded."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from harness import QUICK, SERVER, Journal, bench, link
from mcp import Client
from msgspec.structs import replace

from bartizan.core.event import McpAnswered, McpDefinitionChanged, McpRefused
from bartizan.policy.mcp import McpPolicy


def text(result: types.CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, types.TextContent))


def states(journal: Journal, name: str) -> list[str]:
    return [event.state for event in journal.of(McpDefinitionChanged) if event.name == name]


async def eventually(true: Any, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("era", ["legacy", "auto"])
def test_a_rug_pull_withdraws_the_tool_and_tells_the_client(tmp_path: Path, era: str) -> None:
    async def run() -> None:
        heard: list[str] = []

        async def hear(message: Any) -> None:
            heard.append(type(message).__name__)

        async with (
            bench(tmp_path, "rug_pull") as made,
            Client(made.proxy.server, mode=era, message_handler=hear, cache=None) as client,
        ):
            assert text(await client.call_tool("shout", {"text": "a"})) == "A"
            await eventually(lambda: made.states() == {"shout": "changed"})
            assert not (await client.list_tools()).tools
            assert (await client.call_tool("shout", {"text": "b"})).is_error
            assert states(made.journal, "shout")[-1] == "changed"
            (event,) = [e for e in made.journal.of(McpDefinitionChanged) if e.state == "changed"]
            assert event.pinned != event.digest
            assert any("instructions" in reason for reason in event.reasons)
            if era == "legacy":
                await eventually(lambda: "ToolListChangedNotification" in heard)

    asyncio.run(run())


def test_a_rug_pull_without_notice_is_found_when_the_listing_is_old(tmp_path: Path) -> None:
    async def run() -> None:
        bounds = replace(QUICK, relist_seconds=0.0)
        async with bench(tmp_path, "silent_rug_pull", bounds=bounds) as made, Client(made.proxy.server) as client:
            assert text(await client.call_tool("shout", {"text": "a"})) == "A"
            assert (await client.call_tool("shout", {"text": "b"})).is_error
            assert made.states() == {"shout": "changed"}

    asyncio.run(run())


@pytest.mark.parametrize(
    ("behaviour", "tool", "rule"),
    [
        ("poisoned", "whisper", "instructions"),
        ("nested", "shout", "instructions"),
        ("tags", "shout", "hidden.tags"),
    ],
)
def test_a_poisoned_definition_is_withheld_even_when_pinned_unless_accepted(
    tmp_path: Path, behaviour: str, tool: str, rule: str
) -> None:
    async def run() -> None:
        async with bench(tmp_path, behaviour) as made:
            assert made.states()[tool] == "suspicious"
            (entry,) = [entry for entry in made.proxy.shelf.now.entries if entry.name == tool]
            assert rule in {finding.rule for finding in entry.findings}
            if behaviour == "poisoned":
                assert made.states()["shout"] == "offered", "the honest tool beside it keeps working"
            await made.pin(accept=tuple(finding.rule for finding in entry.findings))
            assert made.states()[tool] == "offered"

    asyncio.run(run())


def test_first_use_trusts_what_is_clean_and_not_what_is_poisoned(tmp_path: Path) -> None:
    async def run() -> None:
        policy = McpPolicy(pins="first_use")
        async with bench(tmp_path, "poisoned", policy=policy, pinned=False) as made:
            assert made.states() == {"shout": "offered", "whisper": "new"}
            assert made.pins.current.servers["s0"].tools["shout"].by == "first use"
        other = tmp_path / "other"
        other.mkdir()
        async with bench(other, "rug_pull", policy=policy, pinned=False) as made, Client(made.proxy.server) as client:
            assert made.states() == {"shout": "offered"}
            await client.call_tool("shout", {"text": "a"})
            await eventually(lambda: made.states() == {"shout": "changed"})

    asyncio.run(run())


@pytest.mark.parametrize("other", ["renamed", "instructions"])
def test_a_server_that_becomes_another_offers_nothing(tmp_path: Path, other: str) -> None:
    async def run() -> None:
        async with bench(tmp_path, "honest") as made:
            assert made.states() == {"shout": "offered"}
        same = link(other)
        same.source = link("honest").source  # the same command line, another program behind it
        async with bench(tmp_path, links={"s0": same}, pinned=False) as made, Client(made.proxy.server) as client:
            assert made.states() == {"shout": "foreign"}
            assert not (await client.list_tools()).tools
            assert client.instructions is None
            changed = [e for e in made.journal.of(McpDefinitionChanged) if e.subject == "server"]
            assert changed[-1].state == "changed"

    asyncio.run(run())


def test_a_new_version_alone_is_recorded_and_changes_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        async with bench(tmp_path, "honest"):
            pass
        same = link("version")
        same.source = link("honest").source
        async with bench(tmp_path, links={"s0": same}, pinned=False) as made:
            assert made.states() == {"shout": "offered"}

    asyncio.run(run())


def test_clean_pinned_instructions_reach_the_client_and_poisoned_ones_do_not(tmp_path: Path) -> None:
    async def run() -> None:
        async with bench(tmp_path, "honest") as made:
            assert made.proxy.server.instructions is None, "they were not pinned when the proxy started"
        async with bench(tmp_path, "honest", pinned=False) as made, Client(made.proxy.server) as client:
            assert client.instructions is not None
            assert "Be nice." in client.instructions
        async with bench(tmp_path, "instructions") as made:
            (server,) = made.proxy.shelf.now.servers
            assert {finding.rule for finding in server.findings} >= {"instructions"}
            assert made.proxy._instructions() is None

    asyncio.run(run())


def test_servers_cannot_shadow_each_other(tmp_path: Path) -> None:
    async def run() -> None:
        async with bench(tmp_path, "mail", "mention", "lookalike") as made, Client(made.proxy.server) as client:
            assert made.states() == {
                "s0__send_email": "offered",
                "s1__helper": "suspicious",
                "s2__sh0ut": "offered",
                "s2__send_emai1": "suspicious",
            }
            assert [tool.name for tool in (await client.list_tools()).tools] == ["s0__send_email", "s2__sh0ut"]

    asyncio.run(run())


def test_without_prefixes_equal_names_collide_and_neither_is_offered(tmp_path: Path) -> None:
    async def run() -> None:
        async with bench(tmp_path, "twice") as made:
            assert made.states() == {"shout": "colliding"}

    asyncio.run(run())


@pytest.mark.parametrize("behaviour", ["huge_schema", "recursive"])
def test_schemas_that_cannot_be_followed_hurt_only_their_own_tool(tmp_path: Path, behaviour: str) -> None:
    async def run() -> None:
        begun = time.monotonic()
        async with bench(tmp_path, behaviour) as made, Client(made.proxy.server) as client:
            assert text(await client.call_tool("shout", {"text": "a"})) == "A"
            name = "huge" if behaviour == "huge_schema" else "recursive"
            assert (await client.call_tool(name, {"text": "a"})).is_error
            if behaviour == "huge_schema":
                assert made.states()["huge"] == "malformed"
        assert time.monotonic() - begun < 10

    asyncio.run(run())


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("stall", "in time"),
        ("die", "could not be reached"),
        ("huge", "out of protocol"),
        ("typed", "out of protocol"),
        ("shapeless", "could not be reached"),
        ("nan", "out of protocol"),
        ("duplicate", "out of protocol"),
        ("endless_line", "out of protocol"),
    ],
)
def test_a_bad_answer_is_an_error_in_time_and_the_proxy_lives_on(tmp_path: Path, behaviour: str, words: str) -> None:
    async def run() -> None:
        bounds = replace(QUICK, call_seconds=0.7)
        async with bench(tmp_path, behaviour, bounds=bounds) as made, Client(made.proxy.server) as client:
            begun = time.monotonic()
            result = await client.call_tool("shout", {"text": "a"})
            assert time.monotonic() - begun < 3
            assert result.is_error
            assert words in text(result)
            (answered,) = made.journal.of(McpAnswered)
            assert answered.error
            assert (await client.list_tools()) is not None

    asyncio.run(run())


def test_a_server_that_died_is_started_again(tmp_path: Path) -> None:
    async def run() -> None:
        async with bench(tmp_path, "die") as made, Client(made.proxy.server, cache=None) as client:
            await client.call_tool("shout", {"text": "a"})
            await eventually(lambda: made.proxy.upstreams["s0"].problem != "")
            await eventually(lambda: made.proxy.upstreams["s0"].problem == "")
            await eventually(lambda: made.states() == {"shout": "offered"})

    asyncio.run(run())


def test_a_server_that_does_not_start_holds_up_nobody(tmp_path: Path) -> None:
    async def run() -> None:
        bounds = replace(QUICK, start_seconds=0.7)
        async with bench(tmp_path, "honest", "stall_start", bounds=bounds, pinned=False) as made:
            assert made.proxy.upstreams["s0"].problem == ""
            assert made.proxy.upstreams["s1"].problem
            assert set(made.states()) == {"s0__shout"}

    asyncio.run(run())


def test_a_server_that_stalls_while_it_lists_holds_up_no_other(tmp_path: Path) -> None:
    async def run() -> None:
        bounds = replace(QUICK, list_seconds=2.0)
        async with (
            bench(tmp_path, "honest", "stall_list", bounds=bounds) as made,
            Client(made.proxy.server, cache=None) as client,
        ):
            assert set(made.states().values()) == {"offered"}
            await client.call_tool("s1__shout", {"text": "stalls from now on"})
            begun = time.monotonic()
            assert text(await client.call_tool("s0__shout", {"text": "a"})) == "A"
            assert time.monotonic() - begun < 1
            await eventually(lambda: "s1__shout" not in made.states())
            begun = time.monotonic()
            assert [tool.name for tool in (await client.list_tools()).tools] == ["s0__shout"]
            assert time.monotonic() - begun < 1, "and then it is not waited for again"

    asyncio.run(run())


def test_a_stalled_call_holds_up_no_other_call(tmp_path: Path) -> None:
    async def run() -> None:
        async with bench(tmp_path, "honest", "stall") as made, Client(made.proxy.server) as client:
            stalled = asyncio.create_task(client.call_tool("s1__shout", {"text": "a"}))
            await asyncio.sleep(0.05)
            begun = time.monotonic()
            for number in range(20):
                assert text(await client.call_tool("s0__shout", {"text": f"a{number}"})) == f"A{number}"
            assert time.monotonic() - begun < 1
            assert (await stalled).is_error

    asyncio.run(run())


def test_a_flood_of_notifications_is_dropped_and_counted(tmp_path: Path) -> None:
    async def run() -> None:
        async with bench(tmp_path, "flood") as made, Client(made.proxy.server) as client:
            assert text(await client.call_tool("shout", {"text": "a"})) == "A"
            await asyncio.sleep(1.1)
            assert text(await client.call_tool("shout", {"text": "b"})) == "B"
            dropped = sum(e.count for e in made.journal.of(McpRefused) if "beyond the rate" in e.reason)
            assert dropped >= 250

    asyncio.run(run())


def test_a_drowning_flood_ends_the_connection(tmp_path: Path) -> None:
    async def run() -> None:
        bounds = replace(QUICK, notifications=2)
        async with bench(tmp_path, "drown", bounds=bounds) as made, Client(made.proxy.server) as client:
            result = await client.call_tool("shout", {"text": "a"})
            assert result.is_error
            assert any("flood" in event.reason for event in made.journal.of(McpRefused))

    asyncio.run(run())


def test_instructions_in_a_result_are_withheld_and_nobody_reads_them(tmp_path: Path) -> None:
    async def run() -> None:
        async with bench(tmp_path, "inject") as made, Client(made.proxy.server) as client:
            result = await client.call_tool("shout", {"text": "a"})
            assert result.is_error
            assert "Ignore" not in text(result)
            (answered,) = made.journal.of(McpAnswered)
            assert answered.rule == "content.prompt_injection"
            assert all("Ignore all" not in words for _, words in made.guard.log)

    asyncio.run(run())


def test_names_that_a_server_invents_reach_nobody_through_our_own_errors(tmp_path: Path) -> None:
    async def run() -> None:
        async with bench(tmp_path, "talking_key") as made, Client(made.proxy.server) as client:
            result = await client.call_tool("shout", {"text": "a"})
            assert result.is_error
            assert "instructions" not in text(result)
            assert "instructions" in made.journal.of(McpAnswered)[0].error, "but the journal has it"

    asyncio.run(run())


def test_a_servers_error_message_is_a_result_like_any_other(tmp_path: Path) -> None:
    async def run() -> None:
        async with bench(tmp_path, "error") as made, Client(made.proxy.server) as client:
            result = await client.call_tool("shout", {"text": "a"})
            assert result.is_error
            assert "Ignore" not in text(result)

    asyncio.run(run())


@pytest.mark.parametrize("era", ["legacy", "auto"])
def test_a_servers_error_ends_no_connection_whatever_its_code(tmp_path: Path, era: str) -> None:
    async def run() -> None:
        async with bench(tmp_path, "failing") as made, Client(made.proxy.server, mode=era, cache=None) as client:
            for _ in range(3):
                result = await client.call_tool("shout", {"text": "a"})
                assert result.is_error
                assert text(result) == "The database's connection closed."
            assert made.states() == {"shout": "offered"}
            assert made.proxy.upstreams["s0"].problem == ""
            assert {event.error for event in made.journal.of(McpAnswered)} == {
                "-32000: The database's connection closed."
            }

    asyncio.run(run())


@pytest.mark.parametrize("behaviour", ["sampling", "elicitation", "roots"])
def test_servers_may_ask_clients_for_nothing(tmp_path: Path, behaviour: str) -> None:
    async def run() -> None:
        async def give(*_: Any) -> Any:
            raise AssertionError("the client must never be asked")

        async with (
            bench(tmp_path, behaviour) as made,
            Client(
                made.proxy.server,
                mode="legacy",
                sampling_callback=give,
                elicitation_callback=give,
                list_roots_callback=give,
            ) as client,
        ):
            assert text(await client.call_tool("shout", {"text": "a"})) == "refused"
            assert any(event.method for event in made.journal.of(McpRefused))

    asyncio.run(run())


def test_a_command_sees_only_what_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")

    async def run() -> None:
        reached = {"s0": link("environment", {"GIVEN": "yes"})}
        async with bench(tmp_path, links=reached) as made, Client(made.proxy.server) as client:
            seen = json.loads(text(await client.call_tool("shout", {"text": "a"})))
            assert seen["GIVEN"] == "yes"
            assert not set(seen) - {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "GIVEN", "LC_CTYPE"}

    asyncio.run(run())


def test_no_process_outlives_the_proxy(tmp_path: Path) -> None:
    async def run() -> None:
        async with bench(tmp_path, "honest", "stall") as made, Client(made.proxy.server) as client:
            await client.list_tools()

    asyncio.run(run())
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = command.read_bytes()
            parent = (command.parent / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        assert not (str(SERVER).encode() in words and int(parent) == os.getpid())

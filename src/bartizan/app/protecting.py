"""The guard of a deployment for an agent written in Python (`bartizan.agents.sdk`)."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from bartizan.agents import open_guard
from bartizan.agents.approvals.approvers import Approvers
from bartizan.agents.asking import Asking
from bartizan.agents.mcp.open_gate import OpenGate
from bartizan.agents.overriding import profiler
from bartizan.agents.sdk import Protection
from bartizan.agents.sdk.protection import Parts
from bartizan.app.approving import open_approvals
from bartizan.app.places import committer_of, journal_of
from bartizan.app.tool_budgets import Budgets
from bartizan.app.tool_guards import guard_of
from bartizan.core.event import Commitment
from bartizan.core.tool import ToolGuard
from bartizan.core.tool_budget import ToolLimits
from bartizan.core.verdict import Mode
from bartizan.keeper.local import LocalKeeper
from bartizan.policy.document import PolicyDocument
from bartizan.policy.in_force import policy_in_force
from bartizan.store.database import open_database
from bartizan.telemetry.journal import Journal
from bartizan.workspace.workspace import DEPLOYMENT, Workspace


def open_protection(root: str | Path | None = None, pack: str = "") -> Protection:
    """The guard for tools that run in this process. Close it in the end, or use it in a ``with`` statement.

    Args:
        root: a workspace: its ``policy.yaml`` (``tools``, ``tool_profiles``, ``tool_limits``, ``approvers``), keeper,
            store and journal. None: no workspace; nothing is recorded, counted beyond this process or asked.
        pack: ``strict``, ``balanced`` or ``observe``, instead of the one that policy names.

    Raises:
        BartizanError: the workspace, or something that it names, cannot be used.
    """
    return Protection(partial(_alone, pack) if root is None else partial(_deployed, Path(root), pack))


async def _alone(pack: str, _: AsyncExitStack) -> Parts:
    keeper = LocalKeeper()
    return Parts(
        guard=open_guard(pack or "balanced"),
        profiles=profiler({}),
        budgets=lambda: keeper,
        limits=ToolLimits(),
        asking=Asking(None),
        commit=lambda text: Commitment("", "", len(text)),
    )


async def _deployed(root: Path, pack: str, open_until: AsyncExitStack) -> Parts:
    workspace = Workspace(root)
    policy = policy_in_force(workspace)
    deployed = (workspace.root / DEPLOYMENT).exists()
    journal = Journal(journal_of(workspace), "sdk", workspace.deployment.journal if deployed else None)
    open_until.callback(journal.close)
    budgets = Budgets(workspace)
    open_until.push_async_callback(budgets.close)
    approvals = None
    if deployed and workspace.deployment.approvals is not None:
        Approvers.of(policy)
        database = open_database(workspace.deployment.store, workspace.root)
        open_until.callback(database.close)
        approvals = open_approvals(workspace, database, lambda: policy, journal)
        open_until.push_async_callback(approvals.close)
    return Parts(
        guard=_guard(pack or policy.tools.guard, policy),
        profiles=profiler(policy.tool_profiles),
        budgets=budgets,
        limits=policy.tool_limits,
        asking=Asking(approvals),
        recorder=journal,
        commit=committer_of(workspace).commit,
        blocked=lambda principal: budgets().record_block(principal, policy.limits),
        monitor=policy.mode is Mode.MONITOR,
    )


def _guard(pack: str, policy: PolicyDocument) -> ToolGuard:
    return OpenGate() if pack == "none" else guard_of(policy, pack=pack)

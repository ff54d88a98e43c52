"""The tool guard of a learner's workspace, and one that knows nothing but the tools, for the range's grader."""

from __future__ import annotations

from pathlib import Path

from bartizan.agents import open_guard
from bartizan.app.tool_guards import guard_of
from bartizan.core.tool import ToolGuard
from bartizan.core.verdict import Mode
from bartizan.policy.in_force import policy_in_force
from bartizan.workspace.workspace import Workspace


def lab_guard(root: Path) -> ToolGuard | None:
    """The guard as ``policy.yaml`` names it, with its profiles; None where policy wants none, or only observes.

    Raises:
        ConfigurationError, DocumentError: there is no such file, or it is wrong.
    """
    policy = policy_in_force(Workspace(root))
    if policy.tools.guard == "none" or policy.mode is Mode.MONITOR:
        return None
    return guard_of(policy)


def plain_guard() -> ToolGuard:
    """The pack ``balanced`` with profiles out of the tools' own definitions."""
    return open_guard()

"""The tool guard with all that reads results: the shipped signatures and the shipped model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bartizan.agents import AgentGuard, open_guard
from bartizan.agents.budgeting import Meter
from bartizan.agents.overriding import profiler
from bartizan.core.verdict import Mode
from bartizan.firewall.tool_controls import ToolControls
from bartizan.inspection.inspector import Inspector
from bartizan.inspection.interface import Detector
from bartizan.inspection.signatures import SignatureDetector, load_packs
from bartizan.policy.document import PolicyDocument
from bartizan.policy.tool_profiles import ToolOverride
from bartizan.workspace.document import load


def open_tool_guard(
    pack: str = "balanced", overrides: Mapping[str, ToolOverride] = {}, *, learned: bool = False
) -> AgentGuard:
    """A guard with a shipped policy pack.

    Args:
        pack: ``strict``, ``balanced`` or ``observe``.
        overrides: ``tool_profiles`` of policy.
        learned: read results with the trained model too; some milliseconds for each new text.

    Raises:
        ConfigurationError: no such pack.
        ArtefactError: the model file is not the one that was released.
    """
    if not learned:
        return open_guard(pack, overrides)
    from bartizan.inspection.classifier import load_classifier  # numpy and onnxruntime

    inspector = Inspector([SignatureDetector(load_packs(contents={}), ()), load_classifier()])
    return open_guard(pack, overrides, inspector)


def profiles_in(policy: Path | None) -> Mapping[str, ToolOverride]:
    """``tool_profiles`` of a ``policy.yaml``; none without a file. Raises ConfigurationError or DocumentError."""
    return load(policy, PolicyDocument).tool_profiles if policy is not None else {}


def guard_of(policy: PolicyDocument, signatures: Detector | None = None, pack: str = "") -> AgentGuard:
    """The guard that policy wants, which is not none.

    Args:
        policy: in force.
        signatures: what results of tools are read with; by default the shipped ones.
        pack: in place of ``tools.guard``.

    Raises:
        ConfigurationError: the operator's own policies are wrong.
    """
    tools = policy.tools
    return open_guard(
        pack or tools.guard,
        policy.tool_profiles,
        Inspector([signatures]) if signatures is not None else None,
        own=tools.policies,
        calls_per_message=tools.calls_per_message,
    )


def tool_controls(policy: PolicyDocument, signatures: Detector) -> ToolControls | None:
    """What decides tool calls in the gateway; None where policy wants none.

    Args:
        policy: in force.
        signatures: those of the gateway; results of tools are read with them.
    """
    if policy.tools.guard == "none":
        return None
    return ToolControls(
        guard_of(policy, signatures),
        Meter(profiler(policy.tool_profiles), policy.tool_limits),
        policy.tool_limits,
        policy.approvals.expires_seconds,
        monitor=policy.mode is Mode.MONITOR,
    )

"""The Sigma rule that would see a finding's attack in the journal, with the cases that show that it does."""

from __future__ import annotations

import uuid
from typing import Any, Final

from msgspec.structs import replace

from bartizan.core.problem import printable
from bartizan.core.threat import Severity
from bartizan.hardening.candidate import Candidate, Depth, Kind
from bartizan.hardening.findings import RedTeamFinding
from bartizan.hardening.propose.length import RULE
from bartizan.workspace.writing import flow

_SPACE: Final = uuid.UUID("6f1d3f1e-52b3-5b0d-9a5e-2a86f2f0d9c4")
_LEVELS: Final = {Severity.INFO: "informational"}
_GUARDS: Final = {
    "BZN-RT-04": "secret",
    "BZN-RT-05": "personal_data",
    "BZN-RT-06": "canary",
    "BZN-RT-07": "output_hazard",
    "BZN-RT-08": "output_hazard",
}


def with_rule(candidate: Candidate, finding: RedTeamFinding) -> Candidate:
    """The candidate with its rule, also among the files that it adds. Advice has none: nothing would be seen."""
    if candidate.depth is Depth.ADVICE:
        return candidate
    text = rule(candidate, finding)
    files = {**candidate.change.files, f"rules/{candidate.id}.yml": text}
    return replace(candidate, sigma=text, change=replace(candidate.change, files=files))


def rule(candidate: Candidate, finding: RedTeamFinding) -> str:
    """The rule as YAML. It sees the attack whether it is stopped or only observed."""
    selection, positive, negative = _selection(candidate, finding)
    title = printable(finding.title or finding.id, 120)
    rows: list[tuple[str, Any]] = [
        ("title", f"Hardened: {title}"),
        ("name", candidate.id.replace("-", "_")),
        ("id", str(uuid.uuid5(_SPACE, candidate.id))),
        ("status", "experimental"),
        ("description", f"Made from finding {finding.id}. Sees what the control {candidate.id} acts on."),
        ("level", _LEVELS.get(finding.severity, finding.severity.value)),
        ("logsource", {"product": "bartizan", "category": "request" if candidate.kind not in _TOOLS else "agent"}),
        ("detection", {"selection": selection, "condition": "selection"}),
        ("threat", finding.threat.value),
        ("falsepositives", ["What the trial shows as newly disturbed"]),
        ("response", "Read the principal's other requests of the hour"),
        ("cases", {"positive": [[positive]], "negative": [[negative]]}),
    ]
    return "".join(f"{name}: {flow(value)}\n" for name, value in rows)


_NAMED: Final = {
    Kind.CANARY: "canary",
    Kind.KNOWN_VALUES: "known_value",
    Kind.INSTRUCTIONS: "passage",
    Kind.STATEMENT: "passage",
}
"""Kinds whose signals carry the id of the candidate, and their guards."""
_TOOLS: Final = frozenset({Kind.TOOL_POLICY, Kind.TOOL_PROFILE, Kind.TOOL_BUDGET})


def _selection(candidate: Candidate, finding: RedTeamFinding) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """What it looks for, a record that it must see and one that it must not."""
    seen: dict[str, Any]
    if candidate.kind in _TOOLS:
        tools = sorted({call.tool for call in finding.exchange.calls})
        looks = {"kind": "tool.decided", "tool": tools, "observed": ["block", "ask"]}
        seen = {"kind": "tool.decided", "tool": tools[0], "action": "block", "observed": "block"}
        return looks, seen, {**seen, "action": "allow", "observed": "allow"}
    if candidate.kind is Kind.SIGNATURE:
        name = candidate.id.replace("-", "_")
        looks = {"kind": ["request.accepted", "request.refused"], "signals.rule|contains": f"{name}."}
        seen = {"kind": "request.refused", "signals": [{"guard": "prompt_injection", "rule": f"{name}.1"}]}
        return looks, seen, {**seen, "signals": [{"guard": "prompt_injection", "rule": "override.ignore"}]}
    if (by := _NAMED.get(candidate.kind)) is not None:
        looks = {"kind": ["request.completed", "request.refused"], "signals.rule": candidate.id}
        seen = {"kind": "request.completed", "signals": [{"guard": by, "rule": candidate.id}]}
        return looks, seen, {**seen, "signals": [{"guard": by, "rule": "another"}]}
    if candidate.kind is Kind.ANSWER_LENGTH:
        looks = {"kind": "request.completed", "rule": RULE}
        seen = {"kind": "request.completed", "rule": RULE, "action": "redact"}
        return looks, seen, {**seen, "rule": "output.secret"}
    guard = _GUARDS.get(candidate.control)
    if guard is None:
        looks = {"kind": ["request.accepted", "request.refused"], "signals.guard": "prompt_injection"}
        seen = {"kind": "request.refused", "signals": [{"guard": "prompt_injection"}]}
        return looks, seen, {**seen, "signals": [{"guard": "personal_data"}]}
    looks = {"kind": "request.completed", "signals.guard": guard, "observed": ["block", "redact"]}
    seen = {"kind": "request.completed", "signals": [{"guard": guard}], "observed": "block"}
    return looks, seen, {**seen, "observed": "allow"}

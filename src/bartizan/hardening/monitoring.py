"""The form of a control that only records what it would have done."""

from __future__ import annotations

from msgspec.structs import replace

from bartizan.core.errors import ConfigurationError
from bartizan.core.verdict import Action
from bartizan.hardening.candidate import Candidate, Kind
from bartizan.hardening.change import Change, Setting
from bartizan.hardening.propose.signature import STRONG, WEAK
from bartizan.policy.document import PolicyDocument

_SILENT = "0.05"
"""Below every threshold: the signal is recorded and decides nothing."""


def monitored(candidate: Candidate, policy: PolicyDocument) -> Change:
    """The change in monitor form.

    Raises:
        ConfigurationError: there is none; approve it with ``--enforce``.
    """
    if candidate.kind is Kind.SIGNATURE:
        return replace(candidate.change, files={name: _silent(text) for name, text in candidate.change.files.items()})
    settings = [_observed(setting, policy) for setting in candidate.change.settings]
    if not settings or any(setting is None for setting in settings):
        raise ConfigurationError(
            f"a control of the kind {candidate.kind} has no monitor form", "approve with --enforce"
        )
    return replace(candidate.change, settings=tuple(setting for setting in settings if setting is not None))


def _silent(text: str) -> str:
    for score in (STRONG, WEAK):
        text = text.replace(f"\n  score: {score}\n", f"\n  score: {_SILENT}\n")
    return text


def _observed(setting: Setting, policy: PolicyDocument) -> Setting | None:
    """None where the setting cannot only be observed, or where that would switch off what acts already."""
    if setting.path == ("tools", "guard") and policy.tools.guard == "none":
        return replace(setting, value="observe")
    if setting.path[0] == "surfaces" and isinstance(setting.value, dict):
        rows = {f"{surface}.{guard}": row for surface, of in policy.surfaces.items() for guard, row in of.items()}
        row = rows.get(".".join(setting.path[1:]))
        if row is None or row.action.rank <= Action.FLAG.rank:
            return replace(setting, value={**setting.value, "mode": "monitor"})
    return None
